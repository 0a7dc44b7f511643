"""How much may be on its way to the other end, and whether it is alive: figures alone. Uses no clock and no socket."""

from enum import Enum, auto

MARK_BYTES = 64 << 10  # a ping follows so many bytes; its answer says that they have been read
MARKS = 2  # so many of these pings may be unanswered: four seconds of audio are undigested at most
QUEUE_HIGH, QUEUE_LOW = 64 << 10, 16 << 10  # bytes that wait here; as many wait in the library's write buffer


class FlowControl:
    """Says whether there is room for more. The bytes in flight are bounded where the other end answers pings.

    Attributes:
        room: Whether more audio should be handed over now.
        marks: How many pings that followed audio are unanswered.
    """

    def __init__(self) -> None:
        self.room = True
        self.marks = 0
        self._queued = self._unmarked = 0
        self._answers = False  # the other end has answered a ping, and may be measured by them

    def queued(self, size: int) -> bool:
        """Count a message of so many bytes that was handed over; True when a ping must follow it."""
        self._queued += size
        self._unmarked += size
        due = self._answers and self._unmarked >= MARK_BYTES
        if due:
            self._unmarked = 0
            self.marks += 1
        self._changed()
        return due

    def written(self, size: int) -> bool:
        """Count bytes that the library has taken; True when that makes room."""
        self._queued -= size
        return self._changed()

    def answered(self, *, mark: bool) -> bool:
        """Count the answer to a ping; True when that makes room."""
        self._answers = True
        self.marks -= mark and self.marks > 0
        return self._changed()

    def distrust(self) -> bool:
        """Measure by pings no longer: the other end goes on without answering them. True when that makes room."""
        self._answers, self.marks = False, 0
        return self._changed()

    def _changed(self) -> bool:
        before = self.room
        self.room = self.marks < MARKS and self._queued < (QUEUE_HIGH if before else QUEUE_LOW)
        return self.room and not before


class LivenessAction(Enum):
    """What is to be done about a connection."""

    WELL = auto()
    PING = auto()  # ask for a sign of life
    DEAD = auto()  # for the whole stall timeout nothing was taken and nothing came


class Liveness:
    """Signs of life: whatever arrives, and bytes of our messages that are taken. Times are seconds of some clock.

    Pings that leave are none: the system of a peer that hangs takes them for hours.
    """

    def __init__(self, stall_s: float, keepalive_s: float, now: float) -> None:
        self.stall_s, self._keepalive_s = stall_s, keepalive_s
        self.interval_s = min(1.0, stall_s / 16)
        self._alive_at = self._ticked_at = self._pinged_at = now
        self._written = self._messages_end = self._taken = 0

    def arrived(self, now: float) -> None:
        """Note that data of any kind came then; it may be told again."""
        self._alive_at = max(self._alive_at, now)

    def wrote(self, size: int, now: float, *, ping: bool = False) -> None:
        """Note that so many bytes were written, of a message or of a ping."""
        self._written += size
        if ping:
            self._pinged_at = now
        else:
            self._messages_end = self._written

    def quiet_s(self, now: float) -> float:
        """Return for how long there has been no sign of life."""
        return now - self._alive_at

    def tick(self, now: float, unsent: int, *, pinged: bool, deaf: bool) -> LivenessAction:
        """Judge the connection; to be asked every `interval_s`.

        Args:
            now: The time.
            unsent: Bytes that were written and that the other end has not taken.
            pinged: A ping is unanswered.
            deaf: We do not read at the moment, so that nothing can arrive.
        """
        late_s = now - self._ticked_at - self.interval_s
        self._ticked_at = now
        if late_s > self.interval_s:
            self._alive_at += late_s  # this process was stopped: what the other end did meanwhile is not known
        taken = self._written - unsent
        if deaf or (taken > self._taken and self._taken < self._messages_end):
            self._alive_at = now
        self._taken = taken
        quiet_s = self.quiet_s(now)
        if quiet_s >= self.stall_s and (pinged or unsent):
            return LivenessAction.DEAD
        if unsent:
            return LivenessAction.WELL  # what is on its way asks for a sign of life already
        due = now - self._pinged_at >= self._keepalive_s or (not pinged and quiet_s >= self.stall_s / 2)
        return LivenessAction.PING if due else LivenessAction.WELL
