"""A run over a file is killed between any two writes, and so is the run that goes on: each sentence is there once."""

from pathlib import Path

import pytest

from asrcli.cli.builders.outputs import OutputBuilder
from asrcli.cli.options.values import OutputFormat
from asrcli.journal.append_file import AppendFile
from tests.cli.builders.killed_runs import EARLIER, LINES, SOURCE, WORDS, States, first_run, next_run, said


@pytest.mark.parametrize(
    ("formats", "append"),
    [(LINES, True), ((*LINES, OutputFormat.SRT), False), ((OutputFormat.JSON,), False)],
    ids=["append", "lines", "document"],
)
def test_each_sentence_is_there_once_wherever_the_program_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formats: tuple[OutputFormat, ...], *, append: bool
) -> None:
    """For every third state the run that goes on is killed everywhere too. No part is left beside the files."""
    monkeypatch.setattr(AppendFile, "sync", lambda _: None)  # a busy disk would take its time some hundred times
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / SOURCE).write_bytes(b"RIFF")
    builder = OutputBuilder(formats, path=str(folder / "talk"), append=append)
    for file in builder.paths() if append else ():
        Path(file).write_text(EARLIER[Path(file).suffix])
    states = States(folder, tmp_path / "states")
    with states.taken(monkeypatch):
        first_run(folder, builder)
    for state in states.found:
        states.restore(state)
        again = States(folder, tmp_path / f"again{state.name}")
        with again.taken(monkeypatch):
            next_run(folder, builder)
        for other in again.found[-1 if int(state.name) % 3 else 0 :]:
            again.restore(other)
            next_run(folder, builder)
            for path in map(Path, builder.paths()):
                assert said(path) == WORDS, (state, other)
                assert not append or path.read_text().startswith(EARLIER[path.suffix])
            names = {path.name for path in folder.iterdir()} - {Path(file).name for file in builder.paths()}
            assert names == {SOURCE, "kept"}, (state, other)
