"""A run over files that did not end in order is gone on with: nothing is heard twice, and nothing is left out."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from asrcli.cli.builders.sessions import resume_sources
from asrcli.core.audio import SAMPLE_BYTES, Chunk
from asrcli.journal.journal_part import JournalPart
from asrcli.journal.records import JournalInput
from asrcli.journal.source import SkippingSource, quiet_before
from tests.support.command import asr, lines, serving, started
from tests.support.counted import RATE as HERTZ
from tests.support.counted import counted, covered
from tests.support.journals import RATE, Given, spoken
from tests.support.tone import tone, wav

CHUNKS = 100
SILENT = {index for index in range(CHUNKS) if index % 12 > 8}


@pytest.fixture(scope="module")
def counting() -> Iterator[str]:
    """A server whose transcript says which samples came."""
    with serving("--engine", "counting") as (address, _):
        yield address


def halves(folder: Path, first: int) -> list[Path]:
    """Counted audio as two files that follow each other."""
    pcm, at = counted(CHUNKS, silent=SILENT), first * HERTZ // 10 * SAMPLE_BYTES
    return [wav(folder / "1.wav", pcm[:at]), wav(folder / "2.wav", pcm[at:])]


def kept(folder: Path) -> list[str]:
    """The sessions that are there."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def reached(part: Path, finals: int) -> None:
    """Wait until this many sentences are in a transcript in the making."""
    for _ in range(600):
        if part.exists() and part.read_text().count('"final"') >= finals:
            return
        time.sleep(0.05)
    raise AssertionError(part)


def captioned(path: Path) -> list[int]:
    """The pieces of counted audio that a transcript of any form names, in order."""
    text = path.read_text()
    if "-->" in text:
        text = re.sub(r"^\d+\n.*-->.*$", "", text, flags=re.MULTILINE)
    said = re.sub(r"^(Dialogue:.*,,0,0,0,,|\d+\t\d+\t|\[\d\d:\d\d\.\d\d\])", "~", text, flags=re.MULTILINE)
    if "~" in said:  # what has other lines before its text
        said = " ".join(line for line in said.splitlines() if line.startswith("~")).replace("\\N", " ")
    words = [word.split("[")[0] for word in said.replace("~", " ").split()]
    return [int(word) for word in words if word.isdigit()]


@pytest.mark.parametrize(("finals", "how"), [(1, signal.SIGKILL), (3, signal.SIGKILL), (2, signal.SIGINT)])
def test_a_killed_run_goes_on_where_its_text_ends(counting: str, tmp_path: Path, finals: int, how: int) -> None:
    """Two inputs on one timeline, stopped in either of them: each sample is in one sentence, at its time."""
    journal, out = tmp_path / "kept", tmp_path / "talk.jsonl"
    sources = halves(tmp_path, 30)
    with started("file", *sources, "--url", counting, "--pace", "3", "-o", out, "--journal", journal) as process:
        reached(tmp_path / "talk.jsonl.part", finals)
        process.send_signal(how)
        if how == signal.SIGINT:
            process.send_signal(how)
        process.wait()
    (name,) = kept(journal)
    listed = json.loads(asr("sessions", "--json", "--journal", journal).stdout)
    assert (listed[0]["state"], listed[0]["inputs"]) == ("interrupted", [str(path) for path in sources])
    assert not out.exists()
    assert asr("resume", name, "--journal", journal).returncode == 2  # it asks before it writes
    done = asr("resume", name, "--yes", "--journal", journal)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    events = lines(out.read_text())
    assert covered([event for event in events if event["type"] == "final"], CHUNKS, silent=SILENT) == []
    numbers = [event["sentence"] for event in events if event["type"] == "final"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert kept(journal) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.wav", "2.wav", "kept", "talk.jsonl"]


def test_a_sentence_that_was_written_and_not_recorded_is_there_once(counting: str, tmp_path: Path) -> None:
    """The program was killed between the two: the transcripts are ahead of the journal by one sentence."""
    journal, source = tmp_path / "kept", wav(tmp_path / "talk.wav", counted(CHUNKS, silent=SILENT))
    outputs = ("-f", "jsonl", "-f", "text", "-f", "srt", "-o", tmp_path / "talk", "--timestamps", "clock")
    with started("file", source, "--url", counting, "--pace", "3", *outputs, "--journal", journal) as process:
        reached(tmp_path / "talk.jsonl.part", 3)
        (name,) = kept(journal)
        events = journal / name / "events.jsonl"
        reached(events, 3)  # or the transcripts are ahead already, and by two sentences below
        process.kill()
        process.wait()
    records = events.read_text().splitlines(keepends=True)
    last = max(number for number, record in enumerate(records) if json.loads(record)["type"] == "final")
    events.write_text("".join(records[:last]))
    done = asr("resume", name, "--yes", "--journal", journal)
    assert done.returncode == 0, done.stderr
    assert covered(lines((tmp_path / "talk.jsonl").read_text()), CHUNKS, silent=SILENT) == []
    spoken = [index for index in range(CHUNKS) if index not in SILENT]
    assert captioned(tmp_path / "talk.srt") == spoken
    text = (tmp_path / "talk.txt").read_text()
    stamps, said = re.findall(r"(\d\d):(\d\d):(\d\d\.\d{3})", text), re.sub(r"^\[.*?\] ", "", text, flags=re.MULTILINE)
    assert [int(word.split("[")[0]) for word in said.split()] == spoken
    times = [float(seconds) + 60 * int(minutes) + 3600 * int(hours) for hours, minutes, seconds in stamps]
    assert len(times) == 2 * len(text.splitlines())
    assert all((later - earlier) % 86400 < 60 for earlier, later in pairwise(times))  # % for midnight


def test_a_folder_of_transcripts_goes_on_with_the_one_that_was_open(counting: str, tmp_path: Path) -> None:
    """What was finished is not heard again, what was never begun is heard whole."""
    journal, out = tmp_path / "kept", tmp_path / "out"
    first, second = halves(tmp_path, 30)
    third = wav(tmp_path / "3.wav", counted(20))
    outputs = ("--output-dir", out, "-f", "jsonl", "-f", "srt", "--journal", journal)
    with started("file", first, second, third, "--url", counting, "--pace", "3", *outputs) as process:
        reached(out / "2.jsonl.part", 2)
        process.kill()
        process.wait()
    before = (out / "1.jsonl").read_text()
    done = asr("resume", "--last", "--yes", "--journal", journal)
    assert done.returncode == 0, done.stderr
    assert (out / "1.jsonl").read_text() == before
    assert sorted(path.name for path in out.iterdir()) == [
        "1.jsonl", "1.srt", "2.jsonl", "2.srt", "3.jsonl", "3.srt",
    ]  # fmt: skip
    assert captioned(out / "2.srt") == [index for index in range(30, CHUNKS) if index not in SILENT]
    assert covered([e for e in lines((out / "3.jsonl").read_text()) if e["type"] == "final"], 20) == []
    finals = [e for e in lines((out / "2.jsonl").read_text()) if e["type"] == "final"]
    assert [e["sentence"] for e in finals] == list(range(1, len(finals) + 1))
    named = [int(word.split("[")[0]) for e in finals for word in e["text"].split()]
    assert named == [index for index in range(30, CHUNKS) if index not in SILENT]
    assert kept(journal) == []


def test_subtitles_of_a_run_that_was_killed_twice_are_one_whole_file(counting: str, tmp_path: Path) -> None:
    """Whatever cannot be continued is rewritten, under the name that was asked for; a kill leaves no less."""
    journal, (sound,) = tmp_path / "kept", [wav(tmp_path / "a.wav", counted(CHUNKS, silent=SILENT))]
    forms, heads = ("srt", "vtt", "ass", "tsv", "lrc"), {"vtt": "WEBVTT", "ass": "[Script Info]", "tsv": "start\t"}
    asked = ["-f", "jsonl", *(word for name in forms for word in ("-f", name)), "-o", tmp_path / "talk"]
    with started("file", sound, "--url", counting, "--pace", "3", *asked, "--journal", journal) as process:
        reached(tmp_path / "talk.jsonl.part", 2)
        process.kill()
        process.wait()
    before = captioned(tmp_path / "talk.srt.part")
    with started("resume", "--last", "--yes", "--journal", journal) as process:
        reached(tmp_path / "talk.jsonl.part", 4)
        process.kill()
        process.wait()
    between = captioned(tmp_path / "talk.srt.part")
    assert between[: len(before)] == before
    assert len(between) > len(before)
    done = asr("resume", "--last", "--yes", "--journal", journal)
    assert (done.returncode, "continued" in done.stderr) == (0, False), done.stderr
    expected = [index for index in range(CHUNKS) if index not in SILENT]
    for name in forms:
        text = (tmp_path / f"talk.{name}").read_text()
        assert captioned(tmp_path / f"talk.{name}") == expected, name
        assert name not in heads or text.count(heads[name]) == 1
    numbers = re.findall(r"^(\d+)\n\d\d:", (tmp_path / "talk.srt").read_text(), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["a.wav", "kept", "talk.jsonl", *(f"talk.{name}" for name in forms)]
    )


@pytest.mark.parametrize("harm", ["journal", "file"])
def test_subtitles_that_cannot_be_written_again_get_a_file_of_their_own(
    counting: str, tmp_path: Path, harm: str
) -> None:
    """The journal has a line that nobody can read, or the file has been edited: it stays, the rest is reported."""
    journal, out = tmp_path / "kept", tmp_path / "talk.srt"
    sound = wav(tmp_path / "a.wav", counted(CHUNKS, silent=SILENT))
    with started("file", sound, "--url", counting, "--pace", "3", "-o", out, "--journal", journal) as process:
        for _ in range(600):
            if (tmp_path / "talk.srt.part").exists() and "-->" in (tmp_path / "talk.srt.part").read_text():
                break
            time.sleep(0.05)
        process.kill()
        process.wait()
    if harm == "journal":
        events = next(journal.iterdir()) / "events.jsonl"
        head, *rest = events.read_text().splitlines()
        events.write_text("\n".join([head, "nonsense", *rest, ""]))
    else:
        out.write_text((tmp_path / "talk.srt.part").read_text().replace("[", "("))
        (tmp_path / "talk.srt.part").unlink()
        os.utime(out, (time.time() + 1000,) * 2)
    was = out.read_text() if out.exists() else (tmp_path / "talk.srt.part").read_text()
    done = asr("resume", "--last", "--yes", "--journal", journal)
    assert done.returncode == 0, done.stderr
    assert "cannot be rewritten: the rest is written to" in done.stderr.replace("\n", " ")
    assert out.read_text().strip() == was.strip()
    assert (tmp_path / "talk.resumed.srt").exists()


def test_a_lost_connection_leaves_what_can_be_gone_on_with(tmp_path: Path, counting: str) -> None:
    """Exit 4, and how to go on; a run that ended in order, or never began, leaves nothing."""
    journal, out, faults = tmp_path / "kept", tmp_path / "a.txt", tmp_path / "faults"
    sound = wav(tmp_path / "a.wav", counted(40, silent=SILENT))
    faults.write_text('{"after_bytes": 64000, "do": "cut"}\n')
    with serving("--engine", "counting", "--faults", faults) as (address, _):
        done = asr("file", sound, "--url", address, "--no-reconnect", "-o", out, "--journal", journal, "--pace", "4")
    (name,) = kept(journal)
    assert done.returncode == 4
    assert f"to complete its transcript: asr resume {name} --journal {journal}" in done.stderr
    assert "[gap " in (tmp_path / "a.txt.part").read_text()
    done = asr("resume", "--last", "--url", counting, "--yes", "--journal", journal)
    assert (done.returncode, kept(journal)) == (0, []), done.stderr
    said = out.read_text()
    named = [int(word.split("[")[0]) for word in said.split()]
    assert "gap" not in said  # it has text now
    assert named == [index for index in range(40) if index not in SILENT]
    assert asr("file", sound, "--url", counting, "--pace", "max", "--journal", journal).returncode == 0
    assert asr("file", sound, "--url", "ws://127.0.0.1:1", "--journal", journal).returncode == 4
    assert kept(journal) == []


def test_what_changed_is_refused_and_what_is_read_once_is_reported(tmp_path: Path, counting: str) -> None:
    """Text for another file would be a lie; standard input is gone."""
    journal, sound = tmp_path / "kept", wav(tmp_path / "a.wav", counted(100))
    with started("file", sound, "--url", counting, "-f", "jsonl", "--journal", journal) as process:
        process.read_until('"begin"')
        process.kill()
        process.wait()
    about = sound.stat()
    os.utime(sound, ns=(about.st_mtime_ns, about.st_mtime_ns + 1))
    done = asr("resume", "--last", "--yes", "--journal", journal)
    assert (done.returncode, "a.wav: has changed since" in done.stderr) == (3, True)
    assert len(kept(journal)) == 1
    assert "it has no recorded audio to count" in asr("verify", kept(journal)[0], "--journal", journal).stderr
    piped = asr("file", "-", "--url", "ws://127.0.0.1:1", "--journal", journal, stdin=sound.read_bytes())
    assert (piped.returncode, "can be read only once" in piped.stderr) == (4, True)
    assert len(kept(journal)) == 1


@pytest.mark.parametrize("position_ms", [0, 50, 150, 1000, 1333])
def test_what_lies_after_a_position_is_the_same_audio(position_ms: int) -> None:
    """Sample for sample, wherever chunks begin; the times count from there."""
    items = list(spoken(0, 2000))
    position = RATE.samples(position_ms)
    source = SkippingSource(Given(items), position)
    assert (source.begin_ms, source.duration_ms) == (position_ms, None)
    chunks = [item for item in source.chunks(position) if isinstance(item, Chunk)]
    whole = b"".join(item.pcm for item in items)
    assert b"".join(chunk.pcm for chunk in chunks) == whole[position * SAMPLE_BYTES :]
    assert chunks[0].position == position


def test_a_file_is_heard_again_from_the_quiet_before_the_end_of_its_text() -> None:
    """Up to 300 ms back, as everywhere."""
    quiet = [Chunk(RATE.samples(at), bytes(3200)) for at in range(500, 700, 100)]
    source = Given([*spoken(0, 500), *quiet, *spoken(700, 1000)])
    assert quiet_before(source, RATE.samples(700)) == RATE.samples(500)
    assert quiet_before(Given(spoken(0, 1000)), RATE.samples(700)) == RATE.samples(700)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([], (-1, 0)), ([[("a", 0)]], (0, 0)), ([[("a", 500)]], (0, 0)), ([[("a", 500), ("a", 500)]], (0, 0)),
        ([[("a", 500), ("b", 4000)]], (1, 3500)), ([[("a", 500), ("b", 4000)], [("/b", 5000)]], (1, 3500)),
        ([[("a", 500)], [("/a", 900), ("/b", 4000), ("c", 6000)]], (2, 5500)), ([[("?", 0)]], (-1, 0)),
        ([[("a", 500), ("a", 2000)]], (3, 1500)),
    ],
)  # fmt: skip
def test_which_input_was_heard_last(heard: list[list[tuple[str, int]]], expected: tuple[int, int]) -> None:
    """By what began, in the first run and in those that went on; with --start 500 ms."""
    inputs = [JournalInput(f"/{name}", 1, 1, name) for name in "abca"]
    assert resume_sources._reached([JournalPart(heard=each) for each in heard], inputs, 500) == expected


def test_sound_without_words_is_left_alone(tmp_path: Path, counting: str) -> None:
    """--no-journal keeps nothing, and a folder that cannot be written is no reason not to transcribe."""
    (tmp_path / "file").write_text("")
    sound = wav(tmp_path / "a.wav", tone(300))
    for options in (["--no-journal"], ["--journal", tmp_path / "file"]):
        assert asr("file", sound, "--url", counting, *options).returncode in {0, 5}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "file"]
