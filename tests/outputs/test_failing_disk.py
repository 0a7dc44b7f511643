"""A disk that refuses one call: whichever it is, no file is lost, and none that is not whole has the name of one."""

import os
from collections.abc import Callable
from contextlib import suppress
from errno import EIO, ENOSPC, ESTALE
from pathlib import Path

import pytest

from asrcli.cli.builders.atomic_file import AtomicFile
from asrcli.core.errors import OutputError
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.output_paths import is_device
from tests.support.failing_calls import each_call_refused, failing_call

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the calls are those of POSIX")
OLD, WHOLE = "old\n", "head\none\ntwo\n"


@pytest.mark.parametrize("error", [EIO, ESTALE, ENOSPC])
@pytest.mark.parametrize("make", [LineWriter, AtomicFile])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_transcript_is_whole_or_the_old_one(
    tmp_path: Path, make: Callable[[str], LineWriter], error: int, is_there: bool
) -> None:
    """An error of the system is one of that output, so that the run goes on for the others. Only success replaces."""
    path = tmp_path / "talk.txt"
    problems: list[str] = []
    refused: set[str] = set()
    for failing in each_call_refused(tmp_path, error):
        for left in tmp_path.iterdir():
            left.unlink()
        if is_there:
            path.write_text(OLD)
        failing.begin()
        ended = False
        try:
            writer = make(str(path))
        except (OSError, OutputError) as exc:
            problems.append(str(exc))
            continue
        try:
            writer.begin("head")
            for line in ("one", "two"):
                assert writer.amendable
                writer.write(line)
            writer.close()
            ended = True
        except OutputError:
            with suppress(OutputError):
                writer.close()
        failing.end()
        refused.add(failing.refused)
        assert all(left.stat().st_size for left in tmp_path.iterdir()), failing.refused
        found = path.read_text() if path.exists() else None
        if ended:
            assert found == WHOLE, failing.refused
        else:
            assert found == (OLD if is_there else None), failing.refused
    assert problems
    assert all(str(path) in problem for problem in problems)
    # A file that is renamed before it is closed: a disk in the network must say before that it is full.
    assert ("fsync" in refused) == (make is AtomicFile)


def test_a_file_that_cannot_be_looked_at_is_no_device(tmp_path: Path) -> None:
    """Opening it reports the error; nothing else can."""
    with failing_call(tmp_path, 1, ESTALE) as failing:
        failing.begin()
        assert not is_device(tmp_path / "talk.txt")
    assert failing.refused == "stat"
