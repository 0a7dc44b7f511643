"""The records of a journal as values and as JSON lines. Reads and writes no files.

events.jsonl   the header, then one record for each event that `asr resume` or `asr verify` needs
N.index        for source N: where the samples of N.pcm lie on the timeline, its cuts, gaps and pauses
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import SourceError, bare_url, shorten, without_secrets
from asrcli.core.events import Began, Ended, Event, Final, Gap, Notice, Paused, Resumed
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript
from asrcli.protocol.json_messages import is_deep

VERSION = 1
MOST = 1 << 53  # no count of ours is larger
RATES = range(1000, 384_001)
EVENTS = "events.jsonl"
# Fields of a final that are often empty, and then left out.
_BESIDE = ("translation", "translated_into", "heard", "estimated")


@dataclass(frozen=True)
class JournalSourceInfo:
    """A source: its name as the user knows it, and the label of its speaker (empty for a single source)."""

    name: str
    speaker: str = ""


@dataclass(frozen=True)
class JournalInput:
    """A file that is transcribed.

    Attributes:
        path: Where it is.
        size_bytes: With `mtime_ns`, shows whether the file has changed; None if it can be read only once.
        name: As the user wrote it.
    """

    path: str
    size_bytes: int | None = None
    mtime_ns: int | None = None
    name: str = ""


@dataclass(frozen=True)
class JournalHeader:
    """The first record of a journal: everything that is needed to resume the run.

    Attributes:
        begun: When the run began, as ISO 8601 with the time zone.
        asked: The settings of the recognition.
        sources: The sources of a run that keeps samples.
        service: Address of the service without keys and queries; empty for the embedded recognizer.
        showing: The formats and paths of the transcript, in the words of the command line.
        workspace: The workspace, if the address does not contain it.
        inputs: The files of a run that keeps no samples.
        reading: How the files are read, and how fast they are sent.
        stages: For each stage the indexes of its inputs, and the files that it writes.
    """

    begun: str
    asked: RecognitionSettings
    sources: tuple[JournalSourceInfo, ...]
    service: str = ""
    showing: Mapping[str, Any] = field(default_factory=dict)
    workspace: str = ""
    inputs: tuple[JournalInput, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)
    stages: tuple[tuple[tuple[int, ...], tuple[str, ...]], ...] = ()

    def line(self) -> bytes:
        """Return the header as the first line of events.jsonl."""
        described = {**asdict(self), "asked": asdict(self.asked), "service": bare_url(self.service)}
        return line({"type": "journal", "version": VERSION, **described})


def header(name: str, first: Mapping[str, Any] | None) -> JournalHeader:
    """Parse the header of a journal from its first record; `name` is for the error.

    Raises:
        SourceError: the record is no header, or a newer version has written it.
    """
    version = None
    if first is not None and first.get("type") == "journal":
        version = first.get("version")
    if first is None or not isinstance(version, int):
        raise SourceError(name, "no journal: its first line is incomplete")
    if version > VERSION:
        raise SourceError(
            name, f"made by a newer asr (journal version {shorten(str(version), 20)}, this one reads {VERSION})"
        )
    try:
        sources = tuple(JournalSourceInfo(_text(one, "name"), _text(one, "speaker", "")) for one in first["sources"])
        asked = recognition(first["asked"])
        inputs = tuple(_input(one) for one in first.get("inputs", []))
        reading = dict(first.get("reading", {}))
        stages = _frozen(first.get("stages", []))
        if not (sources or inputs) or asked.rate not in RATES or not _fits(stages, _STAGES):
            raise ValueError
        if any(number not in range(len(inputs)) for numbers, _ in stages for number in numbers):
            raise ValueError
        return JournalHeader(
            _text(first, "begun"),
            asked,
            sources,
            _text(first, "service"),
            dict(first["showing"]),
            _text(first, "workspace", ""),
            inputs,
            reading,
            stages,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise SourceError(name, "no journal: its first line has no settings") from exc


def recognition(asked: Mapping[str, Any]) -> RecognitionSettings:
    """The settings in an object of JSON; fields that this version does not know are left out.

    Raises:
        TypeError, ValueError: a field is missing or has another type.
    """
    return RecognitionSettings(**{key: _frozen(value) for key, value in asked.items() if _known(key, _frozen(value))})


_STAGES = tuple[tuple[tuple[int, ...], tuple[str, ...]], ...]


def _input(one: Any) -> JournalInput:
    size_bytes, mtime_ns = one.get("size_bytes"), one.get("mtime_ns")
    if size_bytes is None:
        return JournalInput(_text(one, "path"), name=_text(one, "name", ""))
    if not isinstance(mtime_ns, int) or isinstance(mtime_ns, bool):
        raise ValueError("mtime_ns")
    return JournalInput(_text(one, "path"), count(size_bytes), mtime_ns, _text(one, "name", ""))


def _known(name: str, value: Any) -> bool:
    """Return whether RecognitionSettings has a field of this name; a newer program may have written others.

    Raises:
        ValueError: the field exists and its type is another.
    """
    hint = _hints().get(name)
    if hint is not None and not _fits(value, hint):
        raise ValueError(name)
    return hint is not None


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(RecognitionSettings)


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a JSON value has a type; `hint` is an annotation."""
    kinds = get_args(hint)
    if get_origin(hint) is UnionType:
        return any(_fits(value, kind) for kind in kinds)
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple):
            return False
        wanted = kinds
        if kinds[1:] == (...,):
            wanted = kinds[:1] * len(value)
        return len(wanted) == len(value) and all(map(_fits, value, wanted))
    if hint is float:
        return (isinstance(value, float) and math.isfinite(value)) or _fits(value, int)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < MOST
    return hint is Any or isinstance(value, hint)


def _text(record: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = record.get(name, otherwise)
    if not isinstance(value, str):
        raise ValueError(name)
    return value


def _frozen(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return tuple(map(_frozen, value))


def line(record: Mapping[str, Any]) -> bytes:
    """Return a record as one line of JSON, with its line feed."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def lines(data: bytes) -> list[dict[str, Any] | None]:
    """Parse the lines of a file into records, in order; None stands for a line that is damaged.

    A last line without a line feed is ignored: the program or the machine stopped while it was written.
    """
    return [_record(text) for text in data.split(b"\n")[:-1]]


def _record(text: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or is_deep(record):
        return None
    return record


def _no_number(name: str) -> float:
    raise ValueError(name)


_NAMES = {Paused: "pause", Resumed: "resume", Ended: "end"}


def described(event: Event, transcript: Transcript) -> dict[str, Any] | None:
    """Return the record of an event, or None for an event that the journal does not keep.

    The event has already been folded into `transcript`.
    """
    if isinstance(event, Began):
        begin = {"type": "begin", "source": event.source, "model": event.model, "task_id": event.task_id}
        return begin | ({"engine": event.engine} if event.engine else {}) | _place(event)
    if isinstance(event, Final):
        number = 0
        if transcript.latest is not None and event.text.strip():
            number = transcript.latest.number
        about = {"sentence": number, "end_ms": event.end_ms, "text": event.text, "language": event.language}
        beside = {name: getattr(event, name) for name in _BESIDE if getattr(event, name)}
        if event.sure_ms is not None:
            beside["sure_ms"] = event.sure_ms
        return {"type": "final"} | _place(event) | about | beside
    if isinstance(event, Gap):
        return {"type": "gap"} | _place(event) | {"end_ms": event.end_ms, "reason": without_secrets(event.reason)}
    if isinstance(event, Notice) and event.lost_output:
        return {"type": "failed", "output": event.lost_output}
    if isinstance(event, Paused | Resumed | Ended):
        return {"type": _NAMES[type(event)], **asdict(event)}
    return None


def _place(event: Began | Final | Gap) -> dict[str, Any]:
    return {"speaker": event.speaker, "begin_ms": event.begin_ms}


def final(record: Mapping[str, Any]) -> Final:
    """Return the final in a record, without words and their times: a journal does not keep them.

    Raises:
        ValueError: the record has no times.
    """
    begin_ms, end_ms = number(record, "begin_ms"), number(record, "end_ms")
    text, language, speaker, *beside = (str(record.get(name, "")) for name in ("text", "language", "speaker", *_BESIDE))
    translation, into, heard, _ = beside
    estimated = record.get("estimated") is True
    sure_ms = None
    if "sure_ms" in record:
        sure_ms = number(record, "sure_ms")
    return Final("", begin_ms, end_ms, text, (), language, "", speaker, translation, into, heard, estimated, sure_ms)


def number(record: Mapping[str, Any], name: str) -> int:
    """Return a field that holds a count.

    Raises:
        ValueError: it is missing or is no count.
    """
    return count(record.get(name))


def count(value: Any) -> int:
    """Return the value if it is an integer from 0 up to MOST.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST:
        raise ValueError(str(type(value)))
    return value


def span(value: Any) -> tuple[int, int]:
    """Return a start and an end in milliseconds.

    Raises:
        ValueError: the value is not a list of two counts in order.
    """
    if not isinstance(value, list) or len(value) != 2 or count(value[0]) > count(value[1]):
        raise ValueError(str(type(value)))
    return value[0], value[1]
