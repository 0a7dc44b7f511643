"""A server that is the whole process: until SIGTERM or Ctrl-C, with SIGHUP for its keys."""

import asyncio
import signal
import sys
from collections.abc import Callable

from asrcli.server.local_server import LocalServer
from asrcli.terminal.interrupts import interruptible

SWITCH_S = 0.0005  # a thread that decodes may hold Python for this long while the clients wait


def serve_forever(
    server: LocalServer, announce: Callable[[str], None], reload: Callable[[], None] | None = None
) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain; a second signal ends it at once.

    `announce` is called with the address of the server, `reload` at each SIGHUP; without it SIGHUP ends the server.

    Raises:
        KeyboardInterrupt: there was a second signal.
    """

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        interrupted = asyncio.Event()
        with interruptible(lambda: loop.call_soon_threadsafe(interrupted.set)):
            if reload is not None and hasattr(signal, "SIGHUP"):
                loop.add_signal_handler(signal.SIGHUP, reload)
            announce(await server.start())
            try:
                await interrupted.wait()
                await server.drain()
            finally:
                await server.stop()

    sys.setswitchinterval(SWITCH_S)
    asyncio.run(serve())
