"""When audio that a service has taken without a word needs no text any more. Uses no clock: times are passed in."""

from collections import deque
from dataclasses import dataclass

QUIET_S = 3.0  # quiet that the service took so long ago is settled
SOUND_S = 20.0  # and so is sound in which it has opened no sentence
ALIVE_S = 10.0  # for sound, a sign of life must have come so long after it was sent: a dead service hears nothing
STEP_MS = 500  # audio is remembered in steps of about this length


@dataclass(slots=True)
class _SentSpan:
    begin_ms: int
    end_ms: int
    quiet: bool
    at_s: float  # when it was sent last
    due_s: float  # when it is settled if it is taken and stays without a sentence


class QuietSettlement:
    """What was sent on one connection and when. Times of the audio in ms, of the clock in s.

    A service may be sent audio faster than it listens. It is taken to listen at least as fast as somebody speaks; with
    sound, what is ahead of that is waited for too.
    """

    def __init__(self) -> None:
        self._sent: deque[_SentSpan] = deque()
        self._ahead_s = 0.0
        self._last_s: float | None = None

    def sent(self, begin_ms: int, end_ms: int, now: float, *, quiet: bool) -> None:
        """Audio went out."""
        self._ahead_s, self._last_s = self.ahead_s(now) + (end_ms - begin_ms) / 1000, now
        due_s = now + (QUIET_S if quiet else self._ahead_s + SOUND_S)  # nobody need listen to quiet
        last = self._sent[-1] if self._sent else None
        if last is not None and last.quiet == quiet and last.end_ms == begin_ms and end_ms - last.begin_ms <= STEP_MS:
            last.end_ms, last.at_s, last.due_s = end_ms, now, due_s
        else:
            self._sent.append(_SentSpan(begin_ms, end_ms, quiet, now, due_s))

    def ahead_s(self, now: float) -> float:
        """How much of the audio a service may not have heard yet that listens as fast as somebody speaks."""
        return 0.0 if self._last_s is None else max(0.0, self._ahead_s - (now - self._last_s))

    def settled(self, now: float, arrived: float, alive: float, open_ms: int | None) -> list[tuple[int, int, bool]]:
        """The spans that need no text any more, each once, and whether each is quiet.

        Args:
            now: The time.
            arrived: When anything arrived last on this connection.
            alive: When the service gave its last sign that it listens; an answered ping may be none.
            open_ms: Where the oldest open sentence begins; nothing from there on is settled.
        """
        found: list[tuple[int, int, bool]] = []
        while self._sent:
            first = self._sent[0]
            proven = arrived >= first.at_s if first.quiet else alive >= first.at_s + ALIVE_S
            if first.due_s > now or not proven or (open_ms is not None and first.end_ms > open_ms):
                break
            found.append((first.begin_ms, first.end_ms, first.quiet))
            self._sent.popleft()
        return found

    def heard(self, position_ms: int) -> None:
        """Everything before this position is decided: forget it."""
        while self._sent and self._sent[0].end_ms <= position_ms:
            self._sent.popleft()
