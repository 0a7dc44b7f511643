"""The sentence object of the inference wire, read and written. Knows nothing of tasks and envelopes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from asrcli.core.events import Event, Final, Notice, Partial, SpeechStarted, Word
from asrcli.protocol import timestamps
from asrcli.protocol.discarded import REPEATED, DiscardedMessages, SentenceKeys
from asrcli.protocol.json_messages import Json, flag, label, need, part, text, whole

OPEN = 200  # so many sentences are open at once; a service that opens more has forgotten the oldest
REMEMBERED = 1000  # so many finals are known again when they are repeated
HEARTBEAT = "dropped a sentence in a heartbeat packet"


@dataclass(frozen=True, slots=True)
class SentenceResult:
    """What a sentence object says, before it has a key and a place. A time is None where there is no usable one."""

    number: int | str | None
    begin_ms: int | None
    end_ms: int | None
    text: str
    ended: bool
    settled: int = 0  # so many characters will not change
    words: tuple[timestamps.TimedWord, ...] = ()
    emotion: str = ""
    opens: bool = False  # it says that it has just begun

    @property
    def name(self) -> str:
        """What the sentence is called; where it began tells those apart that have no number."""
        return f"at-{self.begin_ms}" if self.number is None else str(self.number)

    def repeats(self, before: "SentenceResult | None") -> bool:
        """Whether this is the same sentence again. Times that say nothing prove nothing."""
        if before is None or self.begin_ms is None or self.end_ms is None or self.begin_ms >= self.end_ms:
            return False
        return (self.text, self.begin_ms, self.end_ms) == (before.text, before.begin_ms, before.end_ms)

    def is_behind(self, final: "SentenceResult | None") -> bool:
        """Whether this is older than what has become final under its name."""
        if final is None:
            return False
        if self.begin_ms is None or final.end_ms is None:
            return final.text.startswith(self.text)
        return self.begin_ms < final.end_ms


@dataclass(slots=True)
class _Open:
    """A sentence in the making: its key and where it begins."""

    key: str
    begin_ms: int
    heard: SentenceResult


class SentenceTracker:
    """The sentences of one task. Each final has a key of its own, also where the service uses its numbers again.

    Attributes:
        after_ms: Where the last final ended.
    """

    def __init__(self, dropped: DiscardedMessages, keys: SentenceKeys) -> None:
        self.after_ms = 0
        self._dropped, self._keys = dropped, keys
        self._open: dict[str, _Open] = {}
        self._finals: dict[str, SentenceResult] = {}  # the last one of each name

    def read(self, sentence: Json, sent_ms: int | None) -> Iterator[Event]:
        """What a sentence object says: itself, and the head of the next one where it carries that as `stash`.

        Args:
            sentence: The object.
            sent_ms: So much audio has been sent; None where that is not known.

        Raises:
            ProtocolError: it has ended, and has no text.
        """
        if flag(sentence, "heartbeat"):
            yield from self._in_heartbeat(sentence)
            return
        heard = read(sentence)
        yield from self._final(heard, sent_ms) if heard.ended else self._partial(heard, sent_ms)
        if text(part(sentence, "stash"), "text"):
            head = read(part(sentence, "stash") | {"sentence_end": False})
            yield from self._partial(replace(head, settled=0), sent_ms)

    def rest(self, sent_ms: int | None) -> Iterator[Event]:
        """What the end of the task makes final: sentences that told their end and never said that they had ended."""
        for name, each in list(self._open.items()):
            if each.heard.end_ms is not None and name in self._open:
                yield from self._final(each.heard, sent_ms)

    def _in_heartbeat(self, sentence: Json) -> Iterator[Event]:
        said = text(sentence, "text")
        if said.strip() and _ended(sentence) and all(said != final.text for final in self._finals.values()):
            yield self._dropped.final(HEARTBEAT)

    def _final(self, heard: SentenceResult, sent_ms: int | None) -> Iterator[Event]:
        name = self._name(heard)
        if heard.repeats(self._finals.get(name)):
            yield from [self._dropped.final(REPEATED)] if heard.text.strip() else ()
            return
        before = self._open.pop(name, None)
        begin_ms = heard.begin_ms if heard.begin_ms is not None or before is None else before.begin_ms
        key = self._keys.new(name) if before is None else before.key
        others = [each.begin_ms for each in self._open.values()]
        final = placed(key, heard, begin_ms, self.after_ms, sent_ms, others)
        self.after_ms = max(self.after_ms, final.end_ms)
        self._finals.pop(name, None)
        self._finals[name] = heard
        if len(self._finals) > REMEMBERED:
            del self._finals[next(iter(self._finals))]
        yield final

    def _partial(self, heard: SentenceResult, sent_ms: int | None) -> Iterator[Event]:
        if not heard.text and not heard.opens:
            return  # nothing to show yet
        name = self._name(heard)
        if name not in self._open and heard.is_behind(self._finals.get(name)):
            yield Notice("debug", f"dropped a late partial of sentence {name}, which is final")
            return
        begin_ms = begins(heard, self.after_ms, sent_ms)
        if name not in self._open:
            self._open[name] = _Open(self._keys.new(name), begin_ms, heard)
        elif not heard.text:
            return  # it has begun before
        elif heard.begin_ms is None:
            begin_ms = self._open[name].begin_ms
        self._open[name].begin_ms, self._open[name].heard = begin_ms, heard
        key = self._open[name].key
        if len(self._open) > OPEN:
            del self._open[next(iter(self._open))]
        yield so_far(key, heard, begin_ms) if heard.text else SpeechStarted(key, begin_ms)

    def _name(self, heard: SentenceResult) -> str:
        """The name of a sentence; one without a number may be open under the place where it began before."""
        if heard.number is not None or heard.name in self._open:
            return heard.name
        for name, each in self._open.items():
            if each.heard.number is not None:
                continue
            if heard.begin_ms is None or (heard.ended and heard.end_ms is not None and each.begin_ms < heard.end_ms):
                return name
        return f"at-{self.after_ms}" if heard.begin_ms is None else heard.name


def read(sentence: Json) -> SentenceResult:
    """What a sentence object says of itself.

    Raises:
        ProtocolError: it has ended, and has no text.
    """
    words, ended = _words(sentence), _ended(sentence)
    said = sentence.get("text")
    if not isinstance(said, str):
        said = _joined(words)
        if ended and not said:
            need(sentence, "text", str)
    settled = 0 if ended else _settled_length(said, sentence)
    begin_ms, end_ms = timestamps.usable_time(sentence, "begin_time"), timestamps.usable_time(sentence, "end_time")
    opens = flag(sentence, "sentence_begin") is True
    return SentenceResult(
        _number(sentence), begin_ms, end_ms, said, ended, settled, words, label(sentence, "emo_tag"), opens
    )


def placed(
    key: str,
    heard: SentenceResult,
    begin_ms: int | None,
    after_ms: int,
    sent_ms: int | None,
    others: Iterable[int] = (),
) -> Final:
    """The final that a sentence is; `others` are the beginnings of sentences that are in the making."""
    first_ms = timestamps.start(heard.words, sent_ms, after_ms) if begin_ms is None else begin_ms
    first_ms, last_ms = timestamps.span(
        begin_ms, heard.end_ms, heard.words, after_ms=after_ms, sent_ms=sent_ms, said=heard.text,
        next_ms=min((other for other in others if other >= first_ms), default=None),
    )  # fmt: skip
    return Final(
        key, first_ms, last_ms, heard.text, timestamps.within(heard.words, first_ms, last_ms), "", heard.emotion
    )  # fmt: skip


def begins(heard: SentenceResult, after_ms: int, sent_ms: int | None) -> int:
    """Where a sentence in the making begins."""
    if heard.begin_ms is None or (sent_ms and heard.begin_ms > sent_ms):
        return timestamps.start(heard.words, sent_ms, after_ms)
    return heard.begin_ms


def so_far(key: str, heard: SentenceResult, begin_ms: int) -> Partial:
    """The partial that a sentence is."""
    settled, unsettled = heard.text[: heard.settled], heard.text[heard.settled :]
    return Partial(key, begin_ms, settled, unsettled, timestamps.within(heard.words, begin_ms))


def write(event: Partial | Final) -> Json:
    """The sentence object for an event, with every key the official SDK indexes."""
    final = isinstance(event, Final)
    settled = len(event.text if isinstance(event, Final) else event.settled)
    sentence = {
        "sentence_id": int(event.key),
        "begin_time": event.begin_ms,
        "end_time": event.end_ms if isinstance(event, Final) else None,
        "text": event.text,
        "words": list(_written_words(event.words, event.text, settled)),
        "sentence_begin": False,
        "sentence_end": final,
        "heartbeat": False,
    }
    return sentence | ({"emo_tag": event.emotion} if event.emotion else {})


def _ended(sentence: Json) -> bool:
    """Whether the sentence has ended; where it does not say so, one that has an end has."""
    ended = flag(sentence, "sentence_end")
    return sentence.get("end_time") not in (None, "") if ended is None else ended


def _number(sentence: Json) -> int | str | None:
    number_on_wire = whole(sentence, "sentence_id")
    written = text(sentence, "sentence_id").strip()
    if number_on_wire is not None or not written:
        return number_on_wire
    return int(written) if written.isascii() and written.isdecimal() and len(written) < timestamps.DIGITS else written


def _settled_length(said: str, sentence: Json) -> int:
    """How many characters of the text are words the server marks as fixed."""
    cut = 0
    for word in word_objects(sentence):
        at = said.find(text(word, "text"), cut)
        if not flag(word, "fixed") or at < 0 or said[cut:at].strip():
            break
        cut = at + len(text(word, "text"))
        cut += len(text(word, "punctuation")) if said.startswith(text(word, "punctuation"), cut) else 0
    return cut


def word_objects(sentence: Json) -> list[Json]:
    """The words of a sentence object, as far as they are objects."""
    words = sentence.get("words")
    return [word for word in words if isinstance(word, dict)] if isinstance(words, list) else []


def _words(sentence: Json) -> tuple[timestamps.TimedWord, ...]:
    return tuple(
        timestamps.TimedWord(
            text(word, "text"), timestamps.usable_time(word, "begin_time"), timestamps.usable_time(word, "end_time"),
            text(word, "punctuation"),
        )
        for word in word_objects(sentence)
        if text(word, "text")
    )  # fmt: skip


def _joined(words: tuple[timestamps.TimedWord, ...]) -> str:
    """The text that words make: a space between two that are written with letters of an alphabet."""
    said = ""
    for word in words:
        apart = said[-1:].isascii() and word.text.isascii() and not said[-1:].isspace()
        said += (" " if said and apart else "") + word.text + word.punctuation
    return said


def _written_words(words: tuple[Word, ...], said: str, settled: int) -> Iterator[Json]:
    at = 0
    for word in words:
        at = said.find(word.text, at) + len(word.text) + len(word.punctuation)
        yield {
            "begin_time": word.begin_ms,
            "end_time": word.end_ms,
            "text": word.text,
            "punctuation": word.punctuation,
            "fixed": at <= settled,
        }
