"""Recognizers of other packages: the example of the documentation as a real distribution, and broken ones."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from asrcli.core.errors import UsageError
from asrcli.recognizers import factory, registry
from asrcli.recognizers.plugins import load_plugins
from tests.support.command import asr, lines
from tests.support.tone import tone, wav

EXAMPLE = Path(__file__).parents[2] / "docs" / "recognizers.md"
ROW = "asrcli.recognizers.registry:LOCAL"  # its name is taken


def install(folder: Path, entry_points: str, modules: Mapping[str, str]) -> None:
    """Put a distribution where Python finds it, as pip would."""
    info = folder / "some_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[asrcli.recognizers]\n{entry_points}\n")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    """Listed, and used by the real command through the real server, in a worker process."""
    toml, python = re.findall(r"```(?:toml|python)\n(.*?)```", EXAMPLE.read_text("utf-8"), re.DOTALL)
    declared = re.search(r"^(lengths) = \"(.*)\"$", toml, re.MULTILINE)
    assert declared is not None
    install(tmp_path, f"{declared[1]} = {declared[2]}", {"asrcli_lengths": python})
    (engine,) = [
        each
        for each in json.loads(asr("engines", "--json", PYTHONPATH=str(tmp_path)).stdout)
        if each["engine"] == "lengths"
    ]
    assert (engine["ready"], engine["preferred"]) == (True, False)
    sound = wav(tmp_path / "a.wav", tone(900))
    done = asr("file", sound, "--local", "--engine", "lengths", "-f", "jsonl", PYTHONPATH=str(tmp_path))
    events = lines(done.stdout)
    assert [event["text"] for event in events if event["type"] == "final"] == ["900 milliseconds"], done.stderr
    assert next(event["model"] for event in events if event["type"] == "begin") == "lengths"


def test_a_broken_one_is_one_line_and_the_others_work(tmp_path: Path) -> None:
    """It does not import, ends the program, names something else, or has a name that is taken."""
    entry_points = f"a = no_such_module:ROW\nb = ends:ROW\nc = json:dumps\nd = {ROW}"
    install(tmp_path, entry_points, {"ends": "raise SystemExit(3)"})
    done = asr("engines", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == list(registry.RECOGNIZERS)
    reasons = ["No module named 'no_such_module'", "SystemExit: 3", "neither a RecognizerInfo", "another recognizer"]
    told = sorted(done.stderr.splitlines())
    assert len(told) == 4
    assert all(reason in line and "plug-in" in line for reason, line in zip(reasons, told, strict=True))


def test_an_unknown_name_says_why_a_plugin_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names it learns that it is there and broken."""
    install(tmp_path, "mine = no_such_module:ROW", {})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert list(load_plugins(registry.RECOGNIZERS).rows) == []
    with pytest.raises(UsageError, match=r"'mine' is not one of moonshine.*plug-in mine .*No module named"):
        factory.find("mine")
