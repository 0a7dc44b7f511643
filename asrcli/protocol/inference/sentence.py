"""The sentence object of the inference wire, read, written, and made into events. No I/O."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from asrcli.core.events import Final, Partial, Word
from asrcli.protocol import timestamps
from asrcli.protocol.json_messages import Json, flag, label, need, number, objects, text, whole

# Of a word, from a server of ours whose recognizer gives no times. The service has no such key, and clients ignore it.
ESTIMATED = "estimated"
_USUAL = (str, int, int, str)  # the types of a word's text, times and punctuation


class SentenceResult(NamedTuple):
    """The contents of a sentence object, before it has a key and checked times. A time that cannot be used is None."""

    number: int | str | None
    begin_ms: int | None
    end_ms: int | None
    text: str
    ended: bool
    settled: int = 0  # how many characters at the beginning will not change
    words: tuple[timestamps.AnyWord, ...] = ()
    emotion: str = ""
    opens: bool = False  # the object says that the sentence has just begun
    untold: bool = False  # it has ended, and the object has no text

    @property
    def name(self) -> str:
        """The number of the sentence as text; a sentence without a number is named after its start."""
        if self.number is None:
            return f"at-{self.begin_ms}"
        return str(self.number)

    def repeats(self, final: "SentenceResult | None") -> bool:
        """Whether this is the same sentence again. Without an end of its own, nothing can be proved: False."""
        if final is None or self.end_ms is None or (self.begin_ms or 0) >= self.end_ms:
            return False
        return (self.text, self.begin_ms, self.end_ms) == (final.text, final.begin_ms, final.end_ms)

    def is_behind(self, final: "SentenceResult | None") -> bool:
        """Whether this result is older than the final that has the same name.

        If the final has no plausible time, the text decides.
        """
        if final is None:
            return False
        if self.begin_ms is None or final.end_ms is None or final.end_ms <= (final.begin_ms or 0):
            return final.text.startswith(self.text)
        return self.begin_ms < final.end_ms


def read(sentence: Json) -> SentenceResult:
    """The contents of a sentence object.

    Raises:
        ProtocolError: the sentence has ended and its text is of another type.
    """
    described = objects(sentence, "words")
    words = _words(described)
    ended = has_ended(sentence)
    full_text = sentence.get("text")
    untold = False
    if not isinstance(full_text, str):
        full_text = _joined(words)
        untold = ended and not full_text
        if untold and sentence.get("text") is not None:
            need(sentence, "text", str)  # raises the error that names the field
    settled = 0
    if not ended:
        settled = _settled_length(full_text, described)
    return SentenceResult(
        number=_number(sentence),
        begin_ms=timestamps.usable_time(sentence, "begin_time"),
        end_ms=timestamps.usable_time(sentence, "end_time"),
        text=full_text,
        ended=ended,
        settled=settled,
        words=words,
        emotion=label(sentence, "emo_tag"),
        opens=flag(sentence, "sentence_begin") is True,
        untold=untold,
    )


def final_of(
    key: str,
    result: SentenceResult,
    begin_ms: int | None,
    after_ms: int,
    sent_ms: int | None,
    sure: timestamps.SureTime,
    others: Iterable[int] = (),
    *,
    over: bool,
) -> Final:
    """The final for a sentence, with its times inside the audio; `others` are the starts of the open sentences.

    `over`: the service was asked for the rest of the text, so it has all audio.
    """
    if not over and timestamps.is_ahead(result.end_ms, sent_ms):
        # Cut to the sent audio, it would cover all audio in transit, and a lost connection would lose that audio.
        result = result._replace(end_ms=None)
    first_ms = begin_ms
    if first_ms is None:
        first_ms = timestamps.start(result.words, sent_ms, after_ms)
    next_ms = min((other for other in others if other >= first_ms), default=None)
    first_ms, last_ms = timestamps.span(
        begin_ms, result.end_ms, result.words, after_ms=after_ms, sent_ms=sent_ms, sentence_text=result.text,
        next_ms=next_ms,
    )  # fmt: skip
    words = timestamps.within(result.words, first_ms, last_ms)
    estimated = begin_ms is None or result.end_ms is None
    named = timestamps.named_span(result.begin_ms, result.end_ms, result.words, sent_ms)
    sure_ms = sure.add(*named, result.text)
    spoken_ms = timestamps.last_word_end(result.words, result.text)
    if sure_ms is None and spoken_ms is not None and last_ms > spoken_ms + timestamps.AHEAD_MS:
        sure_ms = max(first_ms, spoken_ms)  # the audio after it may hold the next sentences, which are in transit
    return Final(key, first_ms, last_ms, result.text, words, "", result.emotion, estimated=estimated, sure_ms=sure_ms)


def begin_of(result: SentenceResult, after_ms: int, sent_ms: int | None) -> int:
    """The start of an open sentence, in ms; estimated if it is missing, or later than the audio that was sent."""
    if result.begin_ms is None or (sent_ms and result.begin_ms > sent_ms):
        return timestamps.start(result.words, sent_ms, after_ms)
    return result.begin_ms


def partial_of(key: str, result: SentenceResult, begin_ms: int) -> Partial:
    """The partial for an open sentence."""
    settled, unsettled = result.text[: result.settled], result.text[result.settled :]
    return Partial(key, begin_ms, settled, unsettled, timestamps.within(result.words, begin_ms))


def write(event: Partial | Final) -> Json:
    """The sentence object for an event, with every key that the official SDK reads."""
    end_ms: int | None = None
    if isinstance(event, Final):
        settled_text, end_ms = event.text, event.end_ms
    else:
        settled_text = event.settled
    sentence = {
        "sentence_id": int(event.key),
        "begin_time": event.begin_ms,
        "end_time": end_ms,
        "text": event.text,
        "words": list(_write_words(event.words, event.text, len(settled_text))),
        "sentence_begin": False,
        "sentence_end": isinstance(event, Final),
        "heartbeat": False,
    }
    if event.emotion:
        sentence["emo_tag"] = event.emotion
    return sentence


def has_ended(sentence: Json) -> bool:
    """Whether the sentence has ended. Without `sentence_end`, a sentence that has an end time has ended.

    A time of 0 or below does not count: some services fill in 0 or -1.
    """
    ended = flag(sentence, "sentence_end")
    if ended is not None:
        return ended
    end_ms = number(sentence, "end_time")
    return sentence.get("end_time") not in (None, "") and (end_ms is None or end_ms > 0)


def _number(sentence: Json) -> int | str | None:
    number_on_wire = sentence.get("sentence_id")
    if number_on_wire.__class__ is int and 0 <= number_on_wire <= timestamps.LONGEST_MS:  # as nearly all are
        return number_on_wire
    number_on_wire = whole(sentence, "sentence_id")
    written = text(sentence, "sentence_id").strip()
    if number_on_wire is not None or not written:
        return number_on_wire
    if written.isascii() and written.isdecimal() and len(written) < timestamps.DIGITS:
        return int(written)
    return written


def _settled_length(full_text: str, words: Iterable[Json]) -> int:
    """How many characters at the beginning of the text are words that the server marks as fixed."""
    cut = 0
    for word in words:
        if not word.get("fixed"):
            break
        at = full_text.find(text(word, "text"), cut)
        if not flag(word, "fixed") or at < 0 or full_text[cut:at].strip():
            break
        cut = at + len(text(word, "text"))
        if full_text.startswith(text(word, "punctuation"), cut):
            cut += len(text(word, "punctuation"))
    return cut


def _words(described: Iterable[Json]) -> tuple[timestamps.AnyWord, ...]:
    """The words; nearly all have whole times in order, and need not be looked at twice."""
    words: list[timestamps.AnyWord] = []
    for word in described:
        said, begin_ms, end_ms = word.get("text", ""), word.get("begin_time", ""), word.get("end_time", "")
        punctuation = word.get("punctuation", "")
        types = (type(said), type(begin_ms), type(end_ms), type(punctuation))
        if types == _USUAL and said and 0 <= begin_ms <= end_ms <= timestamps.LONGEST_MS and ESTIMATED not in word:
            words.append(Word(said, begin_ms, end_ms, punctuation))
        elif said := text(word, "text"):
            begin_ms, end_ms = timestamps.usable_time(word, "begin_time"), timestamps.usable_time(word, "end_time")
            estimated = flag(word, ESTIMATED) or False
            words.append(timestamps.TimedWord(said, begin_ms, end_ms, text(word, "punctuation"), estimated))
    return tuple(words)


def _joined(words: tuple[timestamps.AnyWord, ...]) -> str:
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
        described: dict[str, Any] = {
            "begin_time": word.begin_ms,
            "end_time": word.end_ms,
            "text": word.text,
            "punctuation": word.punctuation,
            "fixed": at <= settled,
        }
        if word.estimated:
            described[ESTIMATED] = True
        yield described


def write_one_text(event: Partial | Final) -> Json:
    """The transcript or the translation of a sentence in a result of a model that translates."""
    written = write(event)
    head = {"sentence_id": written["sentence_id"] - 1, "begin_time": event.begin_ms}
    if isinstance(event, Final):
        return head | {"end_time": event.end_ms, "text": event.text, "words": written["words"], "sentence_end": True}
    fixed = [word for word in written["words"] if word["fixed"]]
    open_words = [word for word in written["words"] if not word["fixed"]]
    open_ms = now_ms = event.begin_ms
    if event.words:
        now_ms = event.words[-1].end_ms
    if open_words:
        open_ms = open_words[0]["begin_time"]
    stash = head | {"begin_time": open_ms, "current_time": now_ms, "text": event.unsettled, "words": open_words}
    now = {"current_time": now_ms, "text": event.settled, "words": fixed, "stash": stash, "sentence_end": False}
    return head | now
