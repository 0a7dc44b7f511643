"""The I/O thread: one asyncio loop for all WebSockets and sessions of this process, started on first use."""

import asyncio
import atexit
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread, get_ident
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakSet

from asrcli.transport.io_loop import IoLoop
from asrcli.transport.io_timers import IoTimer

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
GOODBYE_S = 0.5  # how long the end of the process waits for connections that are being closed


class Abortable(Protocol):
    """A connection with a transport of asyncio."""

    transport: Any


class IoThread:
    """A loop and its thread, a SharedThread. All methods but `at` and `later` are safe from any thread.

    Attributes:
        loop: The loop, for code that runs on it.
        at: Calls a function on the loop at a time.
        time: Returns the time of the loop in seconds.
    """

    def __init__(self) -> None:
        self.loop = IoLoop()
        self.at: Callable[[float, Callable[[], object]], IoTimer] = self.loop.timers.at
        self.time: Callable[[], float] = time.monotonic
        self.loop.set_exception_handler(lambda *_: None)  # each connection reports its own end; nothing is printed
        self._open: WeakSet[Abortable] = WeakSet()
        self._process = os.getpid()
        self._thread = Thread(target=self._run, name="io", daemon=True)
        self._ident = 0
        self._thread.start()
        atexit.register(self._end)

    @property
    def usable(self) -> bool:
        """Whether the thread runs in this process: after a fork it does not."""
        return self._process == os.getpid() and self._thread.is_alive()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for its result; an exception while waiting cancels the coroutine."""
        try:
            future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError:  # the loop is closed: the process ends
            coroutine.close()
            raise
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return get_ident() == self._ident

    def soon(self, act: Callable[[], object]) -> None:
        """Call a function on the loop, without waiting; does nothing after the end of the thread."""
        if self.is_current:
            self.loop.call_soon(act)
            return
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(act)

    def later(self, delay_s: float, act: Callable[[], object]) -> IoTimer:
        """Call a function on the loop after a delay. Called on this thread only."""
        return self.loop.timers.later(delay_s, act)

    def abort_at_end(self, connection: "Abortable") -> None:
        """Abort a connection at the end of the thread, if it still exists then. Called on this thread only."""
        self._open.add(connection)

    def _run(self) -> None:
        self._ident = get_ident()
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        for connection in list(self._open):
            connection.transport.abort()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        # The sleep lets the transports close their sockets.
        self.loop.run_until_complete(asyncio.gather(asyncio.sleep(0), *tasks, return_exceptions=True))
        self.loop.close()

    def _end(self) -> None:
        """Wait GOODBYE_S for connections that are being closed, then stop the loop silently."""
        if self.usable:
            self.soon(lambda: self.loop.create_task(self._finish_closing()))
            self._thread.join(2 * GOODBYE_S)

    async def _finish_closing(self) -> None:
        closing = [task for task in asyncio.all_tasks() if task.get_name() == CLOSING]
        if closing:
            await asyncio.wait(closing, timeout=GOODBYE_S)
        self.loop.stop()


CLOSING = "closing"  # the name of tasks that close a connection
_lock = Lock()
# The last one is in use. Those of a parent process are kept, because they cannot be closed in a child.
_threads: list[IoThread] = []


@contextmanager
def reporting_to(*futures: "Future[Any]") -> "Iterator[None]":
    """If the block fails, let all of these futures fail that wait for a result, so that nobody waits for them forever.

    Raises:
        BaseException: what the block raises, if none of them waits.
    """
    try:
        yield
    except BaseException as exc:
        waiting = [future for future in futures if not future.done()]
        if not waiting:
            raise
        for future in waiting:
            future.set_exception(exc)


def run_in_loop(main: Callable[[], Coroutine[Any, Any, None]], *futures: "Future[Any]") -> None:
    """Run a coroutine in a new loop of this thread, for others that wait for these futures: see `reporting_to`."""
    with reporting_to(*futures), asyncio.Runner() as runner:
        runner.get_loop()  # before there is a coroutine: the system may allow no loop
        runner.run(main())


def io_thread() -> IoThread:
    """Return the thread of this process, started now if there is none."""
    with _lock:
        if not _threads or not _threads[-1].usable:
            _threads.append(IoThread())
        return _threads[-1]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
