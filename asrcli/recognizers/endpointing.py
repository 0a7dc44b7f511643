"""Finds where speech starts and stops in a series of voiced and unvoiced frames. Pure: no audio, no clock.

The figures were found on 35 recordings with WebRTC's VAD, which calls the first 90 to 180 ms of a noisy stream speech.
"""

from collections.abc import Sequence

from asrcli.core.dataclass import dataclass

FRAME_MS = 30
START_MS = 240  # speech begins with voiced frames of this length in a row
PREROLL_MS = 300  # audio before those frames that goes to the recognizer too
SILENCE_MS = 600  # this much quiet ends a sentence unless the client asks for another length
LIMIT_MS = 15_000  # a sentence is cut at this length at the latest
LATE_MS = 5_000  # in this last part a shorter pause ends it: the later, the shorter
LATE_PAUSE_MS = 300  # the pause that ends it at the beginning of that part; a single quiet frame does at its end


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Speech began with the last `frames` frames, this one included."""

    frames: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The sentence has ended; its last `quiet` frames are silence."""

    quiet: int


@dataclass(frozen=True, slots=True)
class SpeechCut:
    """The sentence has reached the limit without a pause: it ends after this frame, and the next one begins there."""


Decision = SpeechBegan | SpeechEnded | SpeechCut


class Endpointer:
    """Takes frame after frame and makes at most one decision for each.

    Nothing is decided about frames of the past, so that the words of a long sentence need not wait for its end: from
    LATE_MS before the limit on a short pause ends the sentence while it lasts.

    Args:
        silence_ms: Silence that ends a sentence.
        limit_ms: The longest sentence.
    """

    def __init__(self, silence_ms: int | None = None, limit_ms: int = LIMIT_MS) -> None:
        self._stop = max(1, (silence_ms or SILENCE_MS) // FRAME_MS)
        self._limit = limit_ms // FRAME_MS
        self._length = 0  # frames of the open sentence; 0 when none is open
        self._run = 0  # voiced frames in a row, before speech begins
        self._quiet = 0  # unvoiced frames in a row, in the open sentence and after one that a short pause has ended
        self._in_pause = False  # a short pause has ended a sentence and lasts

    def add_frame(self, *, voiced: bool) -> Decision | None:
        """Take the next frame; returns a decision, or None."""
        if self._length:
            return self._add_to_sentence(voiced=voiced)
        if self._in_pause:
            return self._add_to_pause(voiced=voiced)
        return self._wait_for_speech(voiced=voiced)

    def _wait_for_speech(self, *, voiced: bool) -> SpeechBegan | None:
        self._run += 1
        if not voiced:
            self._run = 0
        if self._run * FRAME_MS < START_MS:
            return None
        return self._begin(self._run)

    def _add_to_pause(self, *, voiced: bool) -> SpeechBegan | None:
        """Go on with the speech at its first voiced frame, unless the pause ends it as any silence does."""
        if voiced:
            return self._begin(1)
        self._quiet += 1
        self._in_pause = self._quiet < self._stop
        return None

    def _begin(self, frames: int) -> SpeechBegan:
        self._length = frames
        self._run = self._quiet = 0
        self._in_pause = False
        return SpeechBegan(frames)

    def _add_to_sentence(self, *, voiced: bool) -> SpeechEnded | SpeechCut | None:
        self._length += 1
        self._quiet += 1
        if voiced:
            self._quiet = 0
        if self._quiet >= self._stop or self._quiet >= self._late_pause:
            self._in_pause = self._quiet < self._stop
            self._length = 0
            return SpeechEnded(self._quiet)
        if self._length >= self._limit:
            self._length = 1
            return SpeechCut()
        return None

    @property
    def _late_pause(self) -> int:
        """How many quiet frames end a sentence of this length, however long the silence is that the client wants."""
        left_ms = (self._limit - self._length) * FRAME_MS
        if left_ms > LATE_MS:
            return self._limit
        return max(1, LATE_PAUSE_MS * left_ms // LATE_MS // FRAME_MS)


def longest_pause(voiced: Sequence[bool]) -> int:
    """Return how many frames lie after the middle of the longest pause in the last 5 s; 0 when there is none."""
    best = (0, len(voiced))
    quiet = 0
    for number in range(max(0, len(voiced) - LATE_MS // FRAME_MS), len(voiced)):
        quiet += 1
        if voiced[number]:
            quiet = 0
        best = max(best, (quiet, number + 1 - quiet // 2))
    return len(voiced) - best[1]
