"""The two texts of a model that translates, read and written: what was said, and the same in another language.

Each makes its own progress and ends in its own time; here they become one sentence. Where no transcription was asked
for, the translation is all there is: it is the text of the sentence, whose language is the one it was put into.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Notice, Partial
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import timestamps
from asrcli.protocol.discarded import REPEATED, DiscardedMessages, SentenceKeys
from asrcli.protocol.inference import sentence
from asrcli.protocol.inference.sentence import SentenceResult
from asrcli.protocol.json_messages import Json, flag, label, part, text, whole

SAID, TRANSLATED = "transcription", "translations"
MOST_WAITING = 4  # sentences that are whole in one language only
TOO_LATE = "dropped a translation that came too late: its sentence is final without it"

Half = Partial | Final  # one of the two texts of a sentence, its language named where it is a translation
Number = int | str | None

Spoken = TypeVar("Spoken", Partial, Final)


@dataclass
class _Pair:
    """A sentence as far as it has come."""

    key: str
    number: Number  # what the service calls it, perhaps not it alone
    said: Half | None = None
    translated: Half | None = None

    def lacks(self, *, said: bool) -> bool:
        """Whether this text has not come to its end."""
        return not isinstance(self.said if said else self.translated, Final)

    def take(self, half: Half, *, said: bool) -> None:
        """The text as it is now."""
        if said:
            self.said = half
        else:
            self.translated = half

    @property
    def halves(self) -> list[Half]:
        return [half for half in (self.said, self.translated) if half is not None]

    @property
    def is_waiting(self) -> bool:
        return any(isinstance(half, Final) for half in self.halves)


class TranslationPairs:
    """The sentences of one task that have not come to their end in both languages."""

    def __init__(self, recognition: RecognitionSettings, dropped: DiscardedMessages, keys: SentenceKeys) -> None:
        self._into, self._transcribed = recognition.translate, recognition.transcription is not False
        self._dropped, self._keys, self._after_ms = dropped, keys, 0
        self._pairs: dict[str, _Pair] = {}
        self._ends: dict[tuple[Number, bool], SentenceResult] = {}  # the text that ended last under each number
        self._untranslated: Counter[Number] = Counter()  # sentences that went without their translation
        self._cut: dict[Number, str] = {}  # texts that went before they had come to their end

    def read(self, output: Json, sent_ms: int | None) -> Iterator[Event]:
        """What the output of a message says of its sentences; one is final when both of its texts are.

        Each of the two texts goes to the oldest sentence of its number that lacks it: numbers may be used again.
        """
        touched: list[str] = []
        for half in self._halves(output):
            if isinstance(half, Notice):
                yield half
                continue
            said, heard, language = half
            pair = self._pair(heard, said=said)
            if isinstance(pair, Notice):
                yield pair
                continue
            pair.take(self._placed(pair.key, heard, language, sent_ms), said=said)
            if heard.ended:
                self._remember(heard, said=said)
            touched += [] if pair.key in touched else [pair.key]
        for key in touched:
            if key in self._pairs:  # else it went with a later one
                yield from self._let_go(key) if self._is_whole(self._pairs[key]) else self._so_far(self._pairs[key])
        waiting = [key for key, pair in self._pairs.items() if pair.is_waiting]
        if len(self._pairs) >= sentence.OPEN:  # it has forgotten the oldest
            yield from self._let_go(next(iter(self._pairs)))
        elif len(waiting) > MOST_WAITING:  # audio is kept until a final covers it: nobody waits for what may never come
            yield from self._let_go(waiting[0])

    def rest(self) -> Iterator[Final]:
        """The sentences that end with the task, as they are: those of which one text has come to its end."""
        for key in [key for key, pair in self._pairs.items() if pair.is_waiting]:
            yield self._final(key)

    def _halves(self, output: Json) -> Iterator[tuple[bool, SentenceResult, str] | Notice]:
        """What a message holds: whether it is what was said, the text, and its language where it is a translation."""
        listed = output.get(TRANSLATED)
        several = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        several.sort(key=lambda each: text(each, "lang") != self._into)  # a task has one target; this one, if several
        for said, half in ((True, part(output, SAID)), (False, several[0] if several else {})):
            try:
                yield from ((said, heard, "" if said else label(half, "lang")) for heard in _read(half))
            except ProtocolError as exc:
                yield self._dropped.unreadable(exc)

    def _pair(self, heard: SentenceResult, *, said: bool) -> _Pair | Notice:
        """The sentence that a text belongs to, or why it belongs to none."""
        before = self._ends.get((heard.number, said))
        cut = self._cut.pop(heard.number, None) if said and heard.ended else None
        if heard.ended and (heard.repeats(before) or heard.text == cut):
            return self._dropped.final(REPEATED)
        for open_one in self._pairs.values():
            if open_one.number == heard.number and open_one.lacks(said=said):
                return open_one
        if not said and self._untranslated[heard.number]:
            if not heard.ended:
                return Notice("debug", TOO_LATE)
            self._untranslated[heard.number] -= 1
            return self._dropped.final(TOO_LATE)
        if not heard.ended and heard.is_behind(before):
            return Notice("debug", f"dropped a late partial of sentence {heard.name}, which is final")
        number = heard.number
        key = self._keys.new(str(number + 1) if isinstance(number, int) else heard.name)  # the others count from 1
        return self._pairs.setdefault(key, _Pair(key, number))

    def _placed(self, key: str, heard: SentenceResult, language: str, sent_ms: int | None) -> Half:
        if heard.ended:
            return replace(sentence.placed(key, heard, heard.begin_ms, self._after_ms, sent_ms), language=language)
        begin_ms = sentence.begins(heard, self._after_ms, sent_ms)
        return replace(sentence.so_far(key, heard, begin_ms), language=language)

    def _remember(self, heard: SentenceResult, *, said: bool) -> None:
        self._ends.pop((heard.number, said), None)
        self._ends[heard.number, said] = heard
        if len(self._ends) > 2 * sentence.REMEMBERED:
            del self._ends[next(iter(self._ends))]

    def _is_whole(self, pair: _Pair) -> bool:
        if not all(isinstance(half, Final) for half in pair.halves):
            return False
        if pair.said is None:
            return not self._transcribed
        return not self._into or pair.translated is not None or not pair.said.text.strip()

    def _let_go(self, key: str) -> Iterator[Final]:
        """This sentence and those before it: what follows them is done, so nothing will be added to them."""
        for each in list(self._pairs):
            if each == key or self._pairs[each].is_waiting:
                yield self._final(each)
            if each == key:
                return

    def _final(self, key: str) -> Final:
        pair = self._pairs.pop(key)
        if self._into and pair.lacks(said=False):
            self._untranslated[pair.number] += 1
        if isinstance(pair.said, Partial):
            self._cut[pair.number] = pair.said.text
        first, *others = pair.halves
        if isinstance(first, Partial):
            ends = [other.end_ms for other in others if isinstance(other, Final)]
            end_ms = max([first.begin_ms, *(word.end_ms for word in first.words), *ends])
            first = Final(key, first.begin_ms, end_ms, first.text, first.words, first.language)
        for other in others:
            first = _with(first, other)
        self._after_ms = max(self._after_ms, first.end_ms)
        return first

    def _so_far(self, pair: _Pair) -> Iterator[Partial]:
        first, *others = pair.halves
        if pair.said is None and self._transcribed:  # what was said follows
            first, others = Partial(first.key, first.begin_ms, ""), [first]
        elif isinstance(first, Final):
            first = Partial(first.key, first.begin_ms, first.text, "", first.words, first.language)
        for other in others:
            first = _with(first, other)
        if first.text or first.translation:
            yield first


def write(event: Half, recognition: RecognitionSettings) -> Json:
    """The output that carries an event, with every key the official SDK indexes; empty where it has nothing to tell."""
    output: Json = {}
    if recognition.transcription is not False or not recognition.translate:
        output[SAID] = _written(event)
    if recognition.translate and (event.translation or isinstance(event, Final)):
        if isinstance(event, Final):
            translated: Half = replace(event, text=event.translation, words=())
        else:
            translated = replace(event, settled="", unsettled=event.translation, words=())
        output[TRANSLATED] = [_written(translated) | {"lang": event.translated_into or recognition.translate}]
    return output


def _with(event: Spoken, other: Half) -> Spoken:
    """The sentence with its translation, where there is one."""
    return replace(event, translation=other.text, translated_into=other.language) if other.text else event


def _read(half: Json) -> Iterator[SentenceResult]:
    """One text of a sentence, and the head of the next one where it has ended and carries that as `stash`.

    Raises:
        ProtocolError: it has ended, and has no text.
    """
    stash, number = part(half, "stash"), whole(half, "sentence_id")
    ended = flag(half, "sentence_end")
    if not (half.get("end_time") is not None if ended is None else ended):
        yield from _open(half, stash) if half else ()
        return
    yield _timed(half)
    if text(stash, "text"):
        yield from _open(stash | {"sentence_id": None if number is None else number + 1}, {})


def _open(half: Json, stash: Json) -> Iterator[SentenceResult]:
    """A text that goes on: settled as far as its words are, and before its `stash`, which is the tail that is not."""
    said, tail = text(half, "text"), text(stash, "text")
    words = [*sentence.word_objects(half), *sentence.word_objects(stash)]
    heard = _timed(half | {"text": said + tail, "words": words, "sentence_end": False})
    settled = isinstance(half.get("stash"), dict) and all(word.get("fixed") for word in sentence.word_objects(half))
    yield replace(heard, settled=len(said)) if settled else heard


def _timed(half: Json) -> SentenceResult:
    """As the other models have it, with the end that it has by now."""
    heard = sentence.read(half)
    return heard if heard.end_ms is not None else replace(heard, end_ms=timestamps.usable_time(half, "current_time"))


def _written(event: Half) -> Json:
    told = sentence.write(event)
    head = {"sentence_id": told["sentence_id"] - 1, "begin_time": event.begin_ms}
    if isinstance(event, Final):
        return head | {"end_time": event.end_ms, "text": event.text, "words": told["words"], "sentence_end": True}
    now = {"current_time": event.words[-1].end_ms if event.words else event.begin_ms}
    fixed, open_ = ([word for word in told["words"] if word["fixed"] is which] for which in (True, False))
    rest = {**head, "begin_time": open_[0]["begin_time"] if open_ else event.begin_ms, **now}
    stash = rest | {"text": event.unsettled, "words": open_}
    return head | now | {"text": event.settled, "words": fixed, "stash": stash, "sentence_end": False}
