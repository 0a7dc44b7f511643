"""One task on the wire: its codec, its place on the timeline, its open sentences, and what it says again."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from asrcli.core.errors import AsrError, ConnectionLost
from asrcli.core.event_placement import shift_event
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.interfaces import ClientCodec
from asrcli.core.message import Message
from asrcli.recovery.duplicate_finals import ResentAudio, is_repeat, normalized_text
from asrcli.recovery.spans import Spans

ANSWER_S = 60.0  # an open sentence of which a service says nothing for so long is one that it has forgotten
OPEN_LIMIT = 200  # sentences that are open at once; a service that opens more has forgotten the oldest
ORDERLY = (1000, 1005)  # close codes of who has no more to say
UNTOLD = "the service left this sentence without a text"
UNFINISHED = "the service ended the task with a sentence open"
FORGOTTEN = f"the service said nothing about an open sentence for {ANSWER_S:.0f} s"
MANY = f"the service opened more than {OPEN_LIMIT} sentences and ended none of them"


@dataclass(frozen=True, slots=True)
class RepeatedFinal:
    """A final that was dropped: its words are settled already."""

    final: Final


class TranscriptionTask:
    """What a service says about the audio from `offset_ms` on; that may be moved until audio has been sent.

    Attributes:
        sent_ms: Audio has been sent up to here. No time that the service names lies behind it.
        finishing: The service was asked for the rest: what it leaves open now it will never finish.
        heard_to_ms: The service has listened up to here: a final whose times can be true begins at it.
    """

    def __init__(self, codec: ClientCodec, again: ResentAudio | None = None) -> None:
        self.codec = codec
        self.offset_ms = self.sent_ms = self.heard_to_ms = 0
        self.finishing = False
        self._again = again  # what of the audio before this task's is sent again
        self._open: dict[str, SpeechStarted | Partial] = {}
        self._stopped: dict[str, int] = {}  # where the speech of open sentences ended
        self._forgotten = Spans()  # of sentences that were open, and too many others since
        self._heard_at: dict[str, float] = {}  # when the service said something about open sentences last
        self._plain: dict[str, str] = {}  # the words of open sentences, once they were compared
        self._warned: set[str] = set()
        self._said = self._told = False  # something is final, and that since the rest was asked for

    def begin_at(self, position_ms: int) -> None:
        """The next sample of this task is heard as the first."""
        self.offset_ms = self.sent_ms = self.heard_to_ms = position_ms

    def receive(self, message: Message, now: float) -> Iterator[Event | RepeatedFinal]:
        """What a message that came at `now` says, on the run's timeline, with times inside the audio that was sent.

        Raises:
            ProtocolError, ServiceRefused
        """
        for event in self.codec.receive(message):
            named = shift_event(event, self.offset_ms)
            placed = self._clamped(named)
            if isinstance(placed, Final) and placed == named and placed.begin_ms < placed.end_ms:
                self.heard_to_ms = max(self.heard_to_ms, placed.begin_ms)
            yield from self._placed(placed)
            if isinstance(placed, SpeechStarted | SpeechStopped | Partial) and placed.key in self._open:
                self._heard_at[placed.key] = now

    def give_up(self, now: float) -> Iterator[Final | Gap | Notice]:
        """End the sentences that the service has forgotten: each with its last text as its final, else with a gap.

        Nothing behind an open sentence is settled. If one stayed open for ever, all that follows it would be sent again
        after a loss.
        """
        for key in [key for key, at_s in self._heard_at.items() if now - at_s >= ANSWER_S]:
            if key not in self._open:
                continue
            event = self._open[key]
            if isinstance(event, Partial):
                yield from self._kept(key, FORGOTTEN)
                continue
            begins = [each.begin_ms for each in self._open.values() if each.begin_ms > event.begin_ms]
            end_ms = self._stopped.get(key, min([self.sent_ms, *begins]))
            self._forget(key)
            yield Gap(event.begin_ms, max(event.begin_ms, end_ms), UNTOLD)

    @property
    def open_ms(self) -> int | None:
        """Where the oldest open sentence begins."""
        return min((event.begin_ms for event in self._open.values()), default=None)

    def open_spans(self, end_ms: int) -> list[tuple[int, int]]:
        """The open sentences, each up to its end as far as that is known, else to where the next begins or `end_ms`."""
        begins = [*sorted({event.begin_ms for event in self._open.values()}), end_ms]
        spans = list(self._forgotten)
        for key, event in self._open.items():
            behind_ms = max(event.begin_ms, begins[bisect_right(begins, event.begin_ms, hi=len(begins) - 1)])
            spans.append((event.begin_ms, max(event.begin_ms, self._stopped.get(key, behind_ms))))
        return sorted(span for span in set(spans) if span[0] < span[1])

    def ended_with(self, loss: AsrError) -> bool:
        """Whether a loss behind the last audio may be the end of the task all the same: nothing is open, and text came.

        It came since the rest was asked for, or the other end has closed in order.
        """
        if self._open or self.codec.manual or not isinstance(loss, ConnectionLost):
            return False
        return self._told or (self._said and loss.code in ORDERLY)

    def _placed(self, event: Event) -> Iterator[Event | RepeatedFinal]:
        if isinstance(event, SpeechStarted | Partial):
            yield from self._remember(event)
        elif isinstance(event, SpeechStopped):
            if event.key in self._open:
                self._stopped[event.key] = event.end_ms
        elif isinstance(event, Gap):
            last_ms = max(event.begin_ms, event.end_ms - 1)
            for key in [key for key, each in self._open.items() if event.begin_ms <= each.begin_ms <= last_ms]:
                self._forget(key)  # it will have no text
        elif isinstance(event, Final):
            self._close(event)
            self._said, self._told = True, self._told or self.finishing
            room_ms = self.sent_ms - self.offset_ms if self.finishing else None
            if self._again is not None and is_repeat(event, self._again, room_ms):
                self._again = replace(self._again, last="")  # once
                yield RepeatedFinal(event)
                return
        elif isinstance(event, Finished) and self.finishing:
            yield from self._left_open()
        yield event

    def _remember(self, event: SpeechStarted | Partial) -> Iterator[Event]:
        before = self._open.get(event.key)
        self._plain.pop(event.key, None)
        if isinstance(event, Partial):
            self._open[event.key] = replace(event, begin_ms=min(event.begin_ms, before.begin_ms)) if before else event
        elif before is None:
            self._open[event.key] = event
        if len(self._open) > OPEN_LIMIT:
            yield from self._kept(next(iter(self._open)), MANY)

    def _close(self, final: Final) -> None:
        """A sentence is final, and so is what of it was told under other names."""
        self._forget(final.key)
        said = normalized_text(final.text)
        for key, event in list(self._open.items()):
            inside = final.begin_ms <= event.begin_ms < final.end_ms
            if inside and isinstance(event, Partial) and said and self._words_of(event) in said:
                self._forget(key)

    def _words_of(self, partial: Partial) -> str:
        if partial.key not in self._plain:
            self._plain[partial.key] = normalized_text(partial.text)
        return self._plain[partial.key]

    def _forget(self, key: str) -> None:
        for of_open in (self._open, self._stopped, self._heard_at, self._plain):
            of_open.pop(key, None)

    def _left_open(self) -> Iterator[Event]:
        """The task is over: the last text of a sentence that never became final is kept as it is."""
        for key in list(self._open):
            if isinstance(self._open[key], Partial):
                yield from self._kept(key, UNFINISHED)

    def _kept(self, key: str, why: str) -> Iterator[Final | Notice]:
        """The text of an open sentence as its final, where it has one and no other open sentence has the same."""
        event, end_ms = self._open[key], self._stopped.get(key)
        self._forget(key)
        if isinstance(event, SpeechStarted):
            behind_ms = min(
                (each.begin_ms for each in self._open.values() if each.begin_ms > event.begin_ms), default=0
            )
            self._forgotten.add(event.begin_ms, end_ms or behind_ms or self.sent_ms)
            return
        others = [each for each in self._open.values() if isinstance(each, Partial) and each.begin_ms == event.begin_ms]
        if not event.text.strip() or any(event.text in each.text for each in others):
            return
        if end_ms is None:
            begins = [other.begin_ms for other in self._open.values() if other.begin_ms > event.begin_ms]
            end_ms = event.words[-1].end_ms if event.words else min([self.sent_ms, *begins])
        yield Notice("debug" if why in self._warned else "warning", f"{why}: its last text is kept")
        self._warned.add(why)
        yield Final(
            key, event.begin_ms, max(event.begin_ms, end_ms), event.text, event.words, event.language,
            event.emotion, event.speaker, event.translation, event.translated_into,
        )  # fmt: skip

    def _clamped(self, event: Event) -> Event:
        """The same event with times in the audio that was sent on this task; a service may name any."""
        if isinstance(event, SpeechStarted):
            return replace(event, begin_ms=self._inside(event.begin_ms))
        if isinstance(event, SpeechStopped):
            return replace(event, end_ms=self._inside(event.end_ms))
        if isinstance(event, Partial):
            begin_ms = self._inside(event.begin_ms)
            return replace(event, begin_ms=begin_ms, words=self._words(event.words, begin_ms, self.sent_ms))
        if isinstance(event, Final):
            begin_ms = self._inside(event.begin_ms)
            end_ms = max(begin_ms, self._inside(event.end_ms))
            return replace(event, begin_ms=begin_ms, end_ms=end_ms, words=self._words(event.words, begin_ms, end_ms))
        if isinstance(event, Gap):
            begin_ms = self._inside(event.begin_ms)
            return replace(event, begin_ms=begin_ms, end_ms=max(begin_ms, self._inside(event.end_ms)))
        return event

    def _inside(self, time_ms: int) -> int:
        return max(self.offset_ms, min(time_ms, self.sent_ms))

    def _words(self, words: Sequence[Word], begin_ms: int, end_ms: int) -> tuple[Word, ...]:
        if all(begin_ms <= word.begin_ms <= word.end_ms <= end_ms for word in words):
            return tuple(words)
        placed = []
        for word in words:
            word_begin_ms = max(begin_ms, min(word.begin_ms, end_ms))
            placed.append(replace(word, begin_ms=word_begin_ms, end_ms=max(word_begin_ms, min(word.end_ms, end_ms))))
        return tuple(placed)
