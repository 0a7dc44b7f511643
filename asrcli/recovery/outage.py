"""Decides when the recognizer on this machine starts in an outage, and converts its times to those of the run. Pure."""

from bisect import bisect_right

from asrcli.core.audio import Format

OUTAGE_S = 2.0  # most outages are shorter; a recognizer that was started for them would use a core in vain


class Outage:
    """The time without a service. Times are seconds of any clock.

    An outage that ends without a new final continues with the next loss: a service that accepts connections and drops
    them cannot be used either.

    Attributes:
        away: No connection takes audio.
    """

    def __init__(self) -> None:
        self.away = False
        self._since: float | None = None

    def lost(self, now: float) -> None:
        """Note that there is no connection. Only the first call of an outage has an effect."""
        self.away = True
        if self._since is None:
            self._since = now

    def connected(self) -> None:
        """Note that a connection takes audio."""
        self.away = False

    def progress(self) -> None:
        """End the outage: a final has come over a connection that takes audio."""
        if not self.away:
            self._since = None

    @property
    def due(self) -> float | None:
        """When the recognizer on this machine starts; None while there is a connection."""
        if not self.away or self._since is None:
            return None
        return self._since + OUTAGE_S


class LocalTimeline:
    """Where the audio of a local session lies on the timeline of the run. Positions and lengths are in samples."""

    def __init__(self, audio_format: Format) -> None:
        self._format = audio_format
        self._local: list[int] = []
        self._run: list[int] = []
        self._ends: list[int] = []
        self.length = 0  # of the local session
        self.end = 0  # position after its last audio

    def add(self, position: int, samples: int) -> None:
        """Note audio of the run that follows in the local session."""
        if not self._local or position != self.end:
            self._local.append(self.length)
            self._run.append(position)
            self._ends.append(position)
        self.length += samples
        self.end = self._ends[-1] = position + samples

    def pad(self, samples: int) -> None:
        """Note silence that only the local session gets."""
        self.length += samples

    def ms(self, local_ms: int) -> int:
        """Return a time of the local session on the timeline of the run, inside the audio that it was given."""
        if not self._local:
            return 0
        local = self._format.samples(max(0, local_ms))
        number = max(0, bisect_right(self._local, local) - 1)
        position = self._run[number] + local - self._local[number]
        return self._format.ms(min(position, self._ends[number]))
