"""A session of a model that reads whole pieces of audio, made to answer while somebody speaks. One thread.

The open sentence is read again and again: these are its partials. When a pause begins it is read once more, and if the
pause goes on, this is the final, which is there as soon as the sentence has ended. The more one reading costs, the
fewer there are, and a session that is behind shows hardly any partials, so that no final comes late.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.detected_session import DetectedSession
from asrcli.recognizers.endpointing import (
    FRAME_MS,
    LIMIT_MS,
    SpeechBegan,
    SpeechCut,
    SpeechEnded,
    longest_pause,
)
from asrcli.recognizers.hallucination_filter import without_loop
from asrcli.recognizers.open_sentence import OpenSentence
from asrcli.recognizers.speech_shape import VOICED_FRAMES, FrameFacts
from asrcli.recognizers.stable_words import StableWords
from asrcli.recognizers.text_units import joined
from asrcli.recognizers.voice_activity import VAD_FRAME_BYTES
from asrcli.recognizers.word_times import estimated_words

PARTIAL_EVERY_MS = 300
FIRST_EVERY_MS = 60  # at the beginning, while nothing was shown: a model often makes nothing of the first sounds
READING_SHARE = 0.4  # of the time, at most, goes into partials
FIRST_SHARE = 0.6  # the same at the beginning, for 1.8 s at most
# What is read of less audio is often wrong, several times in a row: it stays unsettled.
TRUSTED_FRAMES = 1800 // FRAME_MS
EAGER_FRAMES = 240 // FRAME_MS  # a pause of this length may be the end of the sentence
LIMIT_FRAMES = LIMIT_MS // FRAME_MS  # the model reads no more at once
FIRST_BEHIND_FRAMES = 1500 // FRAME_MS

Read = Callable[[bytes], str]


class WholeSentenceSession(DetectedSession):
    """One task. `read` makes text of up to 15 s of PCM at 16 kHz; `clock` returns seconds.

    A recognizer says in `can_be_speech` and `may_become_speech` which audio is worth reading, in `plausible` what of a
    text cannot have been said, and in `language` what language it is in.

    Attributes:
        silence_behind_ms: How much silence the model gets after the beginning of a sentence that goes on, and after
            one that no pause ends: the audio is over, or the sentence is cut at its limit.
    """

    silence_behind_ms = 0

    def __init__(
        self, read: Read, recognition: RecognitionSettings, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        super().__init__(recognition)
        self._read = read
        self._clock = clock
        self._said: tuple[Word, ...] = ()  # the words of an utterance that is longer than the model reads (manual mode)

    def can_be_speech(self, frames: Sequence[FrameFacts], *, final: bool) -> bool:
        """Return whether audio is worth reading; `final`: it ends here, and nothing that follows can tell."""
        del final
        return any(frame.voiced for frame in frames)

    def may_become_speech(self, frames: Sequence[FrameFacts]) -> bool:
        """Return whether a beginning that is no speech yet is worth reading: what is read twice is shown."""
        del frames
        return False

    def plausible(self, text: str, frames: Sequence[FrameFacts], *, final: bool) -> str:
        """Return the text without what cannot have been said; `final`: the sentence ends here."""
        del final
        if sum(frame.voiced for frame in frames) >= VOICED_FRAMES:
            return without_loop(text)
        return ""

    def language(self, words: Sequence[Word]) -> str:
        """Return the language of words; an empty string where it is not known."""
        del words
        return ""

    def commit(self) -> Iterator[Event]:
        """End the utterance (manual mode): a last partial, then the final."""
        self._number += 1
        key = str(self._number)
        end_ms = self._frames * FRAME_MS
        words = self._said
        if self._sentence is not None:
            words += self._words(self._sentence, self._text(len(self._sentence)))
        begin_ms = end_ms
        if self._sentence is not None:
            begin_ms = self._sentence.base * FRAME_MS
        self._discard()
        if words:
            begin_ms, end_ms = words[0].begin_ms, words[-1].end_ms
            yield Partial(key, begin_ms, "", joined(words), words, self.language(words))
        yield Final(key, begin_ms, end_ms, joined(words), words, self.language(words))

    def clear(self) -> None:
        """Discard the open utterance (manual mode)."""
        self._discard()

    def finish(self) -> Iterator[Event]:
        """End the open sentence. In manual mode, audio that was not committed has no result."""
        yield from self._notices
        if self._sentence is not None and self._vad_mode:
            yield from self._close(len(self._sentence) - self._sentence.quiet)
        self._discard()

    def _discard(self) -> None:
        self._sentence = None
        self._said = ()

    def _manual_frame(self, frame: bytes, *, voiced: bool) -> None:
        if self._sentence is None:
            self._open(OpenSentence("", self._frames - 1))
        sentence = self._opened
        sentence.add(frame, voiced=voiced)
        if len(sentence) >= LIMIT_FRAMES:
            at = len(sentence) - longest_pause(sentence.voiced)
            rest = sentence.split(at, "")
            self._said += self._words(sentence, self._text(at))
            self._open(rest)

    def _vad_frame(self, frame: bytes, *, voiced: bool) -> Iterator[Event]:
        decision = self._endpointer.add_frame(voiced=voiced)
        if self._sentence is None:
            self._preroll.append((frame, voiced))
            if isinstance(decision, SpeechBegan):
                yield self._start(decision.frames)
            return
        self._sentence.add(frame, voiced=voiced)
        if isinstance(decision, SpeechCut):
            yield from self._cut()
        elif isinstance(decision, SpeechEnded):
            yield from self._close(len(self._sentence) - decision.quiet)
        elif self._is_due(self._sentence):
            yield from self._new_partial()

    def _open(self, sentence: OpenSentence) -> None:
        self._sentence = sentence
        self._stable = StableWords(sentence.key, "")
        self._begin_ms = sentence.base * FRAME_MS
        self._is_shown = False  # there was a partial
        self._read_length = 0  # frames that the last reading had
        self._read_s = 0.0  # what it cost
        self._was_read = False  # the last time that it was due
        self._is_doubtful = False  # whether it was only worth reading because it may become speech
        self._eager_text: str | None = None  # the text of all frames up to a pause that still lasts

    @property
    def _opened(self) -> OpenSentence:
        assert self._sentence is not None  # noqa: S101  a sentence is open
        return self._sentence

    def _is_due(self, sentence: OpenSentence) -> bool:
        """Return whether the sentence is to be read now, for a partial or for a final ahead of its time."""
        if sentence.quiet == 0:
            self._eager_text = None
        if self._behind:
            return len(sentence) >= max(FIRST_BEHIND_FRAMES, 2 * self._read_length)
        if sentence.quiet >= EAGER_FRAMES:
            return sentence.quiet == EAGER_FRAMES
        every_ms, share = PARTIAL_EVERY_MS, READING_SHARE
        if not self._is_shown and len(sentence) < TRUSTED_FRAMES:  # noise without text is not read this often
            every_ms, share = FIRST_EVERY_MS, FIRST_SHARE
            if not self._was_read:  # to look again costs hardly anything
                every_ms = FRAME_MS
        new_ms = (len(sentence) - self._read_length) * FRAME_MS
        return new_ms >= max(every_ms, 1000 * self._read_s / share)

    def _new_partial(self) -> Iterator[Event]:
        """Read the open sentence; yields its partial, if it shows anything new."""
        sentence = self._opened
        may_end = sentence.quiet >= EAGER_FRAMES
        text = self._text(len(sentence), final=may_end)
        if may_end:
            self._eager_text = text
            certain = self.can_be_speech(sentence.facts, final=False)
            text = self.plausible(text, sentence.facts, final=False) if certain else ""
        words = self._words(sentence, text.rstrip(".,?!"))  # the end of a piece looks like the end of a sentence
        is_long = len(sentence) >= TRUSTED_FRAMES  # noise in which nothing was heard so far, perhaps
        new = self._stable.partial(words, trusted=is_long, doubtful=is_long or self._is_doubtful)
        if new is not None:
            self._is_shown = True
            yield replace(new, language=self.language(new.words))

    def _cut(self) -> Iterator[Event]:
        """End a sentence that is too long with its last frame, and begin the next one there."""
        self._eager_text = None
        yield from self._close(len(self._opened))
        self._number += 1
        self._open(OpenSentence(str(self._number), self._frames))
        yield SpeechStarted(str(self._number), self._begin_ms)

    def _close(self, end: int) -> Iterator[Event]:
        """Yield the end and the final of the open sentence, which may be empty; `end` is the length of its speech."""
        sentence = self._opened
        end_ms = max(self._begin_ms, (sentence.base + end) * FRAME_MS)
        yield SpeechStopped(sentence.key, end_ms)
        text = self._eager_text
        if text is None:
            text = self._text(min(len(sentence), end + EAGER_FRAMES))
        words = self._words(sentence, text)
        begin_ms = self._begin_ms
        if words:
            begin_ms, end_ms = words[0].begin_ms, words[-1].end_ms
        self._sentence = None
        yield Final(sentence.key, begin_ms, end_ms, joined(words), words, self.language(words))

    def _text(self, length: int, *, final: bool = True) -> str:
        """Read the first `length` frames of the open sentence; returns what was plausibly said."""
        sentence = self._opened
        began_s = self._clock()
        frames = sentence.facts[:length]
        text = ""
        begins = not final and length < TRUSTED_FRAMES
        can_be = self.can_be_speech(frames, final=final)
        self._is_doubtful = not can_be and begins and self.may_become_speech(frames)
        self._was_read = can_be or self._is_doubtful
        if self._was_read:
            pcm = sentence.pcm(length)
            is_cut_off = final and any(frame.voiced for frame in frames[-EAGER_FRAMES:])
            if begins or is_cut_off:
                pcm += bytes(self.silence_behind_ms * VAD_FRAME_BYTES // FRAME_MS)
                pcm = pcm[: LIMIT_FRAMES * VAD_FRAME_BYTES]
            text = self.plausible(self._read(pcm), frames, final=final)
        self._read_length = length
        self._read_s = self._clock() - began_s
        return text

    def _words(self, sentence: OpenSentence, text: str) -> tuple[Word, ...]:
        return estimated_words(text, sentence.voiced, sentence.base)
