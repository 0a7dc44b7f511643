"""The recognizer pocketsphinx: all that makes an old engine usable for live audio. One process, one thread.

Measured on human and synthetic speech: the running cepstral mean decides the accuracy, so one decoder lives as long as
its session and is never reset between sentences; a second pass over the whole sentence is worth its time for the first
sentence and wherever that mean has jumped. Everything else here is bookkeeping in frames of 30 ms.
"""

import os
import re
import sys
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import EngineUnavailable
from asrcli.core.events import Event, Final, Notice, SpeechStarted, SpeechStopped, Word
from asrcli.core.install_advice import install_package
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.endpointing import FRAME_MS, PREROLL_MS, START_MS, Endpointer, SpeechBegan, SpeechCut
from asrcli.recognizers.pocketsphinx_hotwords import HotWordSpotter
from asrcli.recognizers.registry import RecognizerOptions
from asrcli.recognizers.stable_words import StableWords
from asrcli.recognizers.voice_activity import VAD_FRAME_BYTES, speech_detector
from asrcli.sources.resampling import converter

LANGUAGE = "en"
MODEL_RATE = 16000  # what the acoustic model was made for
PARTIAL_EVERY = 200 // FRAME_MS
MEAN_JUMP = 8.0  # when one of the first cepstral means moves by more than this, the live pass is unreliable
SECOND_PASS_LIMIT_S = 60  # longer utterances (manual mode) are not read twice
# Nor is a longer sentence, unless the user asks for it: its final would be late by a sixth of its length, and by its
# end the live pass has heard enough to know the mean.
AUTO_SECOND_PASS_LIMIT_S = 8


class SphinxEngine:
    """An Engine: one decoder, which serves one session after the other."""

    def __init__(self, second_pass: str = "auto") -> None:
        self._second_pass = second_pass
        self._decoder = load_decoder()
        self._initial_means = self._decoder.get_cmn(False)

    def open(self, recognition: RecognitionSettings) -> "SphinxSession":
        """Begin a session with the cepstral means of a new decoder."""
        self._decoder.set_cmn(self._initial_means)
        return SphinxSession(self._decoder, recognition, self._second_pass)


def load(options: RecognizerOptions) -> SphinxEngine:
    """Load the model.

    Raises:
        EngineUnavailable: pocketsphinx is not installed, or its model does not load.
    """
    return SphinxEngine(options.second_pass)


def load_decoder() -> Any:
    """Return a decoder with the bundled model: 0.2 s and 96 MB.

    Raises:
        EngineUnavailable: pocketsphinx is not installed, or its model does not load.
    """
    try:
        import pocketsphinx
    except ImportError as exc:
        raise EngineUnavailable("pocketsphinx is not installed", install_package("pocketsphinx")) from exc
    try:
        return pocketsphinx.Decoder(samprate=MODEL_RATE, loglevel="FATAL")
    except RuntimeError as exc:
        raise EngineUnavailable(str(exc), "reinstall pocketsphinx: its model is damaged") from exc


class SphinxSession:
    """One task. `decoder` comes from load_decoder and may have served a task before.

    `second_pass` is "auto", "always" or "never".
    """

    def __init__(self, decoder: Any, recognition: RecognitionSettings, second_pass: str = "auto") -> None:
        self._decoder = decoder
        self._second_pass = second_pass
        self._vad_mode = recognition.vad
        self._is_speech = speech_detector()
        self._endpointer = Endpointer(recognition.silence_ms)
        self._resample = converter(recognition.rate, 1, Format(MODEL_RATE))
        self._spotter = HotWordSpotter(decoder, recognition.hotwords)
        self._notices = self._first_notices(recognition)
        self._rest = b""  # samples at the end of the audio, less than a frame
        self._preroll: deque[bytes] = deque(maxlen=(PREROLL_MS + START_MS) // FRAME_MS)
        self._frames = 0  # received in all
        self._number = 0  # of the open or last sentence
        self._is_open = False  # whether a sentence is open
        self._audio: list[bytes] = []  # its frames
        self._base = 0  # the frame at which the open sentence begins
        self._stable = StableWords("", LANGUAGE)

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Take audio; in VAD mode a final follows each end of a sentence."""
        yield from self._notices
        self._notices.clear()
        data = self._rest + self._resample(pcm)
        whole = len(data) // VAD_FRAME_BYTES * VAD_FRAME_BYTES
        self._rest = data[whole:]
        for at in range(0, whole, VAD_FRAME_BYTES):
            frame = data[at : at + VAD_FRAME_BYTES]
            self._frames += 1
            if self._vad_mode:
                yield from self._vad_frame(frame)
            else:
                self._manual_frame(frame)

    def commit(self) -> Iterator[Event]:
        """End the utterance (manual mode): a last partial, then the final."""
        if not self._is_open:
            self._open([], self._frames)
        yield from self._new_partial()
        yield self._close(self._frames)

    def clear(self) -> None:
        """Discard the open utterance (manual mode)."""
        if self._is_open:
            self._decoder.end_utt()
            self._is_open = False
            self._number -= 1

    def finish(self) -> Iterator[Event]:
        """End the open sentence. In manual mode, audio that was not committed has no result."""
        yield from self._notices
        if self._is_open and self._vad_mode:
            yield SpeechStopped(str(self._number), self._frames * FRAME_MS)
            yield self._close(self._frames)
        self.clear()

    def _first_notices(self, recognition: RecognitionSettings) -> list[Event]:
        notices: list[Event] = []
        if recognition.rate < MODEL_RATE:
            problem = f"audio at {recognition.rate} Hz is upsampled: about twice the word errors of 16000 Hz"
            notices.append(Notice("warning", f"embedded recognizer: {problem}"))
        if self._spotter.unpronounceable:
            names = ", ".join(self._spotter.unpronounceable)
            notices.append(Notice("warning", f"embedded recognizer: no pronunciation for the hot words {names}"))
        return notices

    def _vad_frame(self, frame: bytes) -> Iterator[Event]:
        decision = self._endpointer.add_frame(voiced=self._is_speech(frame))
        if not self._is_open:
            self._preroll.append(frame)
            if isinstance(decision, SpeechBegan):
                yield from self._start([*self._preroll], decision.frames)
            return
        self._audio.append(frame)
        self._decoder.process_raw(frame)
        if decision is None or isinstance(decision, SpeechBegan):
            if len(self._audio) % PARTIAL_EVERY == 0:
                yield from self._new_partial()
        elif isinstance(decision, SpeechCut):
            yield from self._cut()
        else:
            yield SpeechStopped(str(self._number), (self._frames - decision.quiet) * FRAME_MS)
            yield self._close(self._frames - decision.quiet)

    def _new_partial(self) -> Iterator[Event]:
        """Yield the partial of the open sentence, if it shows anything new."""
        new = self._stable.partial(self._words(self._base))
        if new is not None:
            yield new

    def _manual_frame(self, frame: bytes) -> None:
        if self._is_open:
            self._audio.append(frame)
            self._decoder.process_raw(frame)
        else:
            self._open([frame], self._frames - 1)

    def _start(self, frames: list[bytes], voiced: int) -> Iterator[Event]:
        begin_ms = (self._frames - voiced) * FRAME_MS
        self._preroll.clear()
        self._open(frames, self._frames - len(frames), begin_ms)
        yield SpeechStarted(str(self._number), begin_ms)

    def _open(self, frames: list[bytes], base: int, begin_ms: int | None = None) -> None:
        self._number += 1
        self._is_open = True
        self._audio = frames
        self._base = base
        self._stable = StableWords(str(self._number), LANGUAGE)
        self._begin_ms = base * FRAME_MS
        if begin_ms is not None:
            self._begin_ms = begin_ms
        self._decoder.start_utt()
        if frames:
            self._decoder.process_raw(b"".join(frames))

    def _cut(self) -> Iterator[Event]:
        """End a sentence that is too long with its last frame, and begin the next one there."""
        yield SpeechStopped(str(self._number), self._frames * FRAME_MS)
        yield self._close(self._frames)
        self._open([], self._frames)
        yield SpeechStarted(str(self._number), self._frames * FRAME_MS)

    def _close(self, end: int) -> Final:
        """Return the final of the open sentence, which may be empty; `end` is its last frame."""
        means_before = _means(self._decoder)
        self._decoder.end_utt()
        pcm = b"".join(self._audio)
        if self._audio and self._wants_second_pass(means_before, len(pcm)):
            self._decoder.start_utt()
            self._decoder.process_raw(pcm, full_utt=True)
            self._decoder.end_utt()
        words = self._spotter.corrected(self._words(self._base), pcm, self._base * FRAME_MS)
        begin_ms = self._begin_ms
        end_ms = max(begin_ms, end * FRAME_MS)
        if words:
            begin_ms = words[0].begin_ms
            end_ms = words[-1].end_ms
        self._is_open = False
        text = " ".join(word.text for word in words)
        return Final(str(self._number), begin_ms, end_ms, text, words, LANGUAGE)

    def _wants_second_pass(self, means_before: list[float], size_bytes: int) -> bool:
        limit_s = SECOND_PASS_LIMIT_S
        if self._second_pass == "auto":
            limit_s = AUTO_SECOND_PASS_LIMIT_S
        if self._second_pass == "never" or size_bytes > limit_s * MODEL_RATE * SAMPLE_BYTES:
            return False
        pairs = zip(means_before, _means(self._decoder), strict=True)
        jumped = max(abs(after - before) for before, after in pairs) > MEAN_JUMP
        return self._second_pass == "always" or ((self._number == 1 or jumped) and _has_time_for_second_pass())

    def _words(self, base: int) -> tuple[Word, ...]:
        at_ms = partial(_frame_ms, base)
        return tuple(
            Word(re.sub(r"\(\d+\)$", "", segment.word), at_ms(segment.start_frame), at_ms(segment.end_frame + 1))
            for segment in self._decoder.seg() or ()
            if not segment.word.startswith(("<", "[", "+"))
        )


def _frame_ms(base: int, frame: int) -> int:
    return base * FRAME_MS + frame * 10  # pocketsphinx counts 10 ms frames from the start of the utterance


def _means(decoder: Any) -> list[float]:
    """Return the first four cepstral means, in which a change of speaker or channel shows."""
    return [float(mean) for mean in decoder.get_cmn(True).split(",")[:4]]


def _has_time_for_second_pass() -> bool:
    """Return whether the load leaves time for a second pass (0.17 of the sentence's length).

    On a busy machine it would make other sessions fall behind.
    """
    if sys.platform == "win32":  # which counts no such load
        return True
    try:
        return os.getloadavg()[0] < 2 * (os.cpu_count() or 1)
    except OSError:
        return True
