"""Writes events as JSON Lines, in the published shape of jsonl_schema.py: one object a line, each line at once."""

from dataclasses import asdict, replace
from typing import Any

from asrcli.core.errors import without_secrets
from asrcli.core.events import Began, Ended, Event, Final, Gap, Notice, Partial, Paused, Reconnecting, Resumed, Word
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import as_json
from asrcli.outputs.jsonl_schema import VERSION
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.plain_text import LEVELS

_PAUSES = {Paused: "pause", Resumed: "resume"}


class JsonLines:
    """An output that writes events for programs.

    Args:
        lines: Where the lines go.
        partials: Whether partials are written.
        level: Which notices are written: 0 warnings, 1 also information, 2 also debugging.
    """

    def __init__(self, lines: LineWriter, *, partials: bool, level: int = 0) -> None:
        self._lines = lines
        self._partials = partials
        self._level = level
        self.accepts_delay = not partials  # partials are written as they come
        self._provisional_keys: set[str] = set()  # of the provisional sentences that were written and not withdrawn

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Write the line of an event, if its kind has one."""
        described = self._described(event, transcript)
        if described is not None and isinstance(event, Began):
            self._lines.begin(as_json(described))
        elif described is not None:
            self._lines.write(as_json(described))

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def _described(self, event: Event, transcript: Transcript) -> dict[str, Any] | None:
        if isinstance(event, Provisional):
            return self._provisional(event)
        if isinstance(event, Began):
            return _present({"type": "begin", "version": VERSION, **asdict(event)}, "duration_ms", "speaker", "engine")
        if isinstance(event, Partial) and self._partials:
            return _partial(event, transcript.numbers[event.key])
        if isinstance(event, Final) and event.text.strip():
            return _final(event, transcript)
        if isinstance(event, Gap):
            event = replace(event, reason=without_secrets(event.reason))
            return _present({"type": "gap", **asdict(event)}, "speaker", "local_text")
        if isinstance(event, Paused | Resumed):
            return _present({"type": _PAUSES[type(event)], **asdict(event)}, "speaker")
        if isinstance(event, Reconnecting):
            event = replace(event, reason=without_secrets(event.reason))
            return _present({"type": "reconnect", **asdict(event)}, "speaker")
        if isinstance(event, Notice) and LEVELS[event.level] <= self._level:
            event = replace(event, text=without_secrets(event.text))
            return {"type": "notice", "level": event.level, "text": event.text}
        if isinstance(event, Ended):
            return _present({"type": "end", **asdict(event)}, "engine")
        return None

    def _provisional(self, event: Provisional) -> dict[str, Any] | None:
        """Return the line of a provisional sentence; one that goes on is written with the partials only."""
        if event.open and not self._partials:
            return None
        if not event.text.strip():
            if event.key not in self._provisional_keys:
                return None  # the sentence that is withdrawn was not written
            self._provisional_keys.remove(event.key)
        else:
            self._provisional_keys.add(event.key)
        return _present({"type": "provisional", "provisional": True, **asdict(event)}, "speaker")


def _partial(event: Partial, number: int) -> dict[str, Any]:
    text = {"text": event.text, "settled": event.settled, "unsettled": event.unsettled}
    return {"type": "partial", "sentence": number, "begin_ms": event.begin_ms, **text, **_spoken(event)}


def _final(event: Final, transcript: Transcript) -> dict[str, Any]:
    assert transcript.latest is not None  # noqa: S101  the event has been folded in
    times = {"begin_ms": event.begin_ms, "end_ms": event.end_ms}
    return {"type": "final", "sentence": transcript.latest.number, **times, "text": event.text, **_spoken(event)}


def _spoken(event: Partial | Final) -> dict[str, Any]:
    about: dict[str, Any] = {"words": [_word(word) for word in event.words]}
    about |= {"language": event.language, "emotion": event.emotion}
    about |= {"speaker": event.speaker, "translation": event.translation, "translated_into": event.translated_into}
    if isinstance(event, Final):
        about |= {"heard": event.heard, "estimated": event.estimated or None}
    return _present(about, *about)


def _word(word: Word) -> dict[str, Any]:
    described: dict[str, Any] = {"text": word.text, "begin_ms": word.begin_ms, "end_ms": word.end_ms}
    if word.punctuation:
        described["punctuation"] = word.punctuation
    if word.estimated:
        described["estimated"] = True
    return described


def _present(described: dict[str, Any], *optional: str) -> dict[str, Any]:
    return {key: value for key, value in described.items() if key not in optional or value not in (None, "", [])}
