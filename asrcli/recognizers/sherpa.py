"""The recognizer of a model that the user has added, run by sherpa-onnx: one that streams, or one of whole sentences.

One thread. Our detector finds where somebody speaks, and each sentence is a stream of its own: what the model hears of
the silence between two costs nothing, and a time is that of the sentence's first sample plus the model's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.detected_session import DetectedSession
from asrcli.recognizers.endpointing import (
    FRAME_MS,
    SpeechBegan,
    SpeechCut,
    SpeechEnded,
)
from asrcli.recognizers.interface import RecognizerSession
from asrcli.recognizers.model_folder import open_model
from asrcli.recognizers.open_sentence import OpenSentence
from asrcli.recognizers.registry import RecognizerOptions
from asrcli.recognizers.sherpa_hotwords import HotWordSpelling, hotword_spelling
from asrcli.recognizers.sherpa_model import WholeModel, accept, load_recognizer
from asrcli.recognizers.stable_words import StableWords
from asrcli.recognizers.text_units import joined, language_of, split_words
from asrcli.recognizers.token_words import timed_words
from asrcli.recognizers.voice_activity import VAD_RATE, speech_detector
from asrcli.recognizers.whole_sentences import WholeSentenceSession
from asrcli.recognizers.word_times import estimated_words

PAD = bytes(VAD_RATE * 2)  # 1 s of silence after a sentence: a model writes a word only when it has heard what follows


class SherpaEngine:
    """An Engine: one model, which serves one session after the other."""

    def __init__(self, folder: Path, languages: Sequence[str]) -> None:
        speech_detector()  # raises here, and not in the middle of a session
        found = open_model(folder)
        self._folder, self._found = folder, found
        self._spelling = hotword_spelling(folder, found)
        self._favouring: Any = None  # the same model, loaded once more for the first session with hot words
        self._languages = tuple(languages)
        self._streaming = found.kind.streaming
        self._recognizer = load_recognizer(folder, found, languages[0] if len(languages) == 1 else "")

    def open(self, recognition: RecognitionSettings) -> RecognizerSession:
        """Begin a session."""
        heard = [code for code in self._languages if code in recognition.languages] or self._languages
        spelling = self._spelling
        if recognition.hotwords and isinstance(spelling, HotWordSpelling):
            if self._favouring is None:
                self._favouring = load_recognizer(self._folder, self._found, spelling=spelling)
            return StreamingSession(self._favouring, recognition, heard, spelling)
        if self._streaming:
            return StreamingSession(self._recognizer, recognition, heard)
        return SherpaSentenceSession(WholeModel(self._recognizer), recognition, heard)


def load(options: RecognizerOptions) -> SherpaEngine:
    """Load the model in the folder of the options.

    Raises:
        EngineUnavailable: sherpa-onnx is not installed, or the folder has no model that can be used.
    """
    return SherpaEngine(Path(options.model_folder), options.languages)


class SherpaSentenceSession(WholeSentenceSession):
    """One task of a model that reads whole sentences."""

    name = "this model"

    def __init__(self, model: WholeModel, recognition: RecognitionSettings, languages: Sequence[str]) -> None:
        super().__init__(model.text, recognition)
        self._languages = languages

    def language(self, words: Sequence[Word]) -> str:
        """Return the language of words, as far as it can be told."""
        return language_of(joined(words), self._languages)


class StreamingSession(DetectedSession):
    """One task of a model that reads audio as it comes."""

    name = "this model"

    def __init__(
        self,
        recognizer: Any,
        recognition: RecognitionSettings,
        languages: Sequence[str],
        spelling: HotWordSpelling | None = None,
    ) -> None:
        self._hotwords, unknown = spelling.spelled(recognition.hotwords) if spelling else ("", None)
        super().__init__(recognition, unknown)
        self._recognizer = recognizer
        self._languages = languages

    def commit(self) -> Iterator[Event]:
        """End the utterance (manual mode): a last partial, then the final."""
        self._number += 1
        key = str(self._number)
        end_ms = self._frames * FRAME_MS
        words: tuple[Word, ...] = ()
        begin_ms = end_ms
        if self._sentence is not None:
            words = self._ended(end_ms)
            begin_ms = self._begin_ms
        self._sentence = None
        if words:
            begin_ms, end_ms = words[0].begin_ms, words[-1].end_ms
            yield Partial(key, begin_ms, "", joined(words), words, self._language(words))
        yield self._final(key, begin_ms, end_ms, words)

    def clear(self) -> None:
        """Discard the open utterance (manual mode)."""
        self._sentence = None

    def finish(self) -> Iterator[Event]:
        """End the open sentence. In manual mode, audio that was not committed has no result."""
        yield from self._notices
        if self._sentence is not None and self._vad_mode:
            yield from self._close(len(self._sentence) - self._sentence.quiet)
        self._sentence = None

    def _manual_frame(self, frame: bytes, *, voiced: bool) -> None:
        del voiced
        if self._sentence is None:
            self._open(OpenSentence("", self._frames - 1))
        accept(self._stream, frame)
        self._decode()

    def _vad_frame(self, frame: bytes, *, voiced: bool) -> Iterator[Event]:
        decision = self._endpointer.add_frame(voiced=voiced)
        if self._sentence is None:
            self._preroll.append((frame, voiced))
            if isinstance(decision, SpeechBegan):
                yield self._start(decision.frames)
            return
        self._sentence.add(frame, voiced=voiced)
        accept(self._stream, frame)
        if isinstance(decision, SpeechCut):
            yield from self._cut()
        elif isinstance(decision, SpeechEnded):
            yield from self._close(len(self._sentence) - decision.quiet)
        elif self._decode() and not self._behind:
            new = self._stable.partial(self._words(self._frames * FRAME_MS))
            if new is not None:
                yield replace(new, language=self._language(new.words))

    def _open(self, sentence: OpenSentence) -> None:
        self._sentence = sentence
        self._stable = StableWords(sentence.key, "")
        self._begin_ms = sentence.base * FRAME_MS
        self._base_ms = sentence.base * FRAME_MS  # of the first sample of the stream
        self._stream = self._recognizer.create_stream(*([self._hotwords] if self._hotwords else []))
        if sentence:
            accept(self._stream, sentence.pcm(len(sentence)))

    def _cut(self) -> Iterator[Event]:
        """End a sentence that is too long with its last frame, and begin the next one there."""
        assert self._sentence is not None  # noqa: S101  a sentence is open
        yield from self._close(len(self._sentence))
        self._number += 1
        self._open(OpenSentence(str(self._number), self._frames))
        yield SpeechStarted(str(self._number), self._begin_ms)

    def _close(self, end: int) -> Iterator[Event]:
        """Yield the end and the final of the open sentence, which may be empty; `end` is the length of its speech."""
        sentence = self._sentence
        assert sentence is not None  # noqa: S101  a sentence is open
        end_ms = max(self._begin_ms, (sentence.base + end) * FRAME_MS)
        yield SpeechStopped(sentence.key, end_ms)
        words = self._ended((sentence.base + len(sentence)) * FRAME_MS)
        begin_ms = self._begin_ms
        if words:
            begin_ms, end_ms = words[0].begin_ms, words[-1].end_ms
        self._sentence = None
        yield self._final(sentence.key, begin_ms, end_ms, words)

    def _decode(self) -> bool:
        """Decode what the stream has; returns whether there was anything."""
        decoded = False
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)
            decoded = True
        return decoded

    def _ended(self, end_ms: int) -> tuple[Word, ...]:
        """End the stream; returns all of its words."""
        accept(self._stream, PAD)
        self._stream.input_finished()
        self._decode()
        return self._words(end_ms)

    def _words(self, end_ms: int) -> tuple[Word, ...]:
        text = str(self._recognizer.get_result(self._stream))
        tokens = self._recognizer.tokens(self._stream)
        starts = [self._base_ms + round(start * 1000) for start in self._recognizer.timestamps(self._stream)]
        if len(starts) == len(tokens):
            return timed_words(text, tokens, starts, end_ms)
        if self._sentence:  # a kind without times
            return estimated_words(text, self._sentence.voiced, self._sentence.base)
        words = split_words(text)
        step_ms = (end_ms - self._base_ms) / max(1, len(words))
        starts = [self._base_ms + round(number * step_ms) for number in range(len(words))]
        return timed_words(text, [word + after for word, after in words], starts, end_ms)

    def _language(self, words: Sequence[Word]) -> str:
        return language_of(joined(words), self._languages)

    def _final(self, key: str, begin_ms: int, end_ms: int, words: tuple[Word, ...]) -> Final:
        return Final(key, begin_ms, end_ms, joined(words), words, self._language(words))
