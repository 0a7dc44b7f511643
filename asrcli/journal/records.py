"""The lines of a journal: its header, what happened, and where audio is. Values and JSON, no files.

events.jsonl   the header, then a record for each event that matters to whoever goes on with it or checks it
N.index        of source N: where the samples of N.pcm are on the timeline, and what is no speech in them
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from asrcli.core.errors import SourceError, bare_url, shorten, without_secrets
from asrcli.core.events import Began, Ended, Event, Final, Gap, Paused, Resumed
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript
from asrcli.protocol.json_messages import is_deep

VERSION = 1
MOST = 1 << 53  # of anything that is counted: what is more was not written by us
RATES = range(1000, 384_001)
EVENTS = "events.jsonl"
_BESIDE = ("translation", "translated_into", "heard")  # fields of a final that few have


@dataclass(frozen=True)
class JournalSourceInfo:
    """A source: what the user calls it, and whose words it hears."""

    name: str
    speaker: str = ""


@dataclass(frozen=True)
class JournalInput:
    """A file that is heard: where it is, what shows that it has not changed (if it can be read again), and its name."""

    path: str
    size_bytes: int | None = None
    mtime_ns: int | None = None
    name: str = ""


@dataclass(frozen=True)
class JournalHeader:
    """All that is needed to go on.

    Attributes:
        begun: When, as ISO 8601 with the zone.
        service: Whom the run asked; neither a key nor anything else that was in the address. Empty: the embedded one.
        workspace: For which workspace, where the address does not say it.
        inputs: The files that are heard, for a run that keeps no samples: they are still there.
        reading: How they are read, and how fast they are sent.
        stages: Which of them go through one run, with the files that it writes.
        showing: What the transcript is written as and where, in the words of the command line.
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
        """The first line of the events."""
        described = {**asdict(self), "asked": asdict(self.asked), "service": bare_url(self.service)}
        return line({"type": "journal", "version": VERSION, **described})


def header(name: str, first: Mapping[str, Any] | None) -> JournalHeader:
    """The header of the journal of that name from its first record.

    Raises:
        SourceError: there is none, or one that a newer version has written.
    """
    version = first.get("version") if first and first.get("type") == "journal" else None
    if first is None or not isinstance(version, int):
        raise SourceError(name, "no journal: its first line is not whole")
    if version > VERSION:
        raise SourceError(
            name, f"made by a newer asr (journal version {shorten(str(version), 20)}, this one reads {VERSION})"
        )
    try:
        asked = {key: _frozen(value) for key, value in first["asked"].items() if _known(key, _frozen(value))}
        sources = tuple(JournalSourceInfo(_text(one, "name"), _text(one, "speaker", "")) for one in first["sources"])
        recognition = RecognitionSettings(**asked)
        inputs = tuple(_input(one) for one in first.get("inputs", []))
        reading, stages = dict(first.get("reading", {})), _frozen(first.get("stages", []))
        if not (sources or inputs) or recognition.rate not in RATES or not _fits(stages, _STAGES):
            raise ValueError
        if any(number not in range(len(inputs)) for numbers, _ in stages for number in numbers):
            raise ValueError
        service, workspace = _text(first, "service"), _text(first, "workspace", "")
        begun, showing = _text(first, "begun"), dict(first["showing"])
        return JournalHeader(begun, recognition, sources, service, showing, workspace, inputs, reading, stages)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise SourceError(name, "no journal: its first line does not say what was asked for") from exc


_STAGES = tuple[tuple[tuple[int, ...], tuple[str, ...]], ...]


def _input(one: Any) -> JournalInput:
    size_bytes, mtime_ns = one.get("size_bytes"), one.get("mtime_ns")
    if size_bytes is None:
        return JournalInput(_text(one, "path"), name=_text(one, "name", ""))
    if not isinstance(mtime_ns, int) or isinstance(mtime_ns, bool):
        raise ValueError("mtime_ns")
    return JournalInput(_text(one, "path"), count(size_bytes), mtime_ns, _text(one, "name", ""))


def _known(name: str, value: Any) -> bool:
    """Whether that is a field of what was asked; a newer program may know more.

    Raises:
        ValueError: it is one, and of another type.
    """
    hint = _hints().get(name)
    if hint is not None and not _fits(value, hint):
        raise ValueError(name)
    return hint is not None


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(RecognitionSettings)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of JSON is of a type."""
    kinds = get_args(hint)
    if get_origin(hint) is UnionType:
        return any(_fits(value, kind) for kind in kinds)
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple):
            return False
        wanted = kinds[:1] * len(value) if kinds[1:] == (...,) else kinds
        return len(wanted) == len(value) and all(map(_fits, value, wanted))
    if hint is float:
        return (isinstance(value, float) and math.isfinite(value)) or _fits(value, int)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < MOST
    return hint is Any or (value is None if hint is NoneType else isinstance(value, hint))


def _text(record: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = record[name] if otherwise is None else record.get(name, otherwise)
    if not isinstance(value, str):
        raise ValueError(name)
    return value


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def line(record: Mapping[str, Any]) -> bytes:
    """A record as the line that is written."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def lines(data: bytes) -> list[dict[str, Any] | None]:
    """The whole records in what a file holds, in order; None stands for a whole line that is none.

    A last line without its end was being written when the program, or the machine, went: it does not count.
    """
    return [_record(text) for text in data.split(b"\n")[:-1]]


def _record(text: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and not is_deep(record) else None


def _no_number(name: str) -> float:
    raise ValueError(name)


def described(event: Event, transcript: Transcript) -> dict[str, Any] | None:
    """The record of an event, with the transcript it has already been folded into; None where it has none."""
    if isinstance(event, Began):
        return {"type": "begin", "source": event.source, "model": event.model, "task_id": event.task_id} | _place(event)
    if isinstance(event, Final):
        number = transcript.latest.number if transcript.latest is not None and event.text.strip() else 0
        about = {"sentence": number, "end_ms": event.end_ms, "text": event.text, "language": event.language}
        beside = {name: getattr(event, name) for name in _BESIDE if getattr(event, name)}
        return {"type": "final"} | _place(event) | about | beside
    if isinstance(event, Gap):
        return {"type": "gap"} | _place(event) | {"end_ms": event.end_ms, "reason": without_secrets(event.reason)}
    if isinstance(event, Paused | Resumed):
        name = "pause" if isinstance(event, Paused) else "resume"
        return {"type": name, **asdict(event)}
    return {"type": "end", **asdict(event)} if isinstance(event, Ended) else None


def _place(event: Began | Final | Gap) -> dict[str, Any]:
    return {"speaker": event.speaker, "begin_ms": event.begin_ms}


def final(record: Mapping[str, Any]) -> Final:
    """The sentence in a record of one, without words: a journal does not keep them.

    Raises:
        ValueError: it has no times.
    """
    begin_ms, end_ms = number(record, "begin_ms"), number(record, "end_ms")
    text, language, speaker, *beside = (str(record.get(name, "")) for name in ("text", "language", "speaker", *_BESIDE))
    return Final("", begin_ms, end_ms, text, (), language, "", speaker, *beside)


def number(record: Mapping[str, Any], name: str) -> int:
    """A field that is a count of something.

    Raises:
        ValueError: it is not.
    """
    return count(record.get(name))


def count(value: Any) -> int:
    """The value, if it counts something.

    Raises:
        ValueError: it does not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST:
        raise ValueError(str(type(value)))
    return value


def span(value: Any) -> tuple[int, int]:
    """From and to, in milliseconds.

    Raises:
        ValueError: it is no such thing.
    """
    if not isinstance(value, list) or len(value) != 2 or count(value[0]) > count(value[1]):
        raise ValueError(str(type(value)))
    return value[0], value[1]
