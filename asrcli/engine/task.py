"""One task on the wire: its codec, its place on the timeline, its open sentences, and what it says again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from asrcli.events import Event, Final, Finished, Gap, Notice, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.message import Message
from asrcli.placing import shifted
from asrcli.recovery.repeats import Sent, is_repeat
from asrcli.seams import ClientCodec

OPEN_LIMIT = 200  # sentences that are open at once; a service that opens more has forgotten the oldest


@dataclass(frozen=True, slots=True)
class Repeated:
    """A final that was dropped: its words are settled already."""

    final: Final


class Task:
    """What a service says about the audio from `offset_ms` on; that may be moved until audio has been sent.

    Attributes:
        sent_ms: Audio has been sent up to here. No time that the service names lies behind it.
        finishing: The service was asked for the rest: what it leaves open now it will never finish.
        heard_to_ms: The service has listened up to here: a final whose times can be true begins at it.
    """

    def __init__(self, codec: ClientCodec, again: Sent | None = None) -> None:
        self.codec = codec
        self.offset_ms = self.sent_ms = self.heard_to_ms = 0
        self.finishing = False
        self._again = again  # what of the audio before this task's is sent again
        self._open: dict[str, SpeechStarted | Partial] = {}

    def begin_at(self, position_ms: int) -> None:
        """The next sample of this task is heard as the first."""
        self.offset_ms = self.sent_ms = self.heard_to_ms = position_ms

    def receive(self, message: Message) -> Iterator[Event | Repeated]:
        """What a message says, on the run's timeline, with times inside the audio that was sent.

        Raises:
            ProtocolError, ServiceRefused
        """
        for event in self.codec.receive(message):
            named = shifted(event, self.offset_ms)
            placed = self._clamped(named)
            if isinstance(placed, Final) and placed == named and placed.begin_ms < placed.end_ms:
                self.heard_to_ms = max(self.heard_to_ms, placed.begin_ms)
            yield from self._placed(placed)

    @property
    def open_ms(self) -> int | None:
        """Where the oldest open sentence begins."""
        return min((event.begin_ms for event in self._open.values()), default=None)

    def open_spans(self, end_ms: int) -> list[tuple[int, int]]:
        """The open sentences, each up to where the next begins, the last up to `end_ms`."""
        begins = sorted({event.begin_ms for event in self._open.values()})
        return [span for span in pairwise([*begins, max([end_ms, *begins])]) if span[0] < span[1]]

    def _placed(self, event: Event) -> Iterator[Event | Repeated]:
        if isinstance(event, SpeechStarted | Partial):
            self._remember(event)
        elif isinstance(event, Final):
            self._open.pop(event.key, None)
            if self._again is not None and is_repeat(event, self._again):
                yield Repeated(event)
                return
        elif isinstance(event, Gap):  # a sentence that begins in it will have no text
            self._open = {
                key: each for key, each in self._open.items()
                if not event.begin_ms <= each.begin_ms <= max(event.begin_ms, event.end_ms - 1)
            }  # fmt: skip
        elif isinstance(event, Finished) and self.finishing:
            yield from self._left_open()
        yield event

    def _remember(self, event: SpeechStarted | Partial) -> None:
        before = self._open.get(event.key)
        if isinstance(event, Partial):
            self._open[event.key] = replace(event, begin_ms=min(event.begin_ms, before.begin_ms)) if before else event
        elif before is None:
            self._open[event.key] = event
        if len(self._open) > OPEN_LIMIT:
            del self._open[next(iter(self._open))]

    def _left_open(self) -> Iterator[Event]:
        """The task is over: the last text of a sentence that never became final is kept as it is."""
        for key, event in list(self._open.items()):
            if isinstance(event, Partial) and event.text.strip():
                del self._open[key]
                begins = [other.begin_ms for other in self._open.values() if other.begin_ms > event.begin_ms]
                end_ms = event.words[-1].end_ms if event.words else min([self.sent_ms, *begins])
                yield Notice("warning", "the service ended the task with a sentence open: its last text is kept")
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
