"""Fuzz targets: damaged journal sessions, which are a header, events, and the index of the audio."""

import atexit
from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from asrcli.journal.records import EVENTS
from tests.fuzz.mutation import Target
from tests.support.journals import began, final, gap, session, spoken, use_session


@cache
def _session() -> tuple[Path, bytes, bytes]:
    """One that is whole, whose files are written over again and again: where, its events, its index."""
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  no disk is worn by it
    root = mkdtemp(prefix="asr-fuzz.", dir=folder)
    atexit.register(rmtree, root, ignore_errors=True)
    path = session(Path(root), spoken(0, 500), [began(), final(0, 200), gap(300, 400)])
    return path, (path / EVENTS).read_bytes(), (path / "0.index").read_bytes()


def _target(name: str) -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        path, events, index = _session()
        (path / EVENTS).write_bytes(data if name == EVENTS else events)
        (path / "0.index").write_bytes(data if name == "0.index" else index)
        use_session(path)

    return target


def events_seeds() -> list[bytes]:
    """The events as they are, and with those of a session that was resumed."""
    _, events, _ = _session()
    more = b'{"type": "run", "begun": "x", "anew": {"": 5}}\n{"type": "stage", "number": 1}\n'
    return [events, events + more + b'{"type": "done", "number": 1}\n' + events.split(b"\n", 1)[1]]


def index_seeds() -> list[bytes]:
    """The index as it is, and with all that it may hold."""
    _, _, index = _session()
    return [index, index + b'{"gap": [1, 2]}\n{"cut": 5}\n{"pause": [1, 2]}\n']


TARGETS: dict[str, Target] = {
    "journal-events": (_target(EVENTS), events_seeds),
    "journal-index": (_target("0.index"), index_seeds),
}
