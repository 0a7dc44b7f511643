"""A transcript as the library keeps it: its events, and its sentences with the places where they were said."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import without_secrets
from asrcli.core.events import Began, Ended, Event, Final, Gap, Resumed, Word
from asrcli.core.printable import harmless
from asrcli.protocol.recorded_events import event_of

if TYPE_CHECKING:
    from asrcli.journal.reading import Journal

_KEPT = Began | Final | Gap | Resumed | Ended
MOST_BYTES = 1 << 30  # of the events of a transcript; a damaged length must not fill the memory


@dataclass(frozen=True)
class LibrarySentence:
    """A sentence of a transcript.

    Attributes:
        source: The file or the device in which it was said.
        at_ms: Where that source begins on the timeline of the transcript.
    """

    source: str
    at_ms: int
    begin_ms: int
    end_ms: int
    speaker: str
    text: str
    translation: str = ""


@dataclass(frozen=True)
class LibraryEntry:
    """A transcript.

    Attributes:
        id: As that of a session of the journal.
        begun: When the run began, as ISO 8601 with the time zone.
        events: What was said, in order, and where.
        inputs: The files that were transcribed, as absolute paths.
        outputs: The files that the run has written.
        service: The address of the service without secrets; empty for a recognizer on this machine.
    """

    id: str
    begun: str
    events: tuple[Event, ...]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    service: str = ""
    model: str = ""
    engine: str = ""

    @property
    def sentences(self) -> list[LibrarySentence]:
        """What was said, by its time, and what this machine alone has heard in a gap."""
        current: dict[str, tuple[str, int]] = {}
        begins: list[int] = []
        found: list[LibrarySentence] = []
        for event in self.events:
            if isinstance(event, Began):
                begins.append(event.begin_ms)
                # The first source tells how much was left out at its beginning; the others follow on the same timeline.
                current[event.speaker] = (event.source, event.begin_ms - begins[0])
            elif isinstance(event, Final | Gap):
                text, translation = _texts(event)
                if text.strip():
                    source, at_ms = current.get(event.speaker, ("", 0))
                    texts = map(harmless, (event.speaker, text, translation))
                    found.append(LibrarySentence(harmless(source), at_ms, event.begin_ms, event.end_ms, *texts))
        return sorted(found, key=lambda sentence: sentence.begin_ms)

    @property
    def length_ms(self) -> int:
        """Until when audio was transcribed on the timeline of the transcript."""
        ends = (event.end_ms for event in self.events if isinstance(event, Final | Gap | Resumed))
        return max(ends, default=0)

    @property
    def begun_s(self) -> float:
        """When the run began, in seconds since 1970; 0 if that cannot be read."""
        try:
            return datetime.fromisoformat(self.begun).timestamp()
        except (ValueError, OverflowError, OSError):
            return 0.0

    @property
    def about(self) -> str:
        """All but the events, as JSON."""
        began = [event for event in self.events if isinstance(event, Began)]
        sources = {(event.source, event.speaker): None for event in began}
        models = dict.fromkeys(filter(None, [self.model, *(event.model for event in began)]))
        engines = dict.fromkeys(filter(None, [self.engine, *(event.engine for event in began)]))
        return json.dumps(
            {
                "model": ", ".join(models),
                "engine": ", ".join(engines),
                "service": self.service,
                "sources": [{"name": name, "speaker": speaker} for name, speaker in sources],
                "inputs": list(self.inputs),
                "outputs": list(self.outputs),
            }
        )


def _texts(event: Final | Gap) -> tuple[str, str]:
    """What was said, and its translation; of a gap what this machine alone has heard."""
    if isinstance(event, Gap):
        return event.local_text, ""
    return event.text, event.translation


def event_bytes(event: Event) -> bytes | None:
    """An event as a line of JSON; None for one that the library does not keep."""
    if not isinstance(event, _KEPT):
        return None
    about = asdict(event)
    if isinstance(event, Gap):
        about["reason"] = without_secrets(event.reason)
    return json.dumps({"name": type(event).__name__, "event": about}).encode() + b"\n"


def packed(events: Iterable[Event]) -> bytes:
    """Events as the library stores them."""
    return zlib.compress(b"".join(filter(None, map(event_bytes, events))))


def unpacked(data: bytes) -> tuple[Event, ...]:
    """The events in what the library has stored. What this version cannot read is left out.

    Raises:
        ValueError: it is damaged.
    """
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, MOST_BYTES)
    except zlib.error as exc:
        raise ValueError(str(exc)) from exc
    return events_of(text.splitlines())


def events_of(lines: Iterable[bytes]) -> tuple[Event, ...]:
    """The events in lines of JSON; one that does not fit is left out."""
    return tuple(event for line in lines if (event := _event(line)) is not None)


def _event(line: bytes) -> Event | None:
    try:
        record = json.loads(line)
        about = dict(record["event"])
        words = tuple(Word(**word) for word in about.pop("words", ()))
        event = event_of({"name": record["name"], "event": about})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(event, Final):
        return replace(event, words=words)
    return event


def entry_of_journal(journal: "Journal", session_id: str, stage: int | None = None) -> LibraryEntry:
    """The transcript that a journal holds, or that of one of its stages. A journal keeps no words with their times."""
    events: list[Event] = []
    parts = [part for part in journal.parts if stage is None or part.stage == stage]
    names = {track.source.speaker: track.source.name for track in journal.tracks}
    model = ", ".join(filter(None, journal.models)) or journal.header.asked.model
    engine = ", ".join(filter(None, journal.engines))
    begun: set[tuple[str, str]] = set()
    for part in parts:
        speakers = list(part.begins)
        for number, (source, begin_ms) in enumerate(part.heard):
            speaker = speakers[number] if len(speakers) == len(part.heard) else ""
            if (source, speaker) not in begun:
                begun.add((source, speaker))
                events.append(Began(source, model, "", begin_ms, speaker=speaker, engine=engine))
        said: list[Final | Gap] = [sentence.final for sentence in part.sentences if sentence.number]
        said += part.gaps
        said.sort(key=_begin_ms)
        events += said
    if not begun:
        events[:0] = [Began(name, model, "", 0, speaker=speaker, engine=engine) for speaker, name in names.items()]
    header = journal.header
    inputs = [one.path for one in header.inputs]
    outputs: Any = header.showing.get("paths")
    if stage is not None and stage < len(header.stages):
        places, outputs = header.stages[stage]
        inputs = [header.inputs[place].path for place in places]
    return LibraryEntry(
        session_id, header.begun, tuple(events), tuple(inputs), tuple(map(str, outputs or ())), header.service, model,
        engine,
    )  # fmt: skip


def _begin_ms(said: Final | Gap) -> int:
    return said.begin_ms
