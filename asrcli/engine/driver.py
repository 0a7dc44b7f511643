"""Runs the steps of a session on the shared I/O thread: sends it items as they come, and deadlines."""

from collections.abc import Callable

from asrcli.core.shared_thread import SharedThread, SharedTimer
from asrcli.engine.inbox import Inbox, ThreadCrashed
from asrcli.engine.session_result import SessionResult
from asrcli.engine.steps import Steps, Wait

ITEMS_PER_TURN = 32  # of one session; then the other sessions have their turn


class SessionDriver:
    """All methods but `start` run on the shared thread, and so does the session.

    Args:
        steps: The session.
        inbox: Where its items come from.
        shared: The thread.
        clock: The clock of the session.
        done: Called once, at the end.
    """

    def __init__(
        self,
        steps: Steps[SessionResult],
        inbox: Inbox,
        shared: SharedThread,
        clock: Callable[[], float],
        done: Callable[[SessionResult | ThreadCrashed], object],
    ) -> None:
        self._steps = steps
        self._inbox = inbox
        self._shared = shared
        self._clock = clock
        self._done = done
        self._wait: Wait | None = None  # None before the beginning and after the end
        self._expires_at: float | None = None  # when the wait is over, once nothing was there to take
        self._timer: SharedTimer | None = None
        self._wakes_at = 0.0  # when the timer fires
        self._timed_due: float | None = None  # the audio for which, at the latest, it fires
        self._running = False

    def start(self) -> None:
        """Begin. Safe from any thread."""
        self._inbox.on_more(self._wake)
        self._shared.soon(self._begin)

    def _begin(self) -> None:
        try:
            self._wait = next(self._steps)
        except StopIteration as end:
            self._end(end.value)
        except BaseException as exc:  # the session has no thread of its own: its listener raises it
            self._end(ThreadCrashed(exc))
        else:
            self._run()

    def _wake(self) -> None:
        """Run at once on the shared thread, as for a message; soon, where the session itself runs or from another."""
        if self._shared.is_current and not self._running:
            self._run()
        else:
            self._shared.soon(self._run)

    def _run(self) -> None:
        """Give the session what is there, until it waits for something that is not."""
        self._running = True
        try:
            for _ in range(ITEMS_PER_TURN):
                wait = self._wait
                if wait is None:
                    return
                item = self._inbox.take(audio=wait.audio)
                if item is None and (wait.until is None or not self._expired(wait.until)):
                    self._sleep()
                    return
                self._expires_at = None
                self._wait = self._steps.send(item)
        except StopIteration as end:
            self._end(end.value)
        except BaseException as exc:  # the session has no thread of its own: its listener raises it
            self._end(ThreadCrashed(exc))
        else:
            self._shared.soon(self._run)
        finally:
            self._running = False

    def _expired(self, until: float) -> bool:
        """Whether the wait has expired; the time counts from the first call without an item."""
        now = self._shared.time()
        if self._expires_at is None:
            self._expires_at = now + until - self._clock()
        return self._expires_at <= now

    def _sleep(self) -> None:
        """Be woken at the end of the wait, and when the next audio is due. An earlier timer is left alone."""
        wakes_at, due = self._expires_at, self._inbox.due
        if due is not None:
            if self._timer is not None and wakes_at is None and due == self._timed_due:
                return  # as after nearly every message: no deadline is set
            due_at = self._shared.time() + due - self._clock()
            wakes_at = due_at if wakes_at is None or due_at < wakes_at else wakes_at
        self._timed_due = due
        if wakes_at is None or (self._timer is not None and self._wakes_at <= wakes_at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = wakes_at
        self._timer = self._shared.at(wakes_at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._run()

    def _end(self, result: SessionResult | ThreadCrashed) -> None:
        self._wait = None
        self._inbox.end()
        if self._timer is not None:
            self._timer.cancel()
        self._done(result)
