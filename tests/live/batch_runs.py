"""What tests of `asr batch` share: a server, recordings and the report."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import asr, serving
from tests.support.counted import RATE, counted
from tests.support.tone import wav

FILES, CHUNKS = 60, 10
LONG = 300
SILENT = {index for index in range(LONG) if index % 12 > 7}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A counting server."""
    with serving("--engine", "counting") as (url, _):
        yield url


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Three short recordings in two folders."""
    for name in ("talks/a.wav", "talks/more/b.wav", "talks/more/c.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        wav(path, counted(CHUNKS), RATE)
    return tmp_path / "talks"


def report(out: Path) -> dict[str, dict[str, object]]:
    """What the ledger says, by the names of the inputs."""
    done = asr("batch", "report", out, "--json")
    assert done.returncode == 0, done.stderr
    return {Path(row["path"]).name: row for row in json.loads(done.stdout)}
