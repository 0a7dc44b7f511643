"""Finds where speech starts and stops in a series of voiced and unvoiced frames. Pure: no audio, no clock.

The figures were found on 35 recordings with WebRTC's VAD, which calls the first 90 to 180 ms of a noisy stream speech.
"""

from collections.abc import Sequence
from dataclasses import dataclass

FRAME_MS = 30
START_MS = 240  # speech begins with voiced frames of this length in a row
PREROLL_MS = 300  # audio before those frames that goes to the recognizer too
SILENCE_MS = 600  # this much quiet ends a sentence unless the client asks for another length
LIMIT_MS = 15_000  # a sentence is cut at this length at the latest
LATE_MS = 5_000  # the cut falls into the longest pause of this last part


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
    """The sentence is too long: its last `back` frames belong to the next one."""

    back: int


Decision = SpeechBegan | SpeechEnded | SpeechCut


class Endpointer:
    """Takes frame after frame and makes at most one decision for each.

    Args:
        silence_ms: Silence that ends a sentence.
        limit_ms: The longest sentence.
    """

    def __init__(self, silence_ms: int | None = None, limit_ms: int = LIMIT_MS) -> None:
        self._stop = max(1, (silence_ms or SILENCE_MS) // FRAME_MS)
        self._limit = limit_ms // FRAME_MS
        self._length = 0  # frames of the open sentence; 0 when none is open
        self._run = 0  # voiced frames in a row, before speech begins
        self._quiet = 0  # unvoiced frames in a row, in the open sentence
        self._pauses: list[tuple[int, int]] = []  # (length, end) of pauses in the open sentence, in frames

    def add_frame(self, *, voiced: bool) -> Decision | None:
        """Take the next frame; returns a decision, or None."""
        if self._length:
            return self._add_to_sentence(voiced=voiced)
        return self._wait_for_speech(voiced=voiced)

    def _wait_for_speech(self, *, voiced: bool) -> SpeechBegan | None:
        self._run = self._run + 1 if voiced else 0
        if self._run * FRAME_MS < START_MS:
            return None
        self._length = self._run
        self._run = self._quiet = 0
        self._pauses.clear()
        return SpeechBegan(self._length)

    def _add_to_sentence(self, *, voiced: bool) -> SpeechEnded | SpeechCut | None:
        self._length += 1
        if voiced and self._quiet:
            self._pauses.append((self._quiet, self._length - 1))
        self._quiet = 0 if voiced else self._quiet + 1
        if self._quiet >= self._stop:
            quiet = min(self._quiet, self._length)  # after a cut, some of them belong to the sentence before
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


def longest_pause(voiced: Sequence[bool]) -> int:
    """Return how many frames lie behind the middle of the longest pause in the last 5 s; 0 when there is none."""
    best = (0, len(voiced))
    quiet = 0
    for number in range(max(0, len(voiced) - LATE_MS // FRAME_MS), len(voiced)):
        quiet = 0 if voiced[number] else quiet + 1
        best = max(best, (quiet, number + 1 - quiet // 2))
    return len(voiced) - best[1]
