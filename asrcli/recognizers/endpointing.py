"""Where speech starts and stops, from a row of voiced and unvoiced frames. Pure: no audio, no clock.

The figures were found on 35 recordings with WebRTC's VAD, which calls the first 90 to 180 ms of a noisy stream speech.
"""

from dataclasses import dataclass

FRAME_MS = 30
START_MS = 240  # a voiced run this long is speech
PREROLL_MS = 300  # so much before the run goes to the recognizer with it
SILENCE_MS = 600  # this much quiet ends a sentence unless the client asks for another length
LIMIT_MS = 15_000  # a sentence is cut here at the latest
LATE_MS = 5_000  # the longest pause in the last so many milliseconds is where that cut falls


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Speech began `frames` ago, this frame included."""

    frames: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The sentence is over; its last `quiet` frames are silence."""

    quiet: int


@dataclass(frozen=True, slots=True)
class SpeechCut:
    """The sentence is too long: its last `back` frames belong to the next one."""

    back: int


Decision = SpeechBegan | SpeechEnded | SpeechCut


class Endpointer:
    """One frame in, at most one decision out."""

    def __init__(self, silence_ms: int | None = None, limit_ms: int = LIMIT_MS) -> None:
        self._stop = max(1, (silence_ms or SILENCE_MS) // FRAME_MS)
        self._limit = limit_ms // FRAME_MS
        self._length = 0  # frames of the open sentence, 0 while it is quiet
        self._run = 0  # voiced frames in a row, while it is quiet
        self._quiet = 0  # unvoiced frames in a row, in a sentence
        self._pauses: list[tuple[int, int]] = []  # (length, end) of pauses in the open sentence, in frames

    def add_frame(self, *, voiced: bool) -> Decision | None:
        """What the next frame decides."""
        return self._speaking(voiced=voiced) if self._length else self._waiting(voiced=voiced)

    def _waiting(self, *, voiced: bool) -> SpeechBegan | None:
        self._run = self._run + 1 if voiced else 0
        if self._run * FRAME_MS < START_MS:
            return None
        self._length, self._run, self._quiet = self._run, 0, 0
        self._pauses.clear()
        return SpeechBegan(self._length)

    def _speaking(self, *, voiced: bool) -> SpeechEnded | SpeechCut | None:
        self._length += 1
        if voiced and self._quiet:
            self._pauses.append((self._quiet, self._length - 1))
        self._quiet = 0 if voiced else self._quiet + 1
        if self._quiet >= self._stop:
            quiet = min(self._quiet, self._length)  # after a cut, some of it belongs to the sentence before
            self._length = 0
            return SpeechEnded(quiet)
        if self._length >= self._limit:
            back = self._best_cut()
            self._length = max(1, back)
            self._pauses.clear()
            return SpeechCut(back)
        return None

    def _best_cut(self) -> int:
        late = [pause for pause in self._pauses if (self._length - pause[1]) * FRAME_MS <= LATE_MS]
        length, end = max([*late, (self._quiet, self._length)])
        return self._length - end + length // 2
