"""`asr file` as people run it: real command, real server, real files."""

import itertools
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from asrcli.outputs.jsonl_schema import SCHEMA
from tests.support.command import CLIP, PATIENCE_S, asr, lines, script, serving, started, word_errors
from tests.support.required_engines import need_engine
from tests.support.tone import silence, tone, wav

if TYPE_CHECKING:
    import subprocess

QWEN = "qwen3-asr-flash-realtime"
WIRES = {"inference": [], "realtime vad": ["--model", QWEN], "realtime manual": ["--model", QWEN, "--no-vad"]}
TRUTH = CLIP.with_suffix(".txt").read_text().split("\n")


@cache
def heard(engine: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """What comes of the clip; it is recognized once with the same options."""
    return asr("file", CLIP, "--local", "--engine", engine, "-f", "jsonl", "--partials", *options)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["moonshine", "pocketsphinx"])
@pytest.mark.parametrize("options", WIRES.values(), ids=WIRES)
def test_speech_becomes_text_offline_on_every_wire(options: list[str], engine: str) -> None:
    """The main job: four sentences, their times, and an account in which no second is missing."""
    need_engine(engine)
    done = heard(engine, *options)
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    for event in events:
        jsonschema.validate(event, SCHEMA)
    finals = [event for event in events if event["type"] == "final"]
    assert [final["sentence"] for final in finals] == [1, 2, 3, 4]
    assert word_errors(" ".join(TRUTH), " ".join(final["text"] for final in finals)) <= 0.05
    for final, (begin_ms, end_ms) in zip(
        finals, [(700, 3800), (5100, 8100), (9300, 12900), (14100, 17200)], strict=True
    ):
        assert final["begin_ms"] <= begin_ms + 200
        assert final["end_ms"] >= end_ms - 300
    assert any(event["type"] == "partial" for event in events)
    assert [event["type"] for event in events[:2]] == ["notice", "begin"]
    end = events[-1]
    assert (end["type"], end["audio_ms"], end["covered_ms"], end["lost_ms"]) == ("end", 18185, 18185, 0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["moonshine", "pocketsphinx"])
def test_partials_carry_the_number_of_their_final_and_settled_text_stays(engine: str) -> None:
    """Settled words never reflow: each partial begins with what was settled before."""
    need_engine(engine)
    partials = [event for event in lines(heard(engine).stdout) if event["type"] == "partial"]
    assert partials  # a sentence may have none: a recognizer that is behind leaves them out
    assert {partial["sentence"] for partial in partials} <= {1, 2, 3, 4}
    for before, after in itertools.pairwise(partials):
        if before["sentence"] == after["sentence"]:
            assert after["settled"].startswith(before["settled"])
        assert after["text"] == after["settled"] + after["unsettled"]


def test_text_is_finals_only_one_line_each(scripted: str, tmp_path: Path) -> None:
    """A pipe gets the sentences and nothing else; status goes to standard error."""
    done = asr("file", wav(tmp_path / "a.wav", tone(2500)), "--url", scripted, "--pace", "max")
    assert done.stdout == "sentence 1\nsentence 2\nsentence 3\n"
    assert "captured 2.50 s · final 2.50 s · silence 0.00 s · lost 0.00 s · 3 sentences" in done.stderr
    quiet = asr(
        "file", tmp_path / "a.wav", "--url", scripted, "--pace", "max", "-q", "--timestamps", "relative", "--partials"
    )
    assert quiet.stderr == ""
    assert quiet.stdout.splitlines()[:2] == ["… sentence 1", "[00:00.000 → 00:01.000] sentence 1"]


def test_a_final_is_in_the_pipe_before_the_run_ends(scripted: str, tmp_path: Path) -> None:
    """Lines are flushed one by one: a reader sees the first while the file still plays."""
    with started("file", wav(tmp_path / "a.wav", tone(30_000)), "--url", scripted, "--pace", "4") as process:
        assert process.stdout.readline() == "sentence 1\n"
        assert process.poll() is None


def test_a_closed_pipe_ends_the_run_quietly(scripted: str, tmp_path: Path) -> None:
    """`| head -1` is no error and no noise."""
    with started("file", wav(tmp_path / "a.wav", tone(60_000)), "--url", scripted, "--pace", "20") as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == ""


def test_several_files_share_one_timeline_and_one_count(scripted: str, tmp_path: Path) -> None:
    """The second file goes on where the first ended, in times and in numbers."""
    first, second = wav(tmp_path / "a.wav", tone(1500)), wav(tmp_path / "b.wav", tone(1000))
    events = lines(asr("file", first, second, "--url", scripted, "--pace", "max", "-f", "jsonl").stdout)
    assert [(e["source"], e["begin_ms"]) for e in events if e["type"] == "begin"] == [
        (str(first), 0),
        (str(second), 1500),
    ]
    finals = [(e["sentence"], e["begin_ms"], e["end_ms"]) for e in events if e["type"] == "final"]
    assert finals == [(1, 0, 1000), (2, 1000, 1500), (3, 1500, 2500)]
    assert events[-1]["audio_ms"] == 2500
    assert events[-1]["billed_s"] == 3


def test_standard_input_is_a_file_like_any_other(scripted: str, tmp_path: Path) -> None:
    """`cat talk.wav | asr file -`."""
    data = wav(tmp_path / "a.wav", tone(1000)).read_bytes()
    assert asr("file", "-", "--url", scripted, "--pace", "max", "-q", stdin=data).stdout == "sentence 1\n"
    empty = asr("file", "-", "--url", scripted, stdin=b"")
    assert (empty.returncode, empty.stdout) == (3, "")
    assert "standard input: is empty" in empty.stderr


def test_chinese_and_hostile_text_come_through_whole_and_harmless(tmp_path: Path) -> None:
    """UTF-8 whatever the console; no control character reaches a line of text; JSON keeps all."""
    said = "欢迎大家\u001b[2J来体验\u202e🎙"
    results = script(tmp_path / "s.jsonl", (0, 500, said))
    with serving("--engine", "scripted", "--script", results) as (address, _):
        file = wav(tmp_path / "a.wav", tone(1000))
        text = asr("file", file, "--url", address, "--pace", "max", "-q", LC_ALL="C", PYTHONIOENCODING="latin-1")
        raw = asr("file", file, "--url", address, "--pace", "max", "-f", "jsonl")
    assert text.stdout == "欢迎大家[2J来体验🎙\n"
    assert next(e["text"] for e in lines(raw.stdout) if e["type"] == "final") == said
    assert "\x1b" not in raw.stdout


def test_an_output_file_appears_when_it_is_complete(scripted: str, tmp_path: Path) -> None:
    """The earlier transcript stays until the new one is whole; nothing else is left behind."""
    target = tmp_path / "talk.txt"
    target.write_text("earlier\n")
    file = wav(tmp_path / "a.wav", tone(1000))
    done = asr("file", file, "--url", scripted, "--pace", "max", "-o", target)
    assert (done.returncode, done.stdout, target.read_text()) == (0, "", "sentence 1\n")
    target.write_text("earlier\n")
    assert asr("file", file, "--url", "ws://127.0.0.1:1", "-o", target).returncode == 4
    assert target.read_text() == "earlier\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "talk.txt"]


def test_options_reach_the_server(tmp_path: Path, scripted: str) -> None:
    """Silence alone is transcribed in manual mode only where there was speech to commit."""
    file = wav(tmp_path / "a.wav", tone(1500) + silence(900) + tone(1500))
    done = asr("file", file, "--url", scripted, "--pace", "max", "--model", QWEN, "--no-vad", "-f", "jsonl")
    finals = [(e["begin_ms"], e["end_ms"]) for e in lines(done.stdout) if e["type"] == "final"]
    assert finals == [(0, 2100), (2100, 3900)]


def test_the_schema_is_printed_and_is_a_schema() -> None:
    """The contract can be fetched by a program."""
    published = json.loads(asr("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(published)
    assert [event["title"] for event in published["oneOf"]] == [
        "begin", "partial", "final", "provisional", "gap", "pause", "resume", "reconnect", "notice", "end",
    ]  # fmt: skip
