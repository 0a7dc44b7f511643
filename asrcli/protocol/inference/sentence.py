"""The sentence object of the inference wire, read and written, and the sentences of one task. No I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from asrcli.core.events import Event, Final, Notice, Partial, SpeechStarted, Word
from asrcli.core.transcript import TASK_MOST_OPEN
from asrcli.protocol import timestamps
from asrcli.protocol.discarded import REPEATED, DiscardedMessages, SentenceKeys
from asrcli.protocol.json_messages import Json, flag, label, need, objects, part, text, whole

MOST_REMEMBERED = 1000  # finals of a task that are recognized when they are repeated
HEARTBEAT = "dropped a sentence in a heartbeat packet"


@dataclass(frozen=True, slots=True)
class SentenceResult:
    """The contents of a sentence object, before it has a key and checked times. A time that cannot be used is None."""

    number: int | str | None
    begin_ms: int | None
    end_ms: int | None
    text: str
    ended: bool
    settled: int = 0  # how many characters at the beginning will not change
    words: tuple[timestamps.TimedWord, ...] = ()
    emotion: str = ""
    opens: bool = False  # the object says that the sentence has just begun

    @property
    def name(self) -> str:
        """The number of the sentence as text; a sentence without a number is named after its begin."""
        return f"at-{self.begin_ms}" if self.number is None else str(self.number)

    def repeats(self, final: "SentenceResult | None") -> bool:
        """Whether this is the same sentence again. Without a span of its own, nothing can be proved: False."""
        if final is None or self.begin_ms is None or self.end_ms is None or self.begin_ms >= self.end_ms:
            return False
        return (self.text, self.begin_ms, self.end_ms) == (final.text, final.begin_ms, final.end_ms)

    def is_behind(self, final: "SentenceResult | None") -> bool:
        """Whether this result is older than the final that has the same name."""
        if final is None:
            return False
        if self.begin_ms is None or final.end_ms is None:
            return final.text.startswith(self.text)
        return self.begin_ms < final.end_ms


@dataclass(slots=True)
class _OpenSentence:
    """A sentence that is not final: its key, its begin and its latest result."""

    key: str
    begin_ms: int
    result: SentenceResult


class SentenceTracker:
    """The sentences of one task. Each final has its own key, even where the service uses a number twice.

    Attributes:
        after_ms: The end of the last final.
    """

    def __init__(self, dropped: DiscardedMessages, keys: SentenceKeys) -> None:
        self.after_ms = 0
        self._dropped = dropped
        self._keys = keys
        self._open: dict[str, _OpenSentence] = {}
        self._finals: dict[str, SentenceResult] = {}  # the last final of each name

    def read(self, sentence: Json, sent_ms: int | None) -> Iterator[Event]:
        """The events for a sentence object, and for the begin of the next sentence where the object has it as `stash`.

        Args:
            sentence: The object.
            sent_ms: How much audio has been sent; None where that is not known.

        Raises:
            ProtocolError: the sentence has ended and has no text.
        """
        if flag(sentence, "heartbeat"):
            yield from self._in_heartbeat(sentence)
            return
        result = read(sentence)
        yield from self._final(result, sent_ms) if result.ended else self._partial(result, sent_ms)
        if text(part(sentence, "stash"), "text"):
            next_begin = read(part(sentence, "stash") | {"sentence_end": False})
            yield from self._partial(replace(next_begin, settled=0), sent_ms)

    def rest(self, sent_ms: int | None) -> Iterator[Event]:
        """The finals for open sentences whose last result has an end time, although no result said that they ended."""
        for name, sentence in list(self._open.items()):
            if sentence.result.end_ms is not None and name in self._open:
                yield from self._final(sentence.result, sent_ms)

    def _in_heartbeat(self, sentence: Json) -> Iterator[Event]:
        words = text(sentence, "text")
        if words.strip() and _has_ended(sentence) and all(words != final.text for final in self._finals.values()):
            yield self._dropped.final(HEARTBEAT)

    def _final(self, result: SentenceResult, sent_ms: int | None) -> Iterator[Event]:
        name = self._name(result)
        if result.repeats(self._finals.get(name)):
            if result.text.strip():
                yield self._dropped.final(REPEATED)
            return
        open_sentence = self._open.pop(name, None)
        begin_ms = result.begin_ms
        if open_sentence is None:
            key = self._keys.new(name)
        else:
            key = open_sentence.key
            if begin_ms is None:
                begin_ms = open_sentence.begin_ms
        others = [other.begin_ms for other in self._open.values()]
        final = final_of(key, result, begin_ms, self.after_ms, sent_ms, others)
        self.after_ms = max(self.after_ms, final.end_ms)
        self._finals.pop(name, None)
        self._finals[name] = result
        if len(self._finals) > MOST_REMEMBERED:
            del self._finals[next(iter(self._finals))]
        yield final

    def _partial(self, result: SentenceResult, sent_ms: int | None) -> Iterator[Event]:
        if not result.text and not result.opens:
            return  # nothing to show yet
        name = self._name(result)
        if name not in self._open and result.is_behind(self._finals.get(name)):
            yield Notice("debug", f"dropped a late partial of sentence {name}, which is final")
            return
        begin_ms = begin_of(result, self.after_ms, sent_ms)
        if name not in self._open:
            self._open[name] = _OpenSentence(self._keys.new(name), begin_ms, result)
        elif not result.text:
            return  # the begin was reported before
        elif result.begin_ms is None:
            begin_ms = self._open[name].begin_ms
        self._open[name].begin_ms = begin_ms
        self._open[name].result = result
        key = self._open[name].key
        if len(self._open) > TASK_MOST_OPEN:
            del self._open[next(iter(self._open))]
        yield partial_of(key, result, begin_ms) if result.text else SpeechStarted(key, begin_ms)

    def _name(self, result: SentenceResult) -> str:
        """The name of a sentence. One without a number may be open under the begin that it had in an earlier result."""
        if result.number is not None or result.name in self._open:
            return result.name
        for name, sentence in self._open.items():
            if sentence.result.number is not None:
                continue
            ends_behind = result.ended and result.end_ms is not None and sentence.begin_ms < result.end_ms
            if result.begin_ms is None or ends_behind:
                return name
        return f"at-{self.after_ms}" if result.begin_ms is None else result.name


def read(sentence: Json) -> SentenceResult:
    """The contents of a sentence object.

    Raises:
        ProtocolError: the sentence has ended and has no text.
    """
    words = _words(sentence)
    ended = _has_ended(sentence)
    full_text = sentence.get("text")
    if not isinstance(full_text, str):
        full_text = _joined(words)
        if ended and not full_text:
            need(sentence, "text", str)  # raises the error that names the field
    settled = 0 if ended else _settled_length(full_text, sentence)
    begin_ms, end_ms = timestamps.usable_time(sentence, "begin_time"), timestamps.usable_time(sentence, "end_time")
    opens = flag(sentence, "sentence_begin") is True
    return SentenceResult(
        _number(sentence), begin_ms, end_ms, full_text, ended, settled, words, label(sentence, "emo_tag"), opens
    )


def final_of(
    key: str,
    result: SentenceResult,
    begin_ms: int | None,
    after_ms: int,
    sent_ms: int | None,
    others: Iterable[int] = (),
) -> Final:
    """The final for a sentence, with its times inside the audio; `others` are the begins of the open sentences."""
    first_ms = timestamps.start(result.words, sent_ms, after_ms) if begin_ms is None else begin_ms
    first_ms, last_ms = timestamps.span(
        begin_ms, result.end_ms, result.words, after_ms=after_ms, sent_ms=sent_ms, said=result.text,
        next_ms=min((other for other in others if other >= first_ms), default=None),
    )  # fmt: skip
    return Final(
        key, first_ms, last_ms, result.text, timestamps.within(result.words, first_ms, last_ms), "", result.emotion
    )  # fmt: skip


def begin_of(result: SentenceResult, after_ms: int, sent_ms: int | None) -> int:
    """The begin of an open sentence, in ms; estimated where its own is missing or behind the audio that was sent."""
    if result.begin_ms is None or (sent_ms and result.begin_ms > sent_ms):
        return timestamps.start(result.words, sent_ms, after_ms)
    return result.begin_ms


def partial_of(key: str, result: SentenceResult, begin_ms: int) -> Partial:
    """The partial for an open sentence."""
    settled, unsettled = result.text[: result.settled], result.text[result.settled :]
    return Partial(key, begin_ms, settled, unsettled, timestamps.within(result.words, begin_ms))


def write(event: Partial | Final) -> Json:
    """The sentence object for an event, with every key that the official SDK reads."""
    settled_text = event.text if isinstance(event, Final) else event.settled
    sentence = {
        "sentence_id": int(event.key),
        "begin_time": event.begin_ms,
        "end_time": event.end_ms if isinstance(event, Final) else None,
        "text": event.text,
        "words": list(_write_words(event.words, event.text, len(settled_text))),
        "sentence_begin": False,
        "sentence_end": isinstance(event, Final),
        "heartbeat": False,
    }
    return sentence | ({"emo_tag": event.emotion} if event.emotion else {})


def _has_ended(sentence: Json) -> bool:
    """Whether the sentence has ended. Without `sentence_end`, a sentence that has an end time has ended."""
    ended = flag(sentence, "sentence_end")
    return sentence.get("end_time") not in (None, "") if ended is None else ended


def _number(sentence: Json) -> int | str | None:
    number_on_wire = whole(sentence, "sentence_id")
    written = text(sentence, "sentence_id").strip()
    if number_on_wire is not None or not written:
        return number_on_wire
    return int(written) if written.isascii() and written.isdecimal() and len(written) < timestamps.DIGITS else written


def _settled_length(full_text: str, sentence: Json) -> int:
    """How many characters at the beginning of the text are words that the server marks as fixed."""
    cut = 0
    for word in objects(sentence, "words"):
        at = full_text.find(text(word, "text"), cut)
        if not flag(word, "fixed") or at < 0 or full_text[cut:at].strip():
            break
        cut = at + len(text(word, "text"))
        if full_text.startswith(text(word, "punctuation"), cut):
            cut += len(text(word, "punctuation"))
    return cut


def _words(sentence: Json) -> tuple[timestamps.TimedWord, ...]:
    return tuple(
        timestamps.TimedWord(
            text(word, "text"), timestamps.usable_time(word, "begin_time"), timestamps.usable_time(word, "end_time"),
            text(word, "punctuation"),
        )
        for word in objects(sentence, "words")
        if text(word, "text")
    )  # fmt: skip


def _joined(words: tuple[timestamps.TimedWord, ...]) -> str:
    """The text that the words make together, with a space between two ASCII words."""
    joined = ""
    for word in words:
        if joined and joined[-1:].isascii() and word.text.isascii() and not joined[-1:].isspace():
            joined += " "
        joined += word.text + word.punctuation
    return joined


def _write_words(words: tuple[Word, ...], full_text: str, settled: int) -> Iterator[Json]:
    at = 0
    for word in words:
        at = full_text.find(word.text, at) + len(word.text) + len(word.punctuation)
        yield {
            "begin_time": word.begin_ms,
            "end_time": word.end_ms,
            "text": word.text,
            "punctuation": word.punctuation,
            "fixed": at <= settled,
        }
