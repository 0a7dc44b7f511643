"""Transcript: events folded into the latest sentence, the open sentences and the gaps. Each change is a new value.

It holds only what an output needs next, not the whole text, so that a run of ten hours needs no more memory than one
of ten seconds: an output that keeps the text writes each sentence when it becomes final.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from asrcli.core.dataclass import dataclass, field, often_made
from asrcli.core.events import Event, Final, Finished, Gap, Partial, Reconnecting, Resumed
from asrcli.core.provisional_event import Provisional

TASK_MOST_OPEN = 200  # open sentences of a task; a service that opens more has forgotten the oldest
MOST_OPEN = 2000  # open sentences; more than one task can have, and one for each of very many speakers
Value = TypeVar("Value")


@often_made
@dataclass(frozen=True, slots=True)
class Sentence:
    """A finished sentence with its number in the run, counted from 1."""

    number: int
    final: Final


@often_made
@dataclass(frozen=True, slots=True)
class Transcript:
    """The transcript of a run so far.

    Attributes:
        latest: The last sentence that became final.
        sentences: How many sentences are final.
        open: The latest partial of each sentence that is not final, oldest first, by its key on the wire.
        highest: The highest number of a final sentence.
        numbers: The number each open sentence will carry when it is final, the highest one last.
        covered_ms: The end of the text on the timeline of the run.
        lost_ms: Audio in gaps.
        paused_ms: Duration of the pauses.
        final_until_ms: The end of the last final of each speaker.
        provisional: The last sentences that this machine has heard instead of the service, by their keys.
    """

    latest: Sentence | None = None
    sentences: int = 0
    highest: int = 0
    open: dict[str, Partial] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    covered_ms: int = 0
    lost_ms: int = 0
    paused_ms: int = 0
    final_until_ms: dict[str, int] = field(default_factory=dict)
    provisional: dict[str, Provisional] = field(default_factory=dict)

    @property
    def settled(self) -> str:
        """The open text that will not change: all before the first unsettled word."""
        return settled_text(list(self.open.values()))

    @property
    def unsettled(self) -> str:
        """The open text that may still change."""
        return unsettled_text(list(self.open.values()))

    @property
    def translation(self) -> str:
        """The translation of the open text, where there is one; all of it may still change."""
        return " ".join(partial.translation for partial in self.open.values() if partial.translation)

    @property
    def next_number(self) -> int:
        """The number for the next new sentence."""
        return 1 + max(self.highest, next(reversed(self.numbers.values()), 0))


def settled_text(partials: Sequence[Partial]) -> str:
    """The text of open sentences that will not change: what is settled of the first one."""
    if not partials:
        return ""
    return partials[0].settled


def unsettled_text(partials: Sequence[Partial]) -> str:
    """The text of open sentences that may still change: the rest of the first one, and all later ones."""
    if not partials:
        return ""
    return " ".join([partials[0].unsettled, *(later.text for later in partials[1:])])


def fold(transcript: Transcript, event: Event) -> Transcript:
    """The transcript after one more event."""
    if isinstance(event, Partial):
        return _opened(transcript, event)
    if isinstance(event, Final):
        return _settled(transcript, event)
    if isinstance(event, Provisional):
        return replace(transcript, provisional=_with_provisional(transcript.provisional, event))
    if isinstance(event, Gap):
        return replace(transcript, lost_ms=transcript.lost_ms + event.end_ms - event.begin_ms)
    if isinstance(event, Resumed):
        return replace(transcript, paused_ms=transcript.paused_ms + event.end_ms - event.begin_ms)
    if isinstance(event, Finished | Reconnecting):  # a sentence that never became final is empty, or will be sent again
        rest = {key: partial for key, partial in transcript.open.items() if partial.speaker != event.speaker}
        return replace(transcript, open=rest, numbers={key: transcript.numbers[key] for key in rest})
    return transcript


def _opened(transcript: Transcript, partial: Partial) -> Transcript:
    if partial.key not in transcript.open and len(transcript.open) >= MOST_OPEN:
        # The service opens sentences and ends none.
        oldest = next(iter(transcript.open))
        transcript = replace(transcript, open=_without(transcript.open, oldest))
        transcript = replace(transcript, numbers=_without(transcript.numbers, oldest))
    numbers = transcript.numbers
    if partial.key not in numbers:
        numbers = numbers | {partial.key: transcript.next_number}
    reached_ms = partial.begin_ms
    if partial.words:
        reached_ms = partial.words[-1].end_ms
    return replace(
        transcript,
        open=transcript.open | {partial.key: partial},
        numbers=numbers,
        covered_ms=max(transcript.covered_ms, reached_ms),
    )


def _settled(transcript: Transcript, final: Final) -> Transcript:
    number = transcript.numbers.get(final.key) or transcript.next_number
    changes: dict[str, Any] = {
        "open": _without(transcript.open, final.key),
        "numbers": _without(transcript.numbers, final.key),
        "covered_ms": max(transcript.covered_ms, final.end_ms),
    }
    if final.text.strip():  # else the service took the sentence back: its number is free again
        before_ms = transcript.final_until_ms.get(final.speaker, 0)
        changes |= {
            "latest": Sentence(number, final),
            "sentences": transcript.sentences + 1,
            "highest": max(number, transcript.highest),
            "final_until_ms": transcript.final_until_ms | {final.speaker: max(before_ms, final.end_ms)},
        }
    return replace(transcript, **changes)


def _with_provisional(provisional: dict[str, Provisional], event: Provisional) -> dict[str, Provisional]:
    if not event.text.strip():
        return _without(provisional, event.key)
    later = provisional | {event.key: event}
    return _without(later, next(iter(later))) if len(later) > MOST_OPEN else later


def _without(named: dict[str, Value], key: str) -> dict[str, Value]:
    rest = named.copy()  # with hundreds of open sentences a tenth of what a new dictionary costs
    rest.pop(key, None)
    return rest
