"""The text of parts on the disk, so that a run that was killed can continue after it: a file of JSON lines for each."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import OutputError, system_reason
from asrcli.core.event_placement import decided_until_ms
from asrcli.core.events import Event, Final, Gap, Word
from asrcli.core.whole_writes import write_whole

DONE = b'{"type": "done"}\n'


@dataclass
class StoredPart:
    """A part as an earlier run left it.

    Attributes:
        begin_ms: Where it begins.
        end_ms: Where it ends; None for the last one.
        said: Its finals and gaps.
        done: All of it is in them, or is silence.
    """

    begin_ms: int
    end_ms: int | None
    said: list[Event] = field(default_factory=list)
    done: bool = False

    @property
    def reached_ms(self) -> int:
        """Up to where the text is sure."""
        ends_ms = [decided_until_ms(event) for event in self.said if isinstance(event, Final)]
        ends_ms += [event.end_ms for event in self.said if isinstance(event, Gap)]
        return max(ends_ms, default=self.begin_ms)

    @property
    def kept(self) -> tuple[Event, ...]:
        """What it has said, without a last sentence whose end is a guess: that is transcribed again."""
        reached_ms = self.reached_ms
        return tuple(
            event
            for event in self.said
            if not isinstance(event, Final) or event.sure_ms is None or decided_until_ms(event) < reached_ms
        )


class PartStore:
    """The files of the parts of one recording, in a folder of their own. The thread of its run writes them.

    Raises:
        OutputError: the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, FileIO] = {}
        with self._explained():
            folder.mkdir(parents=True, exist_ok=True)
        self.parts = list(self._read())

    def begin(self, number: int, begin_ms: int, end_ms: int | None) -> None:
        """Open the file of a part; a new one says where the part lies."""
        with self._explained():
            path = self._path(number)
            is_new = number >= len(self.parts)
            if not is_new:  # a line that was cut off goes
                whole = path.read_bytes()
                os.truncate(path, whole.rfind(b"\n") + 1)
            self._open[number] = FileIO(path, "w" if is_new else "a")
            if is_new:
                _append(self._open[number], _line({"type": "part", "begin_ms": begin_ms, "end_ms": end_ms}))

    def append(self, number: int, event: Final | Gap) -> None:
        """Write a final or a gap of a part."""
        kind = "final" if isinstance(event, Final) else "gap"
        with self._explained():
            _append(self._open[number], _line({"type": kind, **asdict(event)}))

    def end(self, number: int, *, done: bool) -> None:
        """Close the file of a part."""
        with self._explained(), self._open.pop(number) as file:
            if done:
                _append(file, DONE)

    def lasting_id(self, new_id: str) -> str:
        """The ID of the transcript of these parts: the one of an earlier run that had them all, or else this new one.

        Raises:
            OutputError: it cannot be kept.
        """
        with self._explained():
            path = self._folder / "id"
            if path.exists() and len(kept := path.read_text("ascii")) == len(new_id):
                return kept
            path.write_text(new_id, "ascii")
            return new_id

    def close(self) -> None:
        """Close all files."""
        while self._open:
            self.end(next(iter(self._open)), done=False)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:05}.jsonl"

    def _explained(self) -> "_Explained":
        return _Explained(self._folder)

    def _read(self) -> Iterator[StoredPart]:
        """The parts in order, up to the first that cannot be read; each begins where the one before ends."""
        begin_ms: int | None = None
        number = 0
        while (path := self._path(number)).exists():
            part = _stored(path.read_bytes())
            if part is None or (begin_ms is not None and part.begin_ms != begin_ms):
                return
            yield part
            begin_ms = part.end_ms
            number += 1
            if begin_ms is None:
                return


@dataclass(frozen=True)
class _Explained:
    """Turns an error of the system into one that names the folder."""

    folder: Path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError):
            raise OutputError(str(self.folder), system_reason(error).lower()) from error


def _append(file: FileIO, line: bytes) -> None:
    """Write a whole line, or none of it.

    Raises:
        OSError: the disk is full, or another error of the system.
    """
    write_whole(file, line, os.fstat(file.fileno()).st_size)


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"


def _stored(data: bytes) -> StoredPart | None:
    """A part from the lines of its file; what is not whole is left out, and None is returned without a first line."""
    part: StoredPart | None = None
    for text in data.split(b"\n")[:-1]:
        try:
            record = json.loads(text)
            kind = record.pop("type")
            if kind == "part":
                part = StoredPart(int(record["begin_ms"]), record["end_ms"])
            elif part is not None and kind == "done":
                part.done = True
            elif part is not None:
                part.said.append(_event(kind, record))
        except (ValueError, KeyError, TypeError, AttributeError):
            return part
    return part


def _event(kind: str, record: dict[str, Any]) -> Event:
    if kind == "gap":
        return Gap(**record)
    return Final(**{**record, "words": tuple(Word(**word) for word in record["words"])})
