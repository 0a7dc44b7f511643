"""Transcript and translation of one sentence, read, written, and joined to one event. No I/O.

The service sends progress and end of the two texts independently of each other. Where the user wants no transcript,
the translation is the text of the sentence, and the language of the sentence is the target language.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import TypeVar

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError, shorten
from asrcli.core.events import Event, Final, Notice, Partial
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import TASK_MOST_OPEN
from asrcli.protocol import timestamps
from asrcli.protocol.discarded_messages import REPEATED, DiscardedMessages, SentenceKeys
from asrcli.protocol.inference import sentence
from asrcli.protocol.inference.sentence import SentenceResult
from asrcli.protocol.inference.sentence_tracker import MOST_REMEMBERED
from asrcli.protocol.json_messages import Json, flag, label, need, objects, part, text, whole

TRANSCRIPTION, TRANSLATIONS = "transcription", "translations"
MOST_WAITING = 4  # sentences with only one ended text
UNTRANSLATED = "the service sent no translation for a sentence"
TOO_LATE = "dropped a translation that came too late: its sentence is final without all of it"

OneText = Partial | Final  # the transcript or the translation of a sentence; a translation has its language
Number = int | str | None

SentenceEvent = TypeVar("SentenceEvent", Partial, Final)


@dataclass
class _Pair:
    """A sentence that is not final in both languages: the latest transcript and the latest translation."""

    key: str
    number: Number  # the number from the service, which may use it for several sentences
    transcript: OneText | None = None
    translated: OneText | None = None

    def lacks(self, *, is_transcript: bool) -> bool:
        """Whether the transcript (else the translation) has not ended yet."""
        if is_transcript:
            return not isinstance(self.transcript, Final)
        return not isinstance(self.translated, Final)

    @property
    def texts(self) -> list[OneText]:
        return [one_text for one_text in (self.transcript, self.translated) if one_text is not None]

    @property
    def is_waiting(self) -> bool:
        return any(isinstance(one_text, Final) for one_text in self.texts)


class TranslationPairs:
    """The sentences of one task that are not final in both languages."""

    def __init__(self, recognition: RecognitionSettings, dropped: DiscardedMessages, keys: SentenceKeys) -> None:
        self._target_language = recognition.translate
        self._wants_transcript = recognition.transcription is not False
        self._dropped = dropped
        self._keys = keys
        self.over = False  # the service was asked for the rest of the text: it has all audio
        self._after_ms = 0  # the end of the last final
        self._sure = {True: timestamps.SureTime(), False: timestamps.SureTime()}  # of transcripts, of translations
        self._pairs: dict[str, _Pair] = {}
        self._ends: dict[tuple[Number, bool], SentenceResult] = {}  # the last ended text of each number
        self._missing_translations: Counter[Number] = Counter()  # sentences that became final without one
        self._next_number = 0  # of the sentence that becomes final next
        self._unfinished_texts: dict[Number, str] = {}  # transcripts that became final before they had ended

    def read(self, output: Json, sent_ms: int | None) -> Iterator[Event]:
        """The events for the output of a message. A sentence is final when both of its texts have ended.

        Each text belongs to the oldest sentence with its number that lacks it: the service may use numbers again.
        """
        touched: dict[str, None] = {}
        for one_text in self._read_texts(output):
            if isinstance(one_text, Notice):
                yield one_text
                continue
            is_transcript, result, language = one_text
            pair = self._pair(result, is_transcript=is_transcript)
            if isinstance(pair, Notice):
                yield pair
                continue
            read_text = self._one_text(pair.key, result, sent_ms, is_transcript=is_transcript)
            if is_transcript:
                pair.transcript = read_text
            else:
                pair.translated = replace(read_text, language=language)
            if result.ended:
                self._remember(result, is_transcript=is_transcript)
            touched[pair.key] = None
        yield from self._release_ready()
        for key in touched:
            if key in self._pairs:
                yield from self._partial_of(self._pairs[key])

    def _release_ready(self) -> Iterator[Event]:
        """The finals of sentences whose two texts have ended, up to the first that still waits for its transcript.

        Its words must be neither lost nor said after later ones; a translation may be missing. No sentence waits
        forever: audio is kept until a final covers it.
        """
        waiting = [key for key, pair in self._pairs.items() if pair.is_waiting]
        oldest = ""
        if len(self._pairs) >= TASK_MOST_OPEN:  # the service has forgotten the oldest sentence
            oldest = next(iter(self._pairs))
        elif len(waiting) > MOST_WAITING:
            oldest = waiting[0]
        for key, pair in list(self._pairs.items()):
            if key == oldest or self._is_whole(pair):
                yield from self._release(key)
            elif self._wants_transcript and pair.is_waiting and pair.lacks(is_transcript=True):
                return

    def rest(self, *, transcribed: bool = False) -> Iterator[Event]:
        """The finals of sentences of which one text has ended, or the transcript, with what there is of the other."""
        ended = {key: pair for key, pair in self._pairs.items() if pair.is_waiting}
        for key in [key for key, pair in ended.items() if not (transcribed and pair.lacks(is_transcript=True))]:
            yield from self._final(key)

    def _read_texts(self, output: Json) -> Iterator[tuple[bool, SentenceResult, str] | Notice]:
        """The texts in a message: whether it is the transcript, the text itself, and the language of a translation."""
        translations = objects(output, TRANSLATIONS)
        # A task has one target language; should there be several translations, the one into it comes first.
        translations.sort(key=lambda entry: text(entry, "lang") != self._target_language)
        translation = next(iter(translations), {})
        texts = ((True, part(output, TRANSCRIPTION), ""), (False, translation, label(translation, "lang")))
        for is_transcript, one_text, language in texts:
            try:
                yield from ((is_transcript, result, language) for result in _read(one_text))
            except ProtocolError as exc:
                yield self._dropped.unreadable(exc)

    def _pair(self, result: SentenceResult, *, is_transcript: bool) -> _Pair | Notice:
        """The sentence that a text belongs to, or the notice that it belongs to none."""
        last_end = self._ends.get((result.number, is_transcript))
        unfinished = None
        if is_transcript and result.ended:
            unfinished = self._unfinished_texts.pop(result.number, None)
        if result.ended and (result.repeats(last_end) or result.text == unfinished):
            return self._dropped.final(REPEATED)
        for pair in self._pairs.values():
            if pair.number == result.number and pair.lacks(is_transcript=is_transcript):
                return pair
        if not is_transcript and self._missing_translations[result.number]:
            if not result.ended:
                return Notice("debug", TOO_LATE)
            self._missing_translations[result.number] -= 1
            return self._dropped.final(TOO_LATE)
        if not result.ended and result.is_behind(last_end):
            return Notice("debug", f"dropped a late partial of sentence {result.name}, which is final")
        # Here sentences are numbered from 0, on all other models from 1.
        key = self._keys.new(str(result.number + 1) if isinstance(result.number, int) else result.name)
        return self._pairs.setdefault(key, _Pair(key, result.number))

    def _one_text(self, key: str, result: SentenceResult, sent_ms: int | None, *, is_transcript: bool) -> OneText:
        if result.ended:
            sure = self._sure[is_transcript]
            return sentence.final_of(key, result, result.begin_ms, self._after_ms, sent_ms, sure, over=self.over)
        return sentence.partial_of(key, result, sentence.begin_of(result, self._after_ms, sent_ms))

    def _remember(self, result: SentenceResult, *, is_transcript: bool) -> None:
        self._ends.pop((result.number, is_transcript), None)
        self._ends[result.number, is_transcript] = result
        if len(self._ends) > 2 * MOST_REMEMBERED:
            del self._ends[next(iter(self._ends))]

    def _is_whole(self, pair: _Pair) -> bool:
        if not all(isinstance(one_text, Final) for one_text in pair.texts):
            return False
        if pair.transcript is None:
            return not self._wants_transcript
        return not self._target_language or pair.translated is not None or not pair.transcript.text.strip()

    def _release(self, key: str) -> Iterator[Event]:
        """The finals of this sentence and of those before it, to which nothing is added after a later one has ended."""
        earlier = list(takewhile(lambda open_key: open_key != key, self._pairs))
        for open_key in [*(each for each in earlier if self._pairs[each].is_waiting), key]:
            yield from self._final(open_key)

    def _final(self, key: str) -> Iterator[Final | Notice]:
        """The final of a sentence, after notices of texts that have not ended: what there is of them is kept."""
        pair = self._pairs.pop(key)
        if self._wants_transcript and pair.lacks(is_transcript=True):
            yield self._dropped.missing_text()
        elif not self._wants_transcript:
            yield from self._without_translation(pair)
        if isinstance(pair.translated, Partial):
            yield self._dropped.missing_translation()
        if self._target_language and pair.lacks(is_transcript=False):
            self._missing_translations[pair.number] += 1
        if isinstance(pair.transcript, Partial):
            self._unfinished_texts[pair.number] = pair.transcript.text
        first, *others = pair.texts
        if isinstance(first, Partial):
            ends = [other.end_ms for other in others if isinstance(other, Final)]
            end_ms = max([first.begin_ms, *(word.end_ms for word in first.words), *ends])
            first = Final(key, first.begin_ms, end_ms, first.text, first.words, first.language, sure_ms=first.begin_ms)
        for other in others:
            first = _with(first, other)
        self._after_ms = max(self._after_ms, first.end_ms)
        yield first

    def _without_translation(self, pair: _Pair) -> Iterator[Notice]:
        """Notices of sentences for which no translation came and which nothing shows: their numbers are left out."""
        if pair.translated is None:
            yield Notice("warning", f"{UNTRANSLATED}: its transcript is shown: {shorten(pair.texts[0].text)}")
        if isinstance(pair.number, int):
            skipped = range(self._next_number, pair.number)
            known = {other.number for other in self._pairs.values() if other.number in skipped}
            self._next_number = max(self._next_number, pair.number + 1)
            if len(known) < pair.number - skipped.start:
                yield Notice("warning", f"{UNTRANSLATED} before this one: {shorten(pair.texts[0].text)}")

    def _partial_of(self, pair: _Pair) -> Iterator[Partial]:
        first, *others = pair.texts
        if pair.transcript is None and self._wants_transcript:  # the transcript follows
            others = [first]
            first = Partial(first.key, first.begin_ms, "")
        elif isinstance(first, Final):
            first = Partial(first.key, first.begin_ms, first.text, "", first.words, first.language)
        for other in others:
            first = _with(first, other)
        if first.text or first.translation:
            yield first


def write(event: OneText, recognition: RecognitionSettings) -> Json:
    """The output that carries an event, with every key that the official SDK reads; empty if there is no text."""
    output: Json = {}
    if recognition.transcription is not False or not recognition.translate:
        output[TRANSCRIPTION] = sentence.write_one_text(event)
    if recognition.translate and (event.translation or isinstance(event, Final)):
        if isinstance(event, Final):
            translated: OneText = replace(event, text=event.translation, words=())
        else:
            translated = replace(event, settled="", unsettled=event.translation, words=())
        output[TRANSLATIONS] = [
            sentence.write_one_text(translated) | {"lang": event.translated_into or recognition.translate}
        ]
    return output


def _with(event: SentenceEvent, other: OneText) -> SentenceEvent:
    """The sentence with its translation, where there is one."""
    if not other.text:
        return event
    return replace(event, translation=other.text, translated_into=other.language)


def _read(one_text: Json) -> Iterator[SentenceResult]:
    """One text of a sentence, and the start of the next sentence if an ended text contains it as `stash`.

    Raises:
        ProtocolError: the text has ended and is missing.
    """
    stash = part(one_text, "stash")
    number = whole(one_text, "sentence_id")
    ended = flag(one_text, "sentence_end")
    if ended is None:
        ended = one_text.get("end_time") is not None
    if not ended:
        if one_text:
            yield from _read_open(one_text, stash)
        return
    yield _timed(one_text)
    if text(stash, "text"):
        next_number = None
        if number is not None:
            next_number = number + 1
        yield from _read_open(stash | {"sentence_id": next_number}, {})


def _read_open(one_text: Json, stash: Json) -> Iterator[SentenceResult]:
    """An open text. Its `stash` is the end that may still change; what stands before is settled if its words are."""
    beginning = text(one_text, "text")
    words = [*objects(one_text, "words"), *objects(stash, "words")]
    result = _timed(one_text | {"text": beginning + text(stash, "text"), "words": words, "sentence_end": False})
    words_are_fixed = all(word.get("fixed") for word in objects(one_text, "words"))
    if isinstance(one_text.get("stash"), dict) and words_are_fixed:
        result = result._replace(settled=len(beginning))
    yield result


def _timed(one_text: Json) -> SentenceResult:
    """The text as a sentence result; an open text ends, for now, at its `current_time`."""
    result = sentence.read(one_text)
    if result.untold:
        need(one_text, "text", str)  # raises the error that names the field
    if result.end_ms is not None:
        return result
    return result._replace(end_ms=timestamps.usable_time(one_text, "current_time"))
