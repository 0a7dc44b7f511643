"""The I/O thread: one asyncio loop for all WebSockets of this process, started on first use."""

import asyncio
import atexit
import os
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
GOODBYE_S = 0.5  # how long the end of the process waits for connections that are being closed


class IoLoop(asyncio.SelectorEventLoop):
    """A loop that resolves names in daemon threads. The threads of the standard pool would delay the process's end."""

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Resolve a name, as `socket.getaddrinfo` does."""
        resolved: asyncio.Future[list[Any]] = self.create_future()

        def resolve(set_result: Callable[[Any], None], value: Any) -> None:
            if not resolved.done():
                set_result(value)

        def look_up() -> None:
            set_result: Callable[[Any], None] = resolved.set_result
            value: Any
            try:
                value = socket.getaddrinfo(host, port, family, type, proto, flags)
            except Exception as exc:  # the top of a thread: the waiting coroutine raises it
                set_result = resolved.set_exception
                value = exc
            with suppress(RuntimeError):  # the loop has ended
                self.call_soon_threadsafe(resolve, set_result, value)

        Thread(target=look_up, name="resolve", daemon=True).start()
        return await resolved


class IoThread:
    """A loop and its thread. All methods are safe from any thread.

    Attributes:
        loop: The loop, for code that runs on it.
    """

    def __init__(self) -> None:
        self.loop = IoLoop()
        self.loop.set_exception_handler(lambda *_: None)  # each connection reports its own end; nothing is printed
        self._process = os.getpid()
        self._thread = Thread(target=self._run, name="io", daemon=True)
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

    def soon(self, callback: Callable[[], object]) -> None:
        """Call a function on the loop, without waiting; does nothing after the end of the thread."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(callback)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
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


def io_thread() -> IoThread:
    """Return the thread of this process, started now if there is none."""
    with _lock:
        if not _threads or not _threads[-1].usable:
            _threads.append(IoThread())
        return _threads[-1]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
