"""A shared thread that the test controls, with its own time."""

from collections.abc import Callable


class Timer:
    """A call that is due at a time."""

    def __init__(self, at: float, act: Callable[[], object]) -> None:
        self.at, self.act, self.cancelled = at, act, False

    def cancel(self) -> None:
        """Cancel the call."""
        self.cancelled = True


class ManualThread:
    """A SharedThread that does what is due when the test says so."""

    def __init__(self) -> None:
        self.now, self.is_current = 0.0, False
        self.calls: list[Callable[[], object]] = []
        self.timers: list[Timer] = []

    def soon(self, act: Callable[[], object]) -> None:
        """Keep the call for `turn`."""
        self.calls.append(act)

    def at(self, time_s: float, act: Callable[[], object]) -> Timer:
        """Keep the call for `until`."""
        self.timers.append(Timer(time_s, act))
        return self.timers[-1]

    def time(self) -> float:
        """Return the time of the test."""
        return self.now

    def turn(self) -> None:
        """Make the calls that were asked for up to now."""
        calls, self.calls = self.calls, []
        self.is_current = True
        for act in calls:
            act()
        self.is_current = False

    def until(self, time: float) -> None:
        """Let the time pass, and make the calls that are due."""
        while due := [timer for timer in self.timers if timer.at <= time and not timer.cancelled]:
            self.timers.remove(first := min(due, key=lambda timer: timer.at))
            self.now = first.at
            first.act()
        self.now = time
