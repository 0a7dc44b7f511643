"""`asr doctor`: the real command, whole, and what it prints."""

import json
import re
from pathlib import Path

import pytest

from asrcli.cli.render.findings import print_findings
from asrcli.runs.doctor.finding import note, ok, wrong
from tests.support.command import asr


@pytest.mark.slow
def test_a_healthy_machine_and_server_have_exit_code_0_and_json(scripted: str) -> None:
    """Every subject is there, and nothing is wrong. A busy machine may need too long for the recognizers: a note."""
    done = asr("doctor", "--url", scripted, "--json", DASHSCOPE_API_KEY="sk-0123456789abcdef0123")
    report = json.loads(done.stdout)
    found = {each["subject"]: each for each in report["findings"]}
    assert found.keys() >= {
        "asr", "Python", "system", "libraries", "back ends", "codecs", "terminal", "microphone", "address", "key",
        "TCP", "clock", "inference handshake", "inference task", "realtime handshake", "realtime task",
    }  # fmt: skip
    assert {name for name, each in found.items() if each["health"] == "wrong"} <= {"microphone"}
    assert (done.returncode == 0, report["version"]) == (report["healthy"], 1)
    assert found["key"]["text"] == "…0123 from DASHSCOPE_API_KEY"
    assert "sk-" not in done.stdout + done.stderr


def test_what_is_wrong_is_a_line_and_exit_code_9() -> None:
    """Without a network and a key; an engine that is asked for is the only one that is heard."""
    done = asr("doctor", "--no-network")
    wrongs = [row for row in done.stdout.splitlines() if row.startswith("wrong")]
    assert (done.returncode, f"asr: {len(wrongs)} thing" in done.stderr) == (9, True)
    assert any("key" in row and "-> run asr login" in row for row in wrongs)
    done = asr("doctor", "--local", "--engine", "scripted")
    assert ("address" in done.stdout, "engine scripted" in done.stdout) == (False, True)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--local", "--region", "cn-beijing"], "--local with --region"),
        (["--engine", "scripted"], "without --local"),
        (["--no-network", "--proxy", "127.0.0.1:1"], "--no-network with --proxy or --ca"),
        (["--local", "--engine", "none"], "is not one of"),
    ],
)
def test_options_that_contradict_each_other_are_refused(words: list[str], problem: str) -> None:
    """As by every other command."""
    done = asr("doctor", *words)
    assert (done.returncode, problem in done.stderr) == (2, True)


def test_a_terminal_gets_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The advice stands below what it is for, and control characters are gone."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_findings([ok("a", "fine\x1b[2J"), note("bb", "hm", "look"), wrong("c", "[bold]broken[/bold]")], as_json=False)
    rows = [row.rstrip() for row in re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()]
    assert rows == ["ok     a   fine[2J", "note   bb  hm", "           -> look", "wrong  c   [bold]broken[/bold]"]


def test_settings_that_are_not_valid_are_one_finding_among_others(tmp_path: Path) -> None:
    """The command itself does not fail for them: it is there to find out what is wrong."""
    path = tmp_path / "asrcli" / "config.toml"
    path.parent.mkdir()
    for text, health, said in (
        ("model = ", "wrong", "config.toml:1:9: "),
        ("[mic]\nlocal = true\ngain = 'loud'\n", "wrong", "config.toml:3"),
        ("[mic]\nlocal = true\n", "ok", "1 set; "),
        ("", "ok", "none; asr config set writes "),
    ):
        path.write_text(text)
        done = asr("doctor", "--local", "--engine", "scripted", XDG_CONFIG_HOME=str(tmp_path))
        (row,) = [row for row in done.stdout.splitlines() if " settings " in row]
        assert (row.split()[0], said in row) == (health, True), row
        assert (done.returncode == 9) is (health == "wrong")
