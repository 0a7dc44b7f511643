"""The two texts of a model that translates, read and written: what was said, and the same in another language.

Each makes its own progress and ends in its own time; here they become one sentence. Where no transcription was asked
for, the translation is all there is: it is the text of the sentence, whose language is the one it was put into.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from asrcli.config import Recognition
from asrcli.events import Final, Partial
from asrcli.protocol import sentence
from asrcli.protocol.parsing import Json, need, part, text, whole

SAID, TRANSLATED = "transcription", "translations"
MOST_WAITING = 4  # sentences that are whole in one language only

Half = Partial | Final  # one of the two texts of a sentence, its language named where it is a translation

Spoken = TypeVar("Spoken", Partial, Final)


@dataclass
class _Pair:
    """A sentence as far as it has come."""

    said: Half | None = None
    translated: Half | None = None

    def take(self, half: Half, *, said: bool) -> None:
        """The text as it is now; what has come to its end stays as it is."""
        before = self.said if said else self.translated
        if isinstance(before, Final):
            return
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


class Halves:
    """The sentences of one task that have not come to their end in both languages."""

    def __init__(self, asked: Recognition) -> None:
        self._into, self._transcribed = asked.translate, asked.transcription is not False
        self._pairs: dict[str, _Pair] = {}
        self._done: set[str] = set()

    def read(self, output: Json) -> Iterator[Half]:
        """What the output of a message says of its sentences; one is final when both of its texts are.

        Raises:
            ProtocolError: no text.
        """
        touched = set()
        for said, half in self._halves(output):
            if half.key not in self._done:
                self._pairs.setdefault(half.key, _Pair()).take(half, said=said)
                touched.add(half.key)
        for key, pair in [(key, pair) for key, pair in self._pairs.items() if key in touched]:
            if key in self._done:
                continue  # it went with a later one
            yield from self._let_go(key) if self._is_whole(pair) else self._so_far(pair)
        waiting = [key for key, pair in self._pairs.items() if pair.is_waiting]
        if len(waiting) > MOST_WAITING:  # audio is kept until a final covers it: nobody waits for what may never come
            yield from self._let_go(waiting[0])

    def rest(self) -> Iterator[Final]:
        """The sentences that end with the task, as they are: those of which one text has come to its end."""
        for key in [key for key, pair in self._pairs.items() if pair.is_waiting]:
            yield self._final(key)

    def _halves(self, output: Json) -> Iterator[tuple[bool, Half]]:
        """What a message holds; whether it is what was said."""
        for half in _read(part(output, SAID)):
            yield True, half
        listed = output.get(TRANSLATED)
        several = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        several.sort(key=lambda each: text(each, "lang") != self._into)  # a task has one target; this one, if several
        for half in _read(several[0]) if several else ():
            yield False, replace(half, language=text(several[0], "lang"))

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
        self._done.add(key)
        first, *others = pair.halves
        if isinstance(first, Partial):
            ends = [other.end_ms for other in others if isinstance(other, Final)]
            end_ms = max([first.begin_ms, *(word.end_ms for word in first.words), *ends])
            first = Final(key, first.begin_ms, end_ms, first.text, first.words, first.language)
        for other in others:
            first = _with(first, other)
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


def write(event: Half, asked: Recognition) -> Json:
    """The output that carries an event, with every key the official SDK indexes; empty where it has nothing to tell."""
    output: Json = {}
    if asked.transcription is not False or not asked.translate:
        output[SAID] = _written(event)
    if asked.translate and (event.translation or isinstance(event, Final)):
        if isinstance(event, Final):
            translated: Half = replace(event, text=event.translation, words=())
        else:
            translated = replace(event, settled="", unsettled=event.translation, words=())
        output[TRANSLATED] = [_written(translated) | {"lang": event.translated_into or asked.translate}]
    return output


def _with(event: Spoken, other: Half) -> Spoken:
    """The sentence with its translation, where there is one."""
    return replace(event, translation=other.text, translated_into=other.language) if other.text else event


def _read(half: Json) -> Iterator[Half]:
    """One text of a sentence, and the head of the next one where it has ended and carries that as `stash`."""
    stash, number = part(half, "stash"), whole(half, "sentence_id")
    if half.get("sentence_end") is not True:
        yield from _open(half, stash) if half else ()
        return
    yield from sentence.read(_counted(half, number))
    if text(stash, "text"):
        yield from _open(stash | {"sentence_id": None if number is None else number + 1}, {})


def _open(half: Json, stash: Json) -> Iterator[Half]:
    """A text that goes on: settled as far as its words are, and before its `stash`, which is the tail that is not."""
    said, tail = need(half, "text", str), text(stash, "text")
    words = [*_words(half), *_words(stash)]
    joined = {"text": said + tail, "words": words, "sentence_end": False}
    settled = isinstance(half.get("stash"), dict) and all(word.get("fixed") for word in _words(half))
    for event in sentence.read(_counted(half, whole(half, "sentence_id")) | joined):
        yield Partial(event.key, event.begin_ms, said, tail, event.words) if settled else event


def _counted(half: Json, number: int | None) -> Json:
    """As the other models have it: counted from 1, without a tail, and with the end that it has by now."""
    end_ms = whole(half, "end_time")
    end_ms = whole(half, "current_time") if end_ms is None else end_ms
    return half | {"sentence_id": None if number is None else number + 1, "end_time": end_ms, "stash": None}


def _words(half: Json) -> list[Json]:
    words = half.get("words")
    return [word for word in words if isinstance(word, dict)] if isinstance(words, list) else []


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
