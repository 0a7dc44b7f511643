"""An export that fails, is interrupted or killed: no half file gets the name of a whole one, and nothing else stays."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.builders.atomic_file import BUSY, CHANGED, UNFINISHED, AtomicFile
from asrcli.cli.builders.outputs import OutputBuilder, run_outputs
from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import OutputError
from asrcli.core.events import Began, Event, Final
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.line_writer import LineWriter

EVENTS: list[Event] = [Began("a.wav", "m", "task", 0), Final("one", 0, 900, "one"), Final("two", 1000, 1900, "two")]
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def exported(folder: Path, *, atomic: bool = True) -> None:
    """Write the transcript in all formats, as an export or a replay does: the first error ends it."""
    builder = OutputBuilder(tuple(OutputFormat), path=str(folder / "talk"), level=None, plain=True, atomic=atomic)
    transcript = Transcript()
    with run_outputs(builder, go_on=False) as outputs:
        for event in EVENTS:
            transcript = fold(transcript, event)
            for output in outputs:
                output.handle(event, transcript)


def found(folder: Path) -> dict[str, str]:
    """The files that are there."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def failing(patch: pytest.MonkeyPatch, number: int, error: BaseException) -> list[int]:
    """Let a write of a file, or its renaming, fail: the call of this number. Returns the list of calls so far."""
    calls: list[int] = []

    def around(method: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any) -> Any:
            calls.append(1)
            if len(calls) == number:
                if isinstance(error, OSError) and method is put:
                    arguments[0]._failed = arguments[0]._leaves = True
                    raise OutputError("talk", "No space left on device")
                raise error
            return method(*arguments)

        return counting

    put = LineWriter._put
    patch.setattr(LineWriter, "_put", around(put))
    patch.setattr(AtomicFile, "_replace", around(AtomicFile._replace))
    patch.setattr(LineWriter, "_replace", around(LineWriter._replace))
    return calls


@pytest.mark.parametrize("atomic", [True, False], ids=["export", "replay"])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["full", "Ctrl-C"])
def test_what_fails_or_is_interrupted_leaves_whole_files_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, *, atomic: bool
) -> None:
    """At each write and each naming. Of a text that can be made again no part stays; it is made by the next export."""
    (tmp_path / "whole").mkdir()
    with monkeypatch.context() as patch:
        calls = failing(patch, 0, error)
        exported(tmp_path / "whole", atomic=atomic)
    whole = found(tmp_path / "whole")
    assert len(whole) == len(OutputFormat)
    for number in range(1, len(calls) + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        with monkeypatch.context() as patch:
            failing(patch, number, error)
            with pytest.raises((OutputError, KeyboardInterrupt)):
                exported(folder, atomic=atomic)
        left = found(folder)
        assert {name: text for name, text in left.items() if name in whole and text != whole[name]} == {}, number
        assert (left.keys() <= whole.keys()) is True or not atomic, number
        if atomic:
            exported(folder)
            assert found(folder) == whole, number


def test_what_a_killed_export_has_left_is_written_over(tmp_path: Path) -> None:
    """However much longer it was."""
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    exported(tmp_path / "whole")
    for name in found(tmp_path / "whole"):
        (tmp_path / "killed" / f".{name}{UNFINISHED}").write_text("of a killed program" * 1000)
    exported(tmp_path / "killed")
    assert found(tmp_path / "killed") == found(tmp_path / "whole")


def test_two_that_write_the_same_file_share_no_part(tmp_path: Path) -> None:
    """The second one is refused and leaves the part of the first one alone. The rights of the older file stay."""
    path = tmp_path / "talk.txt"
    path.write_text("older\n")
    path.chmod(0o640)
    first = AtomicFile(str(path))
    first.write("one")
    refused: list[str] = []

    def second() -> None:
        other = AtomicFile(str(path))
        try:
            other.write("two")
        except OutputError as exc:
            refused.append(exc.reason)
        other.close()

    thread = threading.Thread(target=second)
    thread.start()
    thread.join()
    first.write("three")
    first.close()
    assert (refused, found(tmp_path), path.stat().st_mode & 0o777) == ([BUSY], {"talk.txt": "one\nthree\n"}, 0o640)


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """The error says so, and nothing lies beside it."""
    lines = AtomicFile(str(tmp_path / "talk.txt"))
    lines.write("one")
    (tmp_path / "talk.txt").write_text("of somebody else")
    with pytest.raises(OutputError, match=CHANGED):
        lines.close()
    assert found(tmp_path) == {"talk.txt": "of somebody else"}


def test_ctrl_c_while_a_file_is_made_does_not_call_it_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody was waited for."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LineWriter, "_new_part", interrupted)
    lines = LineWriter(str(tmp_path / "talk.txt"))
    with pytest.raises(KeyboardInterrupt):
        lines.write("one")
    lines.close()
    assert found(tmp_path) == {}
