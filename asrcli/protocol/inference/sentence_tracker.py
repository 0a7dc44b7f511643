"""The sentences of one task on the inference wire: open, final, repeated, late. No I/O."""

from collections.abc import Iterator

from asrcli.core.dataclass import dataclass
from asrcli.core.events import Event, Gap, Notice, SpeechStarted
from asrcli.core.transcript import TASK_MOST_OPEN
from asrcli.protocol.discarded_messages import REPEATED, DiscardedMessages, SentenceKeys
from asrcli.protocol.inference.sentence import SentenceResult, begin_of, final_of, has_ended, partial_of, read
from asrcli.protocol.json_messages import Json, flag, part, text
from asrcli.protocol.timestamps import SureTime, usable_time

MOST_REMEMBERED = 1000  # finals of a task that are recognized when they are repeated
NO_READABLE_TEXT = "the service ended this sentence without a text that can be read"
HEARTBEAT = "dropped a sentence in a heartbeat packet"


@dataclass(slots=True)
class _OpenSentence:
    """A sentence that is not final: its key, its start and its latest result."""

    key: str
    begin_ms: int
    result: SentenceResult


class SentenceTracker:
    """The sentences of one task. Each final has its own key, even where the service uses a number twice.

    Attributes:
        after_ms: The end of the last final.
        over: The service was asked for the rest of the text: it has all audio.
    """

    def __init__(self, dropped: DiscardedMessages, keys: SentenceKeys) -> None:
        self.after_ms = 0
        self.over = False
        self._sure = SureTime()
        self._dropped = dropped
        self._keys = keys
        self._open: dict[str, _OpenSentence] = {}
        self._finals: dict[str, SentenceResult] = {}  # the last final of each name

    def read(self, sentence: Json, sent_ms: int | None) -> list[Event]:
        """The events for a sentence object, and for the start of the next sentence, which may be in it as `stash`.

        Args:
            sentence: The object.
            sent_ms: How much audio has been sent; None if that is not known.

        Raises:
            ProtocolError: the sentence has ended and its text is of another type.
        """
        if flag(sentence, "heartbeat"):
            return list(self._in_heartbeat(sentence))
        result = read(sentence)
        events = self._events(result, sent_ms)
        if "stash" in sentence and text(part(sentence, "stash"), "text"):
            next_begin = read(part(sentence, "stash") | {"sentence_end": False})
            events += self._partial(next_begin._replace(settled=0), sent_ms)
        return events

    def missing(self, sentence: Json) -> Iterator[Gap]:
        """The gap for a sentence that has ended and whose text cannot be read, if the object says where it was."""
        begin_ms, end_ms = usable_time(sentence, "begin_time"), usable_time(sentence, "end_time")
        if begin_ms is not None and end_ms is not None and begin_ms < end_ms:
            yield Gap(begin_ms, end_ms, NO_READABLE_TEXT)

    def rest(self, sent_ms: int | None) -> Iterator[Event]:
        """The finals for open sentences whose last result has an end time, although no result said that they ended."""
        for name, sentence in list(self._open.items()):
            if sentence.result.end_ms is not None and name in self._open:
                yield from self._final(sentence.result, sent_ms)

    def _events(self, result: SentenceResult, sent_ms: int | None) -> list[Event]:
        if result.ended:
            return list(self._final(result, sent_ms))
        return self._partial(result, sent_ms)

    def _in_heartbeat(self, sentence: Json) -> Iterator[Event]:
        words = text(sentence, "text")
        if words.strip() and has_ended(sentence) and all(words != final.text for final in self._finals.values()):
            yield self._dropped.final(HEARTBEAT)

    def _final(self, result: SentenceResult, sent_ms: int | None) -> Iterator[Event]:
        name = self._name(result)
        if result.repeats(self._finals.get(name)):
            if result.text.strip():
                yield self._dropped.final(REPEATED)
            return
        open_sentence = self._open.pop(name, None)
        if result.untold:
            yield self._dropped.missing_text()
            if open_sentence is None or not open_sentence.result.text:
                return  # a final without text would say that there were no words
            result = result._replace(text=open_sentence.result.text, words=open_sentence.result.words)
        begin_ms = result.begin_ms
        if open_sentence is None:
            key = self._keys.new(name)
        else:
            key = open_sentence.key
            if begin_ms is None:
                begin_ms = open_sentence.begin_ms
        others = [other.begin_ms for other in self._open.values()]
        final = final_of(key, result, begin_ms, self.after_ms, sent_ms, self._sure, others, over=self.over)
        self.after_ms = max(self.after_ms, final.end_ms)
        self._finals.pop(name, None)
        # A repetition is known by its text and its times.
        self._finals[name] = SentenceResult(result.number, result.begin_ms, result.end_ms, result.text, ended=True)
        if len(self._finals) > MOST_REMEMBERED:
            del self._finals[next(iter(self._finals))]
        yield final

    def _partial(self, result: SentenceResult, sent_ms: int | None) -> list[Event]:
        if not result.text and not result.opens:
            return []  # nothing to show yet
        name = self._name(result)
        if name not in self._open and result.is_behind(self._finals.get(name)):
            return [Notice("debug", f"dropped a late partial of sentence {name}, which is final")]
        # Early rather than late: audio before an open sentence may be settled as silence.
        begin_ms = begin_of(result, min(self.after_ms, self._sure.after_ms), sent_ms)
        if name not in self._open:
            self._open[name] = _OpenSentence(self._keys.new(name), begin_ms, result)
        elif not result.text:
            return []  # the start was reported before
        elif result.begin_ms is None:
            begin_ms = self._open[name].begin_ms
        self._open[name].begin_ms = begin_ms
        self._open[name].result = result
        key = self._open[name].key
        if len(self._open) > TASK_MOST_OPEN:
            del self._open[next(iter(self._open))]
        if result.text:
            return [partial_of(key, result, begin_ms)]
        return [SpeechStarted(key, begin_ms)]

    def _name(self, result: SentenceResult) -> str:
        """The name of a sentence. One without a number may be open under the start that it had in an earlier result."""
        if result.number is not None or result.name in self._open:
            return result.name
        for name, sentence in self._open.items():
            if sentence.result.number is not None:
                continue
            ends_behind = result.ended and result.end_ms is not None and sentence.begin_ms < result.end_ms
            if result.begin_ms is None or ends_behind:
                return name
        if result.begin_ms is None:
            return f"at-{self.after_ms}"
        return result.name
