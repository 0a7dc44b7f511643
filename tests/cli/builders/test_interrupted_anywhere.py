"""Ctrl-C comes at any write of a transcript, also at its end: no half file gets the name of a whole one."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.builders.outputs import OutputBuilder, run_outputs
from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import OutputError, SourceError
from asrcli.core.events import Began, Ended, Event, Final
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.line_writer import LineWriter

EVENTS: list[Event] = [
    Began("a.wav", "m", "task", 0), Final("one", 0, 900, "one"), Final("two", 1000, 1900, "two"),
    Ended(2000, 2000, 0, 2, 0, None, None, None, 2000, final_ms=1800, silence_ms=200),
]  # fmt: skip


class Interrupting:
    """Raises KeyboardInterrupt before or after the call of this number, of all calls of `methods`."""

    def __init__(self, number: int, *, behind: bool) -> None:
        self._number, self._behind = number, behind
        self.calls = 0
        self.methods = ["_put"]
        if behind:  # a file that is not closed would be one of the test and not of a program, which ends then
            self.methods.append("_close")

    def around(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """The method, which may be interrupted."""

        def interrupted(*arguments: Any) -> Any:
            self.calls += 1
            is_this = self.calls == self._number
            if is_this and not self._behind:
                raise KeyboardInterrupt
            returned = method(*arguments)
            if is_this:
                raise KeyboardInterrupt
            return returned

        return interrupted


def written(folder: Path, patch: pytest.MonkeyPatch, interrupting: Interrupting) -> None:
    """Write the transcript in all formats, until it is complete or interrupted."""
    folder.mkdir()
    builder = OutputBuilder(tuple(OutputFormat), path=str(folder / "talk"), level=None, plain=True)
    with patch.context() as patched:
        for name in interrupting.methods:
            patched.setattr(LineWriter, name, interrupting.around(getattr(LineWriter, name)))
        transcript = Transcript()
        with run_outputs(builder) as outputs:
            for event in EVENTS:
                transcript = fold(transcript, event)
                for output in outputs:
                    output.handle(event, transcript)


def found(folder: Path) -> dict[str, str]:
    """The files that are there."""
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
def test_what_is_interrupted_stays_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, behind: bool
) -> None:
    """Each file is whole or a part, all of them are closed, and each part is named."""
    never = Interrupting(0, behind=behind)
    written(tmp_path / "whole", monkeypatch, never)
    whole = found(tmp_path / "whole")
    assert len(whole) == len(OutputFormat)
    for number in range(1, never.calls + 1):
        folder = tmp_path / str(number)
        with pytest.raises(KeyboardInterrupt):
            written(folder, monkeypatch, Interrupting(number, behind=behind))
        left = found(folder)
        assert not [name for name in left if not name.endswith(".part") and left[name] != whole[name]], number
        said = capsys.readouterr().err
        assert [name for name in left if name.endswith(".part") and f"{folder / name}\n" not in said] == [], number


@pytest.mark.parametrize("ended", [KeyboardInterrupt, SourceError, None])
def test_a_run_that_ends_before_its_first_sentence_leaves_no_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ended: type[BaseException] | None
) -> None:
    """Not killed, with a microphone that has given no sample, and not by an error. One in order has its empty files."""
    builder = OutputBuilder(tuple(OutputFormat), path=str(tmp_path / "talk"), level=None, plain=True)
    error = None
    if ended is not None:
        error = ended("given", "gone")
    with suppress(KeyboardInterrupt, SourceError), run_outputs(builder) as outputs:
        transcript = Transcript()
        for event in (EVENTS[0], Began("b.wav", "m", "task", 0, speaker="B")):
            transcript = fold(transcript, event)
            for output in outputs:
                output.handle(event, transcript)
        assert found(tmp_path) == {}  # as kill -9 leaves it
        if error is not None:
            raise error
    assert capsys.readouterr().err == ""
    assert len(found(tmp_path)) == (0 if ended else len(OutputFormat))
    assert not [name for name in found(tmp_path) if name.endswith(".part")]


def test_a_file_that_came_before_the_first_sentence_is_not_replaced(tmp_path: Path) -> None:
    """The part is made late; the promise begins with the run."""
    lines = LineWriter(str(tmp_path / "talk.txt"))
    lines.begin("head")
    (tmp_path / "talk.txt").write_text("of another run")
    lines.write("one")
    with pytest.raises(OutputError, match="something else has written"):
        lines.close()
    assert found(tmp_path) == {"talk.txt": "of another run", "talk.txt.part": "head\none\n"}
