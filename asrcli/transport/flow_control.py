"""Flow control and liveness of a connection, as numbers only. Uses no clock and no socket."""

from enum import Enum, auto

MARK_BYTES = 64 << 10  # bytes between two pings; the answer to a ping shows that they have been read
MARKS = 2  # how many of these pings may be unanswered: at most four seconds of audio are unread
UNTAKEN = 2  # a peer that sends data and takes none of ours is given up after this many stall timeouts
QUEUE_HIGH, QUEUE_LOW = 64 << 10, 16 << 10  # bytes queued here; as many wait in the library's write buffer


class FlowControl:
    """Whether there is room for more audio. The bytes in flight are bounded if the other end answers pings.

    Attributes:
        room: Whether more audio should be handed over now.
        marks: The number of unanswered pings that followed audio.
    """

    def __init__(self) -> None:
        self.room = True
        self.marks = 0
        self._queued = self._unmarked = 0
        self._answers = False  # the other end has answered a ping, so pings can measure it

    def queued(self, size: int) -> bool:
        """Count a queued message of `size` bytes; returns whether a ping must follow it."""
        self._queued += size
        self._unmarked += size
        due = self._answers and self._unmarked >= MARK_BYTES
        if due:
            self._mark()
        self._changed()
        return due

    def passed(self, size: int) -> bool:
        """Count a message that the library has taken without a queue; returns whether a ping must follow it."""
        self._unmarked += size
        if not self._answers or self._unmarked < MARK_BYTES:
            return False  # as for nearly every message
        self._mark()
        self._changed()
        return True

    def written(self, size: int) -> bool:
        """Count bytes that the library has taken; returns whether that makes room."""
        self._queued -= size
        return self._changed()

    def answered(self, *, mark: bool) -> bool:
        """Count the answer to a ping, or to a `mark`; returns whether that makes room."""
        self._answers = True
        if mark and self.marks > 0:
            self.marks -= 1
        return self._changed()

    def distrust(self) -> bool:
        """Stop measuring by pings, because the other end does not answer them; returns whether that makes room."""
        self._answers = False
        self.marks = 0
        return self._changed()

    def _mark(self) -> None:
        self._unmarked = 0
        self.marks += 1

    def _changed(self) -> bool:
        had_room = self.room
        limit = QUEUE_HIGH if had_room else QUEUE_LOW
        self.room = self.marks < MARKS and self._queued < limit
        return self.room and not had_room


class LivenessAction(Enum):
    """What to do about a connection."""

    NOTHING = auto()
    PING = auto()  # ask for a sign of life
    DEAD = auto()  # give up: nothing was taken and nothing came for too long


class Liveness:
    """Signs of life: data that arrives, and bytes of our messages that the other end takes. Times are seconds.

    Pings that the other end takes are no sign of life: the operating system of a peer that hangs takes them for hours.
    Data that arrives counts for a limited time: a peer that sends heartbeats and reads nothing gets no audio.

    Attributes:
        dead_s: For how long the connection had failed when it was given up; 0 before.
        dead_reason: Why it was given up; empty before.
    """

    def __init__(self, stall_s: float, keepalive_s: float, now: float) -> None:
        self.stall_s = stall_s
        self.dead_s, self.dead_reason = 0.0, ""
        self._keepalive_s = keepalive_s
        self.interval_s = min(1.0, stall_s / 16)
        self._alive_at = self._ticked_at = self._pinged_at = self._taken_at = now
        self._written = self._messages_end = self._taken = 0

    def arrived(self, now: float) -> None:
        """Note that data of any kind came at `now`; may be called again with the same time."""
        self._alive_at = max(self._alive_at, now)

    def wrote(self, size: int) -> None:
        """Count `size` bytes of a message that were written."""
        self._written += size
        self._messages_end = self._written

    def pinged(self, size: int, now: float) -> None:
        """Count `size` bytes of a ping that were written at `now`."""
        self._written += size
        self._pinged_at = now

    def quiet_s(self, now: float) -> float:
        """Return for how long there has been no sign of life."""
        return now - self._alive_at

    def tick(self, now: float, unsent: int, *, pinged: bool, reading_paused: bool) -> LivenessAction:
        """Return what to do about the connection; to be called every `interval_s`.

        Args:
            now: The time.
            unsent: Bytes that were written and not taken by the other end.
            pinged: A ping is unanswered.
            reading_paused: We do not read at the moment, so nothing can arrive.
        """
        late_s = now - self._ticked_at - self.interval_s
        self._ticked_at = now
        if late_s > self.interval_s:
            # This process was stopped; what the other end did meanwhile is unknown.
            self._alive_at += late_s
            self._taken_at += late_s
        taken = self._written - unsent
        if reading_paused or (taken > self._taken and self._taken < self._messages_end):
            self._alive_at = now
        if reading_paused or taken > self._taken or not unsent:
            self._taken_at = now
        self._taken = taken
        quiet_s, untaken_s = self.quiet_s(now), now - self._taken_at
        if quiet_s >= self.stall_s and (pinged or unsent):
            self.dead_s, self.dead_reason = quiet_s, f"nothing sent or received for {self.stall_s:g} s"
            return LivenessAction.DEAD
        if untaken_s >= UNTAKEN * self.stall_s:
            self.dead_s, self.dead_reason = untaken_s, f"no data accepted for {UNTAKEN * self.stall_s:g} s"
            return LivenessAction.DEAD
        if unsent:
            return LivenessAction.NOTHING  # the bytes on their way already ask for a sign of life
        if now - self._pinged_at >= self._keepalive_s or (not pinged and quiet_s >= self.stall_s / 2):
            return LivenessAction.PING
        return LivenessAction.NOTHING
