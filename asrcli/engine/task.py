"""One task of a service: its codec, its place on the timeline, its open sentences, and its repeated finals."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from asrcli.core.errors import AsrError, ConnectionLost
from asrcli.core.event_placement import clamp_event, decided_until_ms, shift_event
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial, Ready, SpeechStarted, SpeechStopped
from asrcli.core.interfaces import ClientCodec
from asrcli.core.lazy_module import LazyModule
from asrcli.core.message import Message
from asrcli.core.transcript import TASK_MOST_OPEN
from asrcli.recovery.duplicate_finals import (
    EarlierVersions,
    FirstFinals,
    RepeatedFinal,
    ResentAudio,
    is_repeat,
    normalized_text,
    rest_of,
)
from asrcli.recovery.resent_sentences import ResentSentences
from asrcli.recovery.spans import Spans

if TYPE_CHECKING:
    from asrcli.protocol import timestamps
else:
    timestamps = LazyModule("asrcli.protocol.timestamps")

ANSWER_S = 60.0  # a service that sends nothing about an open sentence for this time has abandoned it
SHORTEST_CHARACTER_MS = 10  # no speaker says a character in less
ORDERLY_CLOSE_CODES = (1000, 1005)
NO_TEXT = "the service left this sentence without a text"
UNFINISHED = "the service ended the task with a sentence open"
FORGOTTEN = f"the service said nothing about an open sentence for {ANSWER_S:.0f} s"
ESTIMATED = "the service left out when a sentence was spoken: such times are estimated, and marked in JSON Lines"
TOO_MANY_OPEN = f"the service opened more than {TASK_MOST_OPEN} sentences and ended none of them"
_OPEN_EVENTS = (SpeechStarted, Partial)
_UPDATES = (*_OPEN_EVENTS, SpeechStopped)  # of an open sentence


class TranscriptionTask:
    """The events of a service about the audio from `offset_ms` on. The offset may be moved until audio has been sent.

    `codec` is used by this task alone. The audio of the finals in `resent` is sent again on it.

    Attributes:
        sent_ms: The end of the audio that was sent. Later times that the service names are cut to it.
        finishing: The service was asked for the rest of the text: sentences that it leaves open now get no text.
        engine: The recognizer that the other end named; empty if it named none.
        processed_ms: The service has processed the audio up to here: a final with credible times begins here.
        first_finals: Its first finals as the service sent them.
        finish_held: The service says that the task is over, but text may be missing: later messages still count.
        has_text: A final has come.
        left_open: The service ended the task with a sentence open that had a text.
        estimates: The times of a final were estimated, or cannot be true.
        lacks_text: Returns whether sound that was sent has no text yet; None if no text is awaited after the end.
    """

    def __init__(self, codec: ClientCodec, resent: ResentAudio | None = None) -> None:
        self.codec = codec
        self.finish_held = self.has_text = self.left_open = self.estimates = False
        self.lacks_text: Callable[[], bool] | None = None
        self._has_partials = False
        self.engine = ""
        self.offset_ms = self.sent_ms = self.processed_ms = 0
        self.finishing = False
        self._resent = resent
        self._again = ResentSentences(resent)
        self.first_finals = FirstFinals(resent)
        self._open: dict[str, SpeechStarted | Partial] = {}  # by key, as in all that follow; oldest first
        self._stopped: dict[str, int] = {}  # where the speech of an open sentence ended
        # When the last event about an open sentence came, and how much audio had been sent by then.
        self._updated_at: dict[str, tuple[float, int]] = {}
        self._given_up: dict[str, Final] = {}  # sentences whose last text became their final
        self._versions = EarlierVersions()
        self._normalized: dict[str, str] = {}  # the normalized text of an open sentence, once it was compared
        self._forgotten = Spans()  # sentences without text that were dropped because too many were open
        self._warned: set[str] = set()
        self._has_final_after_finish = False

    def begin_at(self, position_ms: int) -> None:
        """Set the place of the task's first sample on the timeline."""
        self.offset_ms = self.sent_ms = self.processed_ms = position_ms

    def receive(self, message: Message, now: float) -> Iterator[Event | RepeatedFinal]:
        """Return the events of a message that came at `now`, on the run's timeline, with times inside the sent audio.

        Raises:
            ProtocolError: the message cannot be read.
            ServiceRefused: the service reports that the task has failed.
        """
        return self.take(self.codec.receive(message), now)

    def take(self, events: Iterable[Event], now: float) -> Iterator[Event | RepeatedFinal]:
        """Yield events of this task's codec on the run's timeline, as `receive` does."""
        for event in events:
            shifted = shift_event(event, self.offset_ms)
            placed = clamp_event(shifted, self.offset_ms, self.sent_ms)
            if isinstance(placed, Ready):
                placed = replace(placed, engine=self.engine)
            if isinstance(placed, Final) and placed is shifted and placed.begin_ms < placed.end_ms:
                self.processed_ms = max(self.processed_ms, min(placed.begin_ms, decided_until_ms(placed)))
            yield from self._track(placed)
            if isinstance(placed, _UPDATES) and placed.key in self._open:
                self._updated_at[placed.key] = (now, self.sent_ms)

    def give_up(self, now: float) -> Iterator[Final | Gap | Notice]:
        """End each sentence that the service has abandoned: its last text becomes its final; without text it is a gap.

        Audio after an open sentence is never settled. If a sentence stayed open forever, all audio after it would be
        sent again after a loss. While no audio is sent, in a pause, the service sends nothing.
        """
        silent = [
            key
            for key, (at_s, sent_ms) in self._updated_at.items()
            if now - at_s >= ANSWER_S and self.sent_ms - sent_ms >= ANSWER_S * 1000
        ]
        for key in silent:
            if (event := self._open.get(key)) is None:
                continue
            if isinstance(event, Partial):
                yield from self._close_with_last_text(key, FORGOTTEN)
                continue
            end_ms = self._stopped.get(key, self._next_begin_ms(event))
            self._forget(key)
            yield Gap(event.begin_ms, max(event.begin_ms, end_ms), NO_TEXT)

    @property
    def open_sentences(self) -> tuple[SpeechStarted | Partial, ...]:
        """The sentences that are open, each with its last text."""
        return tuple(self._open.values())

    @property
    def open_ms(self) -> int | None:
        """Where the earliest open sentence begins; None without one."""
        return min((event.begin_ms for event in self._open.values()), default=None)

    def open_spans(self, end_ms: int) -> list[tuple[int, int]]:
        """Return the spans of open sentences: each to its known end, to the start of the next, or to `end_ms`."""
        begins = [*sorted({event.begin_ms for event in self._open.values()}), end_ms]
        spans = list(self._forgotten)
        for key, event in self._open.items():
            behind_ms = max(event.begin_ms, begins[bisect_right(begins, event.begin_ms, hi=len(begins) - 1)])
            spans.append((event.begin_ms, max(event.begin_ms, self._stopped.get(key, behind_ms))))
        return sorted(span for span in set(spans) if span[0] < span[1])

    def may_have_ended(self, loss: AsrError) -> bool:
        """Whether the task may have come to its end before a loss that followed the last audio.

        No sentence may be open, and text must have come: after the rest was asked for, or before an orderly close.
        """
        if self._open or self.codec.manual or not isinstance(loss, ConnectionLost):
            return False
        return self._has_final_after_finish or (self.has_text and loss.code in ORDERLY_CLOSE_CODES)

    def _track(self, event: Event) -> Iterator[Event | RepeatedFinal]:
        if isinstance(event, _OPEN_EVENTS):
            if event.key in self._given_up:
                return  # its final brings what is new in it
            yield from self._remember(event)
        elif isinstance(event, SpeechStopped):
            if event.key in self._open:
                self._stopped[event.key] = event.end_ms
        elif isinstance(event, Gap):
            self._forget_inside(event)
        elif isinstance(event, Final):
            if event.estimated and event.text.strip() and ESTIMATED not in self._warned:
                self._warned.add(ESTIMATED)
                yield Notice("warning", ESTIMATED)
            yield self._checked(event)
            return
        elif isinstance(event, Finished) and self.finishing:
            if self.is_incomplete:
                self.finish_held = True
                return
            yield from self._close_all()
        yield event

    @property
    def is_incomplete(self) -> bool:
        """Whether text may be missing: a sentence is open, or a service that shows no partials has left sound out."""
        if self.lacks_text is None or self.codec.quiet_end_s is not None:  # a pause is the end of such a service
            return False
        return bool(self._open) or (not self._has_partials and self.lacks_text())

    def _forget_inside(self, gap: Gap) -> None:
        """Forget the sentences that begin in a gap: it says that they have no text."""
        last_ms = max(gap.begin_ms, gap.end_ms - 1)
        for key in [key for key, other in self._open.items() if gap.begin_ms <= other.begin_ms <= last_ms]:
            self._forget(key)

    def _checked(self, final: Final) -> Final | RepeatedFinal:
        """Close the sentence of a final, and return it as a RepeatedFinal if its text is final already."""
        self._close(final)
        self.has_text, task_ms = True, None
        if normalized_text(final.text):  # the times of a final without words say nothing about those of others
            # As where times are in seconds.
            too_short = final.end_ms - final.begin_ms < SHORTEST_CHARACTER_MS * len(final.text)
            self.estimates = self.estimates or final.estimated or too_short
        if self.finishing:
            self._has_final_after_finish = True
            task_ms = self.sent_ms - self.offset_ms
        if earlier := self._given_up.pop(final.key, None) or self._versions.earlier(final):
            rest = rest_of(final, earlier)
            if rest is final:
                self._versions.remember(final)
            elif rest is not None:
                self._versions.remember(final, earlier.key)
            return rest or RepeatedFinal(final)
        self._versions.remember(final)
        self.estimates = self.estimates or not self._versions.places_are_true
        sent_before = self.first_finals.add(final, self.offset_ms, self.sent_ms)
        if self._resent is None or not (sent_before or is_repeat(final, self._resent, task_ms)):
            return self._again.new_part(final) or RepeatedFinal(final)
        self._resent = replace(self._resent, last_text="")  # it is repeated once at most
        return RepeatedFinal(final)

    def _remember(self, event: SpeechStarted | Partial) -> Iterable[Event]:
        before = self._open.get(event.key)
        self._normalized.pop(event.key, None)
        if isinstance(event, Partial) and before is not None and before.begin_ms < event.begin_ms:
            event = replace(event, begin_ms=before.begin_ms)
        if before is None or isinstance(event, Partial):
            self._open[event.key] = event
        self._has_partials = True
        if len(self._open) > TASK_MOST_OPEN:
            return self._close_with_last_text(next(iter(self._open)), TOO_MANY_OPEN)
        return ()

    def _close(self, final: Final) -> None:
        """Forget the sentence of a final, and open sentences with other keys that repeat a part of it."""
        self._forget(final.key)
        if not self._open:
            return
        final_text = normalized_text(final.text)
        for key, event in list(self._open.items()):
            is_same = event.begin_ms == final.begin_ms and not final.estimated
            if isinstance(event, Partial):
                inside = final.begin_ms <= event.begin_ms < final.end_ms
                is_same = inside and self._normalized_text(event) in final_text
            if is_same and final_text:
                self._forget(key)

    def _normalized_text(self, partial: Partial) -> str:
        if partial.key not in self._normalized:
            self._normalized[partial.key] = normalized_text(partial.text)
        return self._normalized[partial.key]

    def _forget(self, key: str) -> None:
        for by_key in (self._open, self._stopped, self._updated_at, self._normalized):
            by_key.pop(key, None)

    def _close_all(self) -> Iterator[Event]:
        """Yield the last text of each open sentence as its final: the task is over."""
        for key in list(self._open):
            if isinstance(self._open[key], Partial):
                self.left_open = True
                yield from self._close_with_last_text(key, UNFINISHED)

    def _close_with_last_text(self, key: str, why: str) -> Iterator[Final | Notice]:
        """Yield the last text of an open sentence as its final, unless another open sentence or a final holds it."""
        event = self._open[key]
        end_ms = self._stopped.get(key)
        self._forget(key)
        if isinstance(event, SpeechStarted):
            self._forgotten.add(event.begin_ms, end_ms or self._next_begin_ms(event))
            return
        partials = [other for other in self._open.values() if isinstance(other, Partial)]
        texts = [other.text for other in partials if other.begin_ms == event.begin_ms]
        told = not self.estimates and self._versions.holds(event.begin_ms, event.text)
        if told or not event.text.strip() or any(event.text in text for text in texts):
            return
        sure_ms = None
        if end_ms is None and event.words:
            end_ms = event.words[-1].end_ms
        elif end_ms is None:
            self.estimates = True
            if why != UNFINISHED:  # at the end of a task nothing is on its way any more
                sure_ms = event.begin_ms
            next_ms = self._next_begin_ms(event)
            end_ms = timestamps.likely_end(event.begin_ms, event.text, next_ms=next_ms, sent_ms=self.sent_ms)
        level = "debug" if why in self._warned else "warning"  # warn once a task
        yield Notice(level, f"{why}: its last text is kept")
        self._warned.add(why)
        final = Final(
            key, event.begin_ms, max(event.begin_ms, end_ms), event.text, event.words, event.language,
            event.emotion, event.speaker, event.translation, event.translated_into, sure_ms=sure_ms,
        )  # fmt: skip
        self._given_up[key] = final
        for old in list(self._given_up)[:-TASK_MOST_OPEN]:
            del self._given_up[old]
        yield final

    def _next_begin_ms(self, event: SpeechStarted | Partial) -> int:
        """Return where the next open sentence begins; the end of the sent audio where there is none."""
        begins = [other.begin_ms for other in self._open.values() if other.begin_ms > event.begin_ms]
        return min([self.sent_ms, *begins])
