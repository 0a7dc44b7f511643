"""Decides when the audio of a file is sent: at the pace of the run, or in batches at full pace. No thread."""

from collections.abc import Callable

from asrcli.core.audio import Chunk

LEAST_CATCH_UP = 1.25  # late audio is released at this many times the pace, or faster
GATHER_S = 0.01  # how long the audio of a file at full pace waits for more of it


class Schedule:
    """When each chunk is due at a pace: when a microphone would have captured its last sample.

    Audio that an outage, a stop of the process or a slow source has made late is released at `catch_up` times real
    time, and never faster. Without that, the small delays of each step would add up to seconds in an hour. Jumps of the
    position take no time.
    """

    def __init__(self, clock: Callable[[], float], rate: int, pace: float, catch_up: float | None) -> None:
        self._clock = clock
        self._samples_s = rate * pace
        self._fastest_samples_s = rate * max(pace * LEAST_CATCH_UP, catch_up or 0.0)
        self._began = self._released_at = clock()
        self._samples = 0
        self._due: float | None = None  # when the next chunk is due, once that was asked

    def take(self, chunk: Chunk) -> float | None:
        """Count the next chunk as released if it is due, and return None; else return when it is due."""
        now = self._clock()
        if self._due is None:
            due = self._began + (self._samples + chunk.samples) / self._samples_s
            self._due = max(due, self._released_at + chunk.samples / self._fastest_samples_s)
        if self._due > now:
            return self._due
        self._due = None
        self._released_at = now
        self._samples += chunk.samples
        return None


class Batches:
    """Releases the audio of a file at full pace in batches, so that the session is not woken for each piece.

    A batch begins when `many` pieces wait, or GATHER_S after the last batch began. All that waits then is in it.
    """

    def __init__(self, clock: Callable[[], float], many: int) -> None:
        self._clock = clock
        self.many = many
        self._due = clock()
        self._left = 0  # of the batch that has begun

    def take(self, waiting: int) -> float | None:
        """Count one of the pieces that wait as released if it is due, and return None; else return when it is due."""
        if not self._left:
            now = self._clock()
            if now < self._due and waiting < self.many:
                return self._due
            self._due = now + GATHER_S
            self._left = waiting
        self._left -= 1
        return None
