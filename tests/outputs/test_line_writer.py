"""Writing lines to pipes, files and devices."""

import json
import logging
import os
import shutil
import sys
from io import TextIOWrapper
from pathlib import Path

import jsonschema
import pytest

from asrcli.core.errors import OutputError
from asrcli.core.events import (
    Began,
    Ended,
    Event,
    Final,
    Finished,
    Gap,
    Notice,
    Partial,
    Progress,
    Ready,
    Reconnecting,
    SpeechStarted,
    SpeechStopped,
    Usage,
    Word,
)
from asrcli.outputs.event_log import EventLog
from asrcli.outputs.formatting import line
from asrcli.outputs.jsonl import JsonLines
from asrcli.outputs.jsonl_schema import SCHEMA
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.plain_text import PlainText, StatusLines
from tests.support.listener import send_events

WORDS = (Word("good", 0, 300), Word("day", 300, 900, "."))
EVENTS: list[Event] = [
    Ready("t"),
    Began("a.wav", "m", "t", 0, 5000),
    Began("-", "m", "t", 0),
    SpeechStarted("1", 0),
    Partial("1", 0, "good", " d", WORDS, "en", "happy"),
    Progress(900),
    SpeechStopped("1", 900),
    Final("1", 0, 900, "good day.", WORDS, "en", "happy"),
    Reconnecting(1, 500, "broke"),
    Gap(900, 1000, "lost"),
    Notice("debug", "d"),
    Notice("warning", "w"),
    Final("2", 1000, 1100, " "),
    Final("3", 1200, 1300, "天气"),
    Finished(Usage(5)),
    Ended(5000, 4900, 100, 2, 1, 5, 140, 650, 5100),
    Ended(5000, 4900, 100, 2, 1, None, None, None, 5100),
]


def test_every_line_of_json_keeps_to_the_published_schema(tmp_path: Path) -> None:
    """All events, with all fields and with none of the optional ones."""
    path = tmp_path / "a.jsonl"
    send_events(JsonLines(LineWriter(str(path)), partials=True, level=2), EVENTS)
    lines = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
    for written in lines:
        jsonschema.validate(written, SCHEMA)
    assert [written["type"] for written in lines] == [
        "begin", "begin", "partial", "final", "reconnect", "gap", "notice", "notice", "final", "end", "end",
    ]  # fmt: skip
    assert lines[3] == {
        "type": "final", "sentence": 1, "begin_ms": 0, "end_ms": 900, "text": "good day.",
        "words": [{"text": "good", "begin_ms": 0, "end_ms": 300},
                  {"text": "day", "begin_ms": 300, "end_ms": 900, "punctuation": "."}],
        "language": "en", "emotion": "happy",
    }  # fmt: skip
    assert lines[8] == {"type": "final", "sentence": 2, "begin_ms": 1200, "end_ms": 1300, "text": "天气"}


def test_partials_and_debug_come_only_when_asked_for(tmp_path: Path) -> None:
    """The default is what a pipeline wants."""
    path = tmp_path / "a.jsonl"
    send_events(JsonLines(LineWriter(str(path)), partials=False), EVENTS)
    lines = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
    assert "partial" not in {line["type"] for line in lines}
    assert [line["level"] for line in lines if line["type"] == "notice"] == ["warning"]


def test_the_schema_refuses_what_is_wrong() -> None:
    """A schema that lets everything through would test nothing."""
    good = {"type": "final", "sentence": 1, "begin_ms": 0, "end_ms": 9, "text": "x"}
    jsonschema.validate(good, SCHEMA)
    for wrong in ({"sentence": 0}, {"begin_ms": -1}, {"end_ms": 1.5}, {"text": None}, {"type": "finale"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(good | wrong, SCHEMA)
    for missing in good:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({key: value for key, value in good.items() if key != missing}, SCHEMA)
    jsonschema.validate(good | {"something_new": 1}, SCHEMA)


def test_plain_lines_are_the_finals_and_the_gaps(tmp_path: Path) -> None:
    """And nothing that would have to be cleaned away."""
    path = tmp_path / "a.txt"
    send_events(PlainText(LineWriter(str(path)), lambda event, _: line(event, None)), EVENTS)
    assert path.read_text("utf-8").splitlines() == ["good day.", "[gap 00:00.900 → 00:01.000: lost]", "天气"]


def test_status_says_the_account_and_what_the_level_lets_through() -> None:
    """One line each, on whatever it is given to write with."""
    said: list[str] = []
    send_events(StatusLines(said.append, level=0), EVENTS)
    assert said[:2] == ["asr: broke; connecting again in 0.5 s (attempt 1)", "asr: w"]
    assert said[2].startswith("asr: captured 5.00 s · final 0.00 s · silence 4.90 s · lost 0.10 s · 2 sentences")


def test_a_long_outage_gives_a_sign_of_life_now_and_again() -> None:
    """A log without a terminal does not look as if the program hung; with -v each attempt is in it."""
    attempts: list[Event] = [Reconnecting(number, 2000, "broke") for number in range(1, 101)]
    shown: dict[int, list[int]] = {}
    for level in (0, 1):
        said: list[str] = []
        send_events(StatusLines(said.append, level=level), attempts)
        shown[level] = [int(text.rsplit(" ", 1)[1].rstrip(")")) for text in said]
    assert shown == {0: [1, 8, 16, 32, 64], 1: list(range(1, 101))}


def test_the_log_never_holds_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    """Times and ids, at every level."""
    with caplog.at_level(logging.DEBUG, "asr-test"):
        send_events(EventLog(logging.getLogger("asr-test")), EVENTS)
    assert "gap 900-1000 ms: lost" in caplog.text
    assert "final 1: 0-900 ms" in caplog.text
    assert "good" not in caplog.text
    assert "天气" not in caplog.text


def test_a_file_takes_its_name_when_it_is_closed(tmp_path: Path) -> None:
    """Until then the earlier one stays, and what came so far can be read beside it."""
    path = tmp_path / "a.txt"
    path.write_text("earlier\n")
    lines = LineWriter(str(path))
    lines.write("one")
    assert path.read_text() == "earlier\n"
    assert (tmp_path / "a.txt.part").read_text() == "one\n"
    lines.close()
    assert path.read_text() == "one\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("earlier", [None, "earlier"])
def test_what_something_else_wrote_meanwhile_is_never_replaced(tmp_path: Path, earlier: str | None) -> None:
    """Two runs with one name: the first to end has it, and the other one says where its own transcript is."""
    path = tmp_path / "a.txt"
    if earlier is not None:
        path.write_text(earlier)
    first, second = LineWriter(str(path)), LineWriter(str(path))
    first.write("of the first")
    second.write("of the second")
    second.close()
    with pytest.raises(OutputError, match=r"something else has written .* in .*a\.txt\.part$"):
        first.close()
    assert path.read_text() == "of the second\n"
    assert (tmp_path / "a.txt.part").read_text() == "of the first\n"
    assert first.left is None  # it was named once
    first.close()
    assert path.read_text() == "of the second\n"


def test_a_part_that_is_gone_is_not_named(tmp_path: Path) -> None:
    """Somebody has removed the folder: no message leads there."""
    folder = tmp_path / "folder"
    folder.mkdir()
    lines = LineWriter(str(folder / "a.txt"))
    lines.write("one")
    shutil.rmtree(folder)
    with pytest.raises(OutputError, match="No such file"):
        lines.close()
    assert lines.left is None


@pytest.mark.parametrize("comes_back", [False, True])
def test_text_added_to_a_file_that_lost_its_name_is_an_error(tmp_path: Path, *, comes_back: bool) -> None:
    """A file that was rotated away, or saved again by an editor, does not have the words, and that is said."""
    path = tmp_path / "a.txt"
    path.write_text("earlier\n")
    lines = LineWriter(str(path), append=True)
    lines.write("one")
    path.rename(tmp_path / "a.txt.1")
    if comes_back:
        path.write_text("new\n")
    with pytest.raises(OutputError, match="removed or replaced"):
        lines.close()


def test_nothing_written_leaves_no_file(tmp_path: Path) -> None:
    """A run that never began does not replace a transcript by an empty one."""
    LineWriter(str(tmp_path / "a.txt")).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
@pytest.mark.parametrize("first", ["", "a"])
def test_a_part_in_which_nothing_found_room_is_removed(tmp_path: Path, first: str) -> None:
    """Nobody is sent to an empty file; what was written before the disk was full stays."""
    import resource

    lines = LineWriter(str(tmp_path / "a.txt"))
    if first:
        lines.write(first)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * len(first), hard))  # as a full disk
    try:
        with pytest.raises(OutputError):
            lines.write("b")
        lines.leave()
        lines.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.read_text() for file in tmp_path.iterdir()] == [f"{first}\n"] * len(first)
    assert (lines.left is not None) == bool(first)


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """Before an hour of audio is transcribed, not after."""
    for path, reason in ((tmp_path, "is a directory"), (tmp_path / "no" / "a.txt", "there is no directory")):
        with pytest.raises(OutputError, match=reason):
            LineWriter(str(path))


def test_a_named_pipe_is_written_through(tmp_path: Path) -> None:
    """`-o` to a pipe or device keeps it what it is."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    lines = LineWriter(str(pipe))
    lines.write("天气")
    assert os.read(reader, 100).decode() == "天气\n"
    lines.close()
    os.close(reader)
    assert pipe.is_fifo()


def test_a_lone_surrogate_does_not_break_a_file(tmp_path: Path) -> None:
    """JSON can carry what UTF-8 cannot."""
    lines = LineWriter(str(tmp_path / "a.txt"))
    lines.write("a\ud800b")
    lines.close()
    assert (tmp_path / "a.txt").read_text("utf-8") == "a?b\n"


def test_json_says_which_times_of_words_are_estimated(tmp_path: Path) -> None:
    """In the word, only where it is so; the published schema knows the field."""
    words = (Word("good", 0, 300), Word("day", 300, 900, estimated=True))
    send_events(JsonLines(LineWriter(str(tmp_path / "a")), partials=True), [Final("1", 0, 900, "good day", words)])
    (line,) = [json.loads(line) for line in (tmp_path / "a").read_text("utf-8").splitlines()]
    assert line["words"] == [
        {"text": "good", "begin_ms": 0, "end_ms": 300},
        {"text": "day", "begin_ms": 300, "end_ms": 900, "estimated": True},
    ]
    jsonschema.validate(line, SCHEMA)


def test_a_link_into_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    """Before anything is transcribed; one to a file that does not exist yet is fine."""
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "none" / "a.txt")
    with pytest.raises(OutputError, match="there is no directory"):
        LineWriter(str(link))
    (tmp_path / "none").mkdir()
    lines = LineWriter(str(link))
    lines.write("said")
    lines.close()
    assert (tmp_path / "none" / "a.txt").read_text() == "said\n"
    assert link.is_symlink()


def test_a_line_that_cannot_be_replaced_is_not_written_over(tmp_path: Path) -> None:
    """The disk refuses to cut the file: what follows goes after it."""

    class Refusing(TextIOWrapper):
        def truncate(self, size: int | None = None) -> int:
            raise OSError(5, "Input/output error", size)

    lines = LineWriter(str(tmp_path / "a.srt"))
    lines.write("one")
    assert isinstance(lines._file, TextIOWrapper)
    lines._file = Refusing(lines._file.detach(), encoding="utf-8", newline="\n")
    assert not lines.amend("another")
    lines.write("two")
    lines.close()
    assert (tmp_path / "a.srt").read_text() == "one\ntwo\n"
