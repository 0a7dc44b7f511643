"""A server that is the whole process: until SIGTERM or Ctrl-C, with SIGHUP for its keys."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Thread

from asrcli.server.local_server import LocalServer
from asrcli.server.log_filter import log
from asrcli.terminal.interrupts import interruptible, is_in_foreground, take_hangup

WAITS = "the server waits for running tasks before it stops; a second signal stops it now"
SWITCH_S = 0.0005  # a thread that decodes may hold Python for this long while the clients wait


def serve_forever(
    server: LocalServer,
    announce: Callable[[str], None],
    reload: Callable[[], Callable[[], None]] | None = None,
    command: Callable[[str, asyncio.Event], Awaitable[int]] | None = None,
) -> int:
    """Serve until SIGTERM or Ctrl-C, then drain; a second signal ends it at once.

    `announce` is called with the address of the server. At SIGHUP `reload` is called in a thread, and what it returns
    is called here; without it SIGHUP ends the server. One that `hold_hangup` has kept counts too.

    `command` is called with the address and an event that asks it to end. The server then ends with it, without a
    drain, and its exit code is returned; without a command that is 0.

    Raises:
        KeyboardInterrupt: there was a second signal.
    """
    reloading: list[asyncio.Task[None]] = []  # held here: the loop alone would not keep it

    async def serve() -> int:
        loop = asyncio.get_running_loop()
        interrupted = asyncio.Event()
        stopped = asyncio.Event()  # by a signal that a command does not get, too
        hung_up = asyncio.Event()  # several signals while a file is read are one
        reloads = reload is not None and hasattr(signal, "SIGHUP")

        def stop(*, command_too: bool = True) -> None:
            loop.call_soon_threadsafe(interrupted.set)
            if command_too:
                loop.call_soon_threadsafe(stopped.set)

        with interruptible(lambda: stop(command_too=not is_in_foreground()), stop, hangup=not reloads):
            if sys.platform != "win32" and reloads:
                loop.add_signal_handler(signal.SIGHUP, hung_up.set)
                if take_hangup():
                    hung_up.set()
            announce(address := await server.start())
            if reload is not None and reloads:
                reloading.append(loop.create_task(_reload_at(hung_up, reload)))
            try:
                if command is not None:
                    return await command(address, stopped)
                await interrupted.wait()
                await _drain(server)
                return 0
            finally:
                await server.stop()

    sys.setswitchinterval(SWITCH_S)
    return asyncio.run(serve())


async def _drain(server: LocalServer) -> None:
    if server.is_busy:
        log.info(WAITS)
    await server.drain()


async def _reload_at(hung_up: asyncio.Event, reload: Callable[[], Callable[[], None]]) -> None:
    """Reload whenever the event is set. The clients do not wait for the file, and the end of the program neither."""
    while True:
        await hung_up.wait()
        hung_up.clear()
        read: asyncio.Future[Callable[[], None]] = asyncio.get_running_loop().create_future()
        Thread(target=_read, args=(reload, read), name="reload", daemon=True).start()
        (await read)()


def _read(reload: Callable[[], Callable[[], None]], read: "asyncio.Future[Callable[[], None]]") -> None:
    try:
        found = reload()
    except Exception:
        log.exception("a bug in the server")
        found = _nothing
    with suppress(RuntimeError):  # the loop has ended
        read.get_loop().call_soon_threadsafe(_set, read, found)


def _set(read: "asyncio.Future[Callable[[], None]]", found: Callable[[], None]) -> None:
    if not read.done():
        read.set_result(found)


def _nothing() -> None:
    """Take no keys."""
