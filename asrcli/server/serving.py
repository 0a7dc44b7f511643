"""The server: listens, makes a conversation of each connection, drains when it is told to stop."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

from asrcli import __version__
from asrcli.core.errors import UsageError
from asrcli.core.loopback import is_loopback_host
from asrcli.core.settings import Secret
from asrcli.protocol.registry import PATHS, wire_of_model
from asrcli.recognizers.interface import Recognizer
from asrcli.recognizers.scripted_answers import ScriptedAnswers
from asrcli.server.auth import AccessControl
from asrcli.server.faults.inject import FaultInjector
from asrcli.server.faults.script import FaultPlan
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.http_api import HttpApi
from asrcli.server.limits import ServerLimits
from asrcli.server.page_origins import PageOrigins
from asrcli.server.task_connection import ServerConversation
from asrcli.terminal.interrupts import interruptible
from asrcli.transport.identifiers import new_id

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

    from asrcli.server.accepting import IncomingConnection

LOOPBACK = "127.0.0.1"
STOP_WITHIN_S = 5
MOST_QUEUED = 1  # messages that wait to be looked at: each may hold much audio, and be the last words
CLOSE_WITHIN_S = 2  # so long a client may take to say goodbye

# The library's own log of a handshake would show keys: what matters is logged by the conversations.
_wire_log = logging.getLogger("asrcli.server.wire")
_wire_log.setLevel(logging.CRITICAL)


class LocalServer:
    """Both wires on one port, and the single requests for hot-word lists and temporary keys.

    Raises:
        UsageError: open to other machines without a key, or an address that cannot be listened at.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        host: str = LOOPBACK,
        port: int = 0,
        key: Secret | None = None,
        limits: ServerLimits | None = None,
        faults: FaultPlan | None = None,
        answers: ScriptedAnswers | None = None,
        vocabularies: HotWordStore | None = None,
        origins: Iterable[str] = (),
    ) -> None:
        from asrcli.server.accepting import ConnectionFactory

        if key is None and not is_loopback_host(host):
            raise UsageError(f"--host {host} lets other machines in", "name a key for them with --api-key-file")
        self._recognizer, self._host, self._port = recognizer, host, port
        self._limits = limits or ServerLimits()
        self._gate = AccessControl(PATHS, key, self._limits.connections, callers=PageOrigins(host, origins))
        self._sabotage = FaultInjector(faults)
        self._answers = answers or ScriptedAnswers()
        self._vocabularies = vocabularies or HotWordStore(lambda: datetime.now(UTC), new_id)
        self._doorways = ConnectionFactory(HttpApi(self._gate, self._vocabularies, new_id), self._limits.unread_s)
        self._conversations: set[ServerConversation] = set()
        self._servers: list[Server] = []

    async def start(self) -> str:
        """Listen; the address for clients."""
        from websockets.asyncio.server import serve

        from asrcli.server.listening_sockets import listen

        try:
            for line in await listen(self._host, self._port):
                self._servers.append(await serve(self._serve_connection, sock=line, **self._manners()))
        except OSError as exc:
            problem = f"cannot listen at {self._host} port {self._port}: {exc.strerror or exc}"
            raise UsageError(problem, "choose another --port") from exc
        self._recognizer.warm()
        host, port = next(iter(self._servers[0].sockets)).getsockname()[:2]
        return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"

    def _manners(self) -> dict[str, Any]:
        """How the library serves."""
        return {
            "create_connection": cast("type[ServerConnection]", self._doorways.open),
            "process_request": self._check,
            "compression": None,
            "max_size": self._limits.message_bytes,
            "max_queue": MOST_QUEUED,
            "close_timeout": CLOSE_WITHIN_S,
            "ping_interval": None,  # the official SDK answers no ping while its user is silent
            "server_header": f"asrcli/{__version__}",
            "logger": _wire_log,
        }

    async def drain(self) -> None:
        """Let nobody in, let running tasks end within the limit, then close."""
        self._gate.draining = True
        self._sabotage.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain_s):
                while any(conversation.busy for conversation in self._conversations):
                    await asyncio.sleep(0.05)
        await self.stop()

    async def stop(self) -> None:
        """Close everything now."""
        self._sabotage.end()
        for server in self._servers:
            server.close(code=1001, reason="the server stops")
        for exchange in tuple(self._doorways.requests):
            exchange.abandon()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._closed()
        except TimeoutError:
            for conversation in self._conversations:
                conversation.abandon()
            for newcomer in tuple(self._doorways.newcomers):
                newcomer.abort()
            await self._closed()
        await self._recognizer.close()

    async def _closed(self) -> None:
        for server in self._servers:
            await server.wait_closed()

    async def _check(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        return self._gate.check(connection, request) or await self._sabotage.on_handshake(connection)

    async def _serve_connection(self, connection: "ServerConnection") -> None:
        socket = cast("IncomingConnection", connection)
        socket.known()
        assert socket.request is not None  # noqa: S101  the handshake is done
        address = urlsplit(socket.request.path)
        model = parse_qs(address.query).get("model", [""])[0]
        codec = wire_of_model(model, address.path.rstrip("/")).server_codec(new_id, model)
        line = await self._sabotage.wrap(socket, codec.path)
        listed = self._vocabularies.applied
        conversation = ServerConversation(line, codec, self._recognizer, self._limits, self._answers, listed)
        self._gate.connections += 1
        self._conversations.add(conversation)
        try:
            await conversation.run()
        finally:
            self._gate.connections -= 1
            self._conversations.discard(conversation)


@contextmanager
def in_background(
    recognizer: Recognizer,
    limits: ServerLimits | None = None,
    faults: FaultPlan | None = None,
    key: Secret | None = None,
    vocabularies: HotWordStore | None = None,
) -> Iterator[str]:
    """A server in a thread of this process, on a free loopback port; gives its address and ends with the block."""
    address: Future[str] = Future()
    ended: Future[Callable[[], None]] = Future()
    server = LocalServer(recognizer, key=key, limits=limits, faults=faults, vocabularies=vocabularies)
    thread = Thread(target=_run_background, args=(server, address, ended), name="server", daemon=True)
    thread.start()
    try:
        yield address.result()
    finally:
        ended.result()()
        thread.join(STOP_WITHIN_S)


def _run_background(server: LocalServer, address: "Future[str]", ended: "Future[Callable[[], None]]") -> None:
    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        ended.set_result(lambda: _call(loop, stop.set))
        try:
            address.set_result(await server.start())
        except BaseException as exc:  # the caller waits for the address or for this
            address.set_exception(exc)
            return
        await stop.wait()
        await server.stop()

    asyncio.run(serve())


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(function)


def serve_forever(server: LocalServer, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain; a second signal leaves at once.

    Raises:
        KeyboardInterrupt: the second signal.
    """

    async def serve() -> None:
        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        with interruptible(lambda: loop.call_soon_threadsafe(asked.set)):
            announce(await server.start())
            try:
                await asked.wait()
                await server.drain()
            finally:
                await server.stop()

    asyncio.run(serve())
