"""Decides when sent audio without an open sentence counts as silence. Uses no clock: times are passed in."""

from collections import deque

QUIET_S = 3.0  # after it was sent, quiet is settled
SOUND_S = 20.0  # after it was sent, sound is settled if the service has opened no sentence in it
ALIVE_S = 10.0  # sound also needs a message this long after it was sent: a failed service processes nothing
ASLEEP_S = 5.0  # a process that did not run for this long was suspended: messages that look new may be that old
STEP_MS = 500  # sent audio is remembered in steps of about this length
# This many waiting steps are minutes of audio, and hours may follow. Longer steps are then enough: quiet is a part of
# the sound around it, which only settles it later.
MANY, LONG_STEP_MS = 500, 30_000


def was_suspended(deadline: float | None, now: float) -> bool:
    """Whether a deadline is noticed so late that the process did not run: then nobody could answer in time."""
    return deadline is not None and now - deadline > ASLEEP_S


class _SentSpan:
    """Consecutive audio that was sent: all of it is quiet, or none of it."""

    __slots__ = ("at_s", "begin_ms", "due_s", "end_ms", "quiet")

    def __init__(self, begin_ms: int, end_ms: int, quiet: bool, at_s: float, due_s: float) -> None:
        self.begin_ms = begin_ms
        self.end_ms = end_ms
        self.quiet = quiet
        self.at_s = at_s  # when it was sent last
        self.due_s = due_s  # when it is settled, if no sentence is opened in it


class QuietSettlement:
    """The audio that was sent on one connection, and when. Times of the audio are in ms, of the clock in s.

    A service may get audio faster than it processes it. It is assumed to process audio at least in real time, so sound
    that was sent ahead of real time gets more time.
    """

    def __init__(self) -> None:
        self._sent: deque[_SentSpan] = deque()
        self._ahead_s = 0.0
        self._last_s: float | None = None
        self._awake_s: float | None = None  # when the process is known to have run last

    def awake(self, now: float) -> float:
        """Note that the process runs. Time in which the process was suspended does not count for audio sent before.

        Messages that the service sent before the suspension are read after it. They do not show that the service has
        processed anything meanwhile. Returns how many seconds the suspension took, 0 if there was none.
        """
        asleep_s = 0.0
        if self._awake_s is not None:
            asleep_s = now - self._awake_s
        self._awake_s = now
        if asleep_s <= ASLEEP_S:
            return 0.0
        for span in self._sent:
            span.at_s += asleep_s
            span.due_s += asleep_s
        return asleep_s

    def is_due(self, now: float) -> bool:
        """Return whether the time has come at which the first span may be settled."""
        return bool(self._sent) and self._sent[0].due_s <= now

    def sent(self, begin_ms: int, end_ms: int, now: float, *, quiet: bool) -> None:
        """Add audio that went out at `now`."""
        self._ahead_s = self.ahead_s(now) + (end_ms - begin_ms) / 1000
        self._last_s = now
        wait_s = QUIET_S  # a service may send no message for quiet audio
        if not quiet:
            wait_s = self._ahead_s + SOUND_S
        due_s = now + wait_s
        if self._sent:
            last = self._sent[-1]
            longest_ms, alike = STEP_MS, last.quiet == quiet
            if len(self._sent) > MANY:
                longest_ms, alike = LONG_STEP_MS, True
            if alike and last.end_ms == begin_ms and end_ms - last.begin_ms <= longest_ms:
                last.end_ms = end_ms
                last.quiet = last.quiet and quiet
                last.at_s = now
                last.due_s = max(last.due_s, due_s)
                return
        self._sent.append(_SentSpan(begin_ms, end_ms, quiet, now, due_s))

    def ahead_s(self, now: float) -> float:
        """Return how many seconds of the sent audio are still unprocessed, if the service works in real time."""
        if self._last_s is None:
            return 0.0
        return max(0.0, self._ahead_s - (now - self._last_s))

    def take_settled(
        self, now: float, arrived: float, alive: float, open_ms: int | None
    ) -> list[tuple[int, int, bool]]:
        """Remove and return the spans that need no text any more: begin, end, and whether it is quiet.

        Args:
            now: The time.
            arrived: When anything arrived last on this connection.
            alive: When the service showed last that it processes audio; an answered ping may not show that.
            open_ms: Where the earliest open sentence begins; audio from there on is not settled.
        """
        settled: list[tuple[int, int, bool]] = []
        while self._sent:
            first = self._sent[0]
            if (
                first.due_s > now
                or not _is_taken(first, arrived, alive)
                or (open_ms is not None and first.end_ms > open_ms)
            ):
                break
            settled.append((first.begin_ms, first.end_ms, first.quiet))
            self._sent.popleft()
        return settled

    def forget_before(self, position_ms: int) -> None:
        """Forget audio before a position: all of it is decided."""
        while self._sent and self._sent[0].end_ms <= position_ms:
            self._sent.popleft()


def _is_taken(span: _SentSpan, arrived: float, alive: float) -> bool:
    """Whether the service has shown, by a message, that it has processed a span."""
    if span.quiet:
        return arrived >= span.at_s
    return alive >= span.at_s + ALIVE_S
