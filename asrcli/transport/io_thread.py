"""The one thread that all WebSockets of this process share: an asyncio loop, begun when it is first wanted."""

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
GOODBYE_S = 0.5  # so long the end of the process waits for connections that are being closed


class IoLoop(asyncio.SelectorEventLoop):
    """A loop whose look-ups of names run in daemon threads: those of the standard pool keep a process from ending."""

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
        found: asyncio.Future[list[Any]] = self.create_future()

        def settle(set_it: Callable[[Any], None], value: Any) -> None:
            if not found.done():
                set_it(value)

        def look_up() -> None:
            set_it: Callable[[Any], None] = found.set_result
            value: Any
            try:
                value = socket.getaddrinfo(host, port, family, type, proto, flags)
            except Exception as exc:  # the top of a thread: whoever waits for the address must hear of it
                set_it, value = found.set_exception, exc
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self.call_soon_threadsafe(settle, set_it, value)

        Thread(target=look_up, name="resolve", daemon=True).start()
        return await found


class IoThread:
    """A loop and its thread. All that is asked of it is safe from any thread.

    Attributes:
        loop: The loop, for whoever runs on it.
    """

    def __init__(self) -> None:
        self.loop = IoLoop()
        self.loop.set_exception_handler(lambda *_: None)  # a connection tells its own end; nothing is printed here
        self._process = os.getpid()
        self._thread = Thread(target=self._run, name="io", daemon=True)
        self._thread.start()
        atexit.register(self._end)

    @property
    def usable(self) -> bool:
        """Whether it runs in this process: a fork leaves the thread behind."""
        return self._process == os.getpid() and self._thread.is_alive()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it to its end there, and wait; an interrupt here cancels it there."""
        try:
            future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError:  # the process ends
            coroutine.close()
            raise
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def soon(self, do: Callable[[], object]) -> None:
        """Have this called there; after the end of the thread, do nothing."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(do)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    def _end(self) -> None:
        """Let connections that are being closed come to their ends, then stop, without a word."""
        if self.usable:
            self.soon(lambda: self.loop.create_task(self._last()))
            self._thread.join(2 * GOODBYE_S)

    async def _last(self) -> None:
        closing = [task for task in asyncio.all_tasks() if task.get_name() == CLOSING]
        if closing:
            await asyncio.wait(closing, timeout=GOODBYE_S)
        self.loop.stop()


CLOSING = "closing"  # the name of tasks that close a connection
_lock = Lock()
_threads: list[
    IoThread
] = []  # the last one is in use; those of a parent process are kept, because they cannot be closed


def io_thread() -> IoThread:
    """Return the thread, begun now if there is none."""
    with _lock:
        if not _threads or not _threads[-1].usable:
            _threads.append(IoThread())
        return _threads[-1]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
