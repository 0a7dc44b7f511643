"""Turns events into updates for a page of live captions. Sends nothing itself, and never waits."""

from collections.abc import Callable
from typing import Any

from asrcli.core.dataclass import dataclass
from asrcli.core.events import (
    Absent,
    Began,
    Ended,
    Event,
    Final,
    Finished,
    Gap,
    Partial,
    Paused,
    Ready,
    Reconnecting,
    Resumed,
)
from asrcli.core.printable import harmless
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import LOCAL_TEXT, account, pause, reported, short_clock

MOST_OPEN = 20  # open sentences on the page; a service that opens more has forgotten the oldest
MOST_TEXT = 5000  # characters of one text; nobody says more in a sentence
LIVE, WAITING, ENDED = "live", "waiting", "ended"


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """A line that will not change: a sentence, a gap, a pause that has ended, or the heading of a source."""

    shown: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CaptionsNow:
    """All that may still change: the open sentences, and the state of the run. Replaces the last one.

    Attributes:
        open: The open sentences, oldest first.
        state: waiting, live or ended.
        troubles: What a reader must know, such as that the connection is lost; each with its kind, speaker and text.
    """

    open: tuple[dict[str, Any], ...] = ()
    state: str = WAITING
    troubles: tuple[dict[str, str], ...] = ()


CaptionUpdate = CaptionLine | CaptionsNow


class CaptionPage:
    """An output that gives the updates of a page to a function, which must not wait."""

    passive = True

    def __init__(self, publish: Callable[[CaptionUpdate], None]) -> None:
        self._publish = publish
        self._state = WAITING
        self._troubles: dict[str, dict[str, str]] = {}  # by speaker
        self._last_source: Began | None = None

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Publish what an event changes on the page."""
        noted = self._note(event)
        line = self._line(event)
        if line is not None:
            self._publish(CaptionLine({key: value for key, value in line.items() if value != ""}))
        if noted or line is not None or isinstance(event, Partial | Provisional | Finished):
            self._publish(CaptionsNow(_open(transcript), self._state, tuple(self._troubles.values())))

    def close(self) -> None:
        """Publish that the run has ended, unless that is published already."""
        if self._state != ENDED:
            self._state = ENDED
            self._publish(CaptionsNow((), ENDED))

    def _line(self, event: Event) -> dict[str, Any] | None:
        if isinstance(event, Final):
            return _final(event)
        if isinstance(event, Gap):
            local = ""
            if event.local_text.strip():
                local = f" ({LOCAL_TEXT}{_text(event.local_text)})"
            reason = f"{short_clock(event.begin_ms)} – {short_clock(event.end_ms)} {reported(event.reason)}{local}"
            return {"kind": "gap", "text": reason, "speaker": _text(event.speaker), "at": event.begin_ms}
        if isinstance(event, Resumed):
            return {"kind": "pause", "text": pause(event, None).strip("[]"), "at": event.begin_ms}
        if isinstance(event, Began):
            return self._heading(event)
        if isinstance(event, Ended):
            return {"kind": "end", "text": f"end · {_text(account(event)[0])}"}
        return None

    def _heading(self, began: Began) -> dict[str, Any] | None:
        """Return the heading of a source that follows another one; sources at once have labels instead."""
        before, self._last_source = self._last_source, began
        again = self._state == ENDED  # the next of several runs, whose times start at 0 again
        self._state = LIVE
        if before is None or (not again and began.source == before.source):
            return None
        if not again and began.begin_ms == before.begin_ms:
            return None
        return {"kind": "source", "text": _text(began.source), "at": began.begin_ms}

    def _note(self, event: Event) -> bool:
        """Take what the event says about the state of the run, and return whether it says anything."""
        if isinstance(event, Ready | Resumed):
            self._troubles.pop(getattr(event, "speaker", ""), None)
            if isinstance(event, Ready):  # it does not say whose connection is back
                self._troubles = {who: each for who, each in self._troubles.items() if each["kind"] != "reconnecting"}
        elif isinstance(event, Paused):
            self._trouble(event.speaker, "muted" if event.muted else "paused", "")
        elif isinstance(event, Reconnecting):
            self._trouble(event.speaker, "reconnecting", reported(event.reason))
        elif isinstance(event, Absent):
            self._trouble(event.speaker, "absent", reported(event.reason))
        elif isinstance(event, Began):
            self._troubles.pop(event.speaker, None)
        elif isinstance(event, Ended):
            self._state = ENDED
            self._troubles = {}
        else:
            return False
        return True

    def _trouble(self, speaker: str, kind: str, text: str) -> None:
        self._troubles[speaker] = {"kind": kind, "speaker": _text(speaker), "text": text}


def _final(event: Final) -> dict[str, Any] | None:
    if not event.text.strip() and not event.translation.strip():
        return None
    return {
        "kind": "final",
        "text": _text(event.text),
        "speaker": _text(event.speaker),
        "lang": event.language,
        "translation": _text(event.translation),
        "into": event.translated_into,
        "at": event.begin_ms,
    }


def _open(transcript: Transcript) -> tuple[dict[str, Any], ...]:
    """Return the open sentences of the service, followed by what this machine has heard in an outage."""
    shown: list[dict[str, Any]] = [
        {
            "settled": harmless(partial.settled[:MOST_TEXT]).lstrip(),
            "unsettled": harmless(partial.unsettled[:MOST_TEXT]),
            "speaker": _text(partial.speaker),
            "lang": partial.language,
            "translation": _text(partial.translation),
            "into": partial.translated_into,
        }
        for partial in list(transcript.open.values())[-MOST_OPEN:]
        if partial.text.strip() or partial.translation.strip()
    ]
    for heard in transcript.provisional.values():
        shown.append(
            {"provisional": True, "settled": "", "unsettled": _text(heard.text), "speaker": _text(heard.speaker)}
        )
    return tuple({key: value for key, value in each.items() if value} for each in shown[-MOST_OPEN:])


def _text(text: str) -> str:
    return harmless(text[:MOST_TEXT]).strip()
