"""The local server: listens, begins a conversation for each connection, and drains before it stops."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from asrcli.core.causes import Cause
from asrcli.core.errors import SettingError, UsageError, system_reason
from asrcli.core.interfaces import ServerCodec
from asrcli.core.loopback_hosts import is_loopback_host
from asrcli.core.settings import RecognitionSettings, Secret
from asrcli.protocol.registry import PATHS, Wire, wire_of_model
from asrcli.recognizers.interface import Recognizer
from asrcli.recognizers.scripted_answers import ScriptedAnswers
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.auth import AccessControl, Refusal, given_key
from asrcli.server.conversation import ServerConversation
from asrcli.server.faults.inject import FaultInjector
from asrcli.server.faults.script import FaultPlan
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.http_api import HttpApi
from asrcli.server.limits import ServerLimits
from asrcli.server.listening_sockets import listening_cause, listening_host
from asrcli.server.log_filter import REFUSED, log
from asrcli.server.monitoring import Monitoring, ServerMetrics
from asrcli.server.page_origins import PageOrigins
from asrcli.server.phrase_store import PhraseStore
from asrcli.server.recorded_conversation import RecordedConversation, RecordedServer
from asrcli.server.server_services import ServerServices
from asrcli.server.server_socket import ServerSocket
from asrcli.server.socket_interface import ConversationSocket
from asrcli.server.websocket_server import CLOSE_WITHIN_S, WebSocketServer
from asrcli.transport.identifiers import new_id
from asrcli.transport.io_thread import run_in_loop

if TYPE_CHECKING:
    from ssl import SSLContext

    from asrcli.protocol.json_messages import Json
    from asrcli.server.key_processes.all_processes import KeyProcesses
    from asrcli.server.key_processes.handed_connections import HandedConnections

ApplyLists = Callable[[RecognitionSettings], RecognitionSettings]

LOOPBACK = "127.0.0.1"
STOP_WITHIN_S = 5  # for the thread of a server in the background
CLOSE_OWN_WITHIN_S = 0.2  # for clients of a server in the background: those in this process have hung up before


class LocalServer:
    """Both wires on one port, and the single HTTP requests for hot-word lists and temporary keys.

    Args:
        recognizer: Opens a session for each task.
        host: The address to listen at.
        port: The port to listen at; 0 takes a free one.
        keys: The keys that clients must have; None when they need none.
        limits: The limits of the server.
        faults: The faults to inject; None for none.
        answers: The translations and answers that the server gives.
        hotword_store: The hot-word lists that it begins with.
        origins: The origins of web pages that may connect without a key.
        tls: The certificate of the server, for wss:// and https://; None for plain connections.
        recorded: A message record, whose messages all clients get instead of a recognizer's; None for none.
        choose_wire: Returns the wire of a connection, by the model and the path of its address.
        key_processes: Makes what serves the clients of keys that have places reserved for them; None for none.
        apply_lists: Returns a recognition with the hot words of its lists; None if this server keeps the lists.

    Attributes:
        metrics: What this process has counted.

    Raises:
        SettingError: the host is no address, or is open to other machines without a key; or keys reserve too much.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        host: str = LOOPBACK,
        port: int = 0,
        *,
        keys: ApiKeys | None = None,
        limits: ServerLimits | None = None,
        faults: FaultPlan | None = None,
        answers: ScriptedAnswers | None = None,
        hotword_store: HotWordStore | None = None,
        origins: Iterable[str] = (),
        tls: "SSLContext | None" = None,
        recorded: RecordedServer | None = None,
        choose_wire: Callable[[str, str], Wire] = wire_of_model,
        key_processes: "Callable[[AccessControl, ApplyLists], KeyProcesses] | None" = None,
        apply_lists: Callable[[RecognitionSettings], Awaitable[RecognitionSettings]] | None = None,
    ) -> None:
        self._host = host = listening_host(host)
        if keys is None and not is_loopback_host(host):
            raise SettingError("host", "accepts connections from other machines", value=host, cause=Cause.OPEN_HOST)
        self._recognizer = recognizer
        self._port = port
        self._limits = limits or ServerLimits()
        if keys is not None:
            keys.check_reserved(self._limits.connections)
        self._access_control = AccessControl(PATHS, keys, self._limits.connections, origins=PageOrigins(host, origins))
        self._fault_injector = FaultInjector(faults)
        self._answers = answers or ScriptedAnswers()
        self._hotword_store = hotword_store or HotWordStore(
            lambda: datetime.now(UTC), new_id, lenient=self._limits.lenient
        )
        self._phrase_store = PhraseStore(lambda: datetime.now(UTC), new_id, lenient=self._limits.lenient)
        http_api = HttpApi(self._access_control, self._hotword_store, self._phrase_store, new_id)
        self._client_sessions = http_api.client_sessions
        self.metrics = ServerMetrics()
        self._key_processes = key_processes and key_processes(self._access_control, self._with_own_lists)
        self._apply_lists = apply_lists or self._with_lists
        self._long_message_turn = asyncio.Lock()
        self._tls = tls
        self._recorded = recorded
        self._choose_wire = choose_wire
        engine = recognizer.info.heard_by if recorded is None else recorded.engine
        monitoring = http_api.monitoring = Monitoring(self._access_control, self._all_metrics)
        self._websocket_server = WebSocketServer(
            http_api, monitoring, self._limits, self._check, self._converse, engine, tls
        )
        self._conversations: set[ServerConversation | RecordedConversation] = set()
        # The key of each handshake, and the session that it brings.
        self._admitted: WeakKeyDictionary[ServerSocket, tuple[ApiKey, Json | None]] = WeakKeyDictionary()

    async def start(self) -> str:
        """Listen; returns the address for clients.

        Raises:
            UsageError: the host or port cannot be listened at.
        """
        try:
            await self._websocket_server.listen(self._host, self._port)
        except OSError as exc:
            problem = f"cannot listen at {self._host} port {self._port}: {system_reason(exc)}"
            raise UsageError(problem, cause=listening_cause(self._host, exc, Cause.ADDRESS_TAKEN)) from exc
        self._recognizer.warm()
        if self._key_processes is not None:
            self._key_processes.start()
        host, port = self._websocket_server.address
        if ":" in host:
            host = f"[{host}]"
        scheme = "ws" if self._tls is None else "wss"
        return f"{scheme}://{host}:{port}"

    async def start_handed(self, connections: "HandedConnections") -> None:
        """Serve the connections that another process accepts, instead of listening."""
        await self._websocket_server.listen_handed(connections)
        self._recognizer.warm()

    async def drain(self) -> None:
        """Refuse new connections, let running tasks end within the limit, then close."""
        self._access_control.draining = True
        self._fault_injector.end()
        if self._key_processes is not None:
            self._key_processes.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain_s):
                while self.is_busy:
                    await asyncio.sleep(0.05)
        await self.stop()

    async def stop(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Close every connection now; those that do not end in `within_s` seconds are aborted."""
        self._fault_injector.end()
        self._websocket_server.close()
        if self._key_processes is not None:
            await self._key_processes.stop(within_s)
        try:
            async with asyncio.timeout(within_s):
                await self._websocket_server.wait_closed()
        except TimeoutError:
            for conversation in self._conversations:
                conversation.abandon()
            self._websocket_server.abort_newcomers()
            await self._websocket_server.wait_closed()
        await self._recognizer.close()

    @property
    def is_busy(self) -> bool:
        """Whether any task runs, here or in a process of a key."""
        here = any(conversation.busy for conversation in self._conversations)
        return here or (self._key_processes is not None and self._key_processes.is_running)

    async def _check(
        self, socket: ServerSocket, target: str, header_values: Callable[[str], Sequence[str]]
    ) -> Refusal | None:
        if socket.handed is not None:  # the server that handed it over has checked it
            socket.share_turns(socket.handed.key_name)
            self._admitted[socket] = ApiKey(socket.handed.key_name, Secret("")), socket.handed.session
            return None
        checked = self._access_control.check(target, header_values)
        if isinstance(checked, Refusal):
            self.metrics.refusals[checked.status] += 1
            log.info(REFUSED, checked.code, checked.message)
            return checked
        socket.share_turns(checked.name)
        session = self._client_sessions.session_of(given_key(target, header_values))
        if self._key_processes is not None and self._key_processes.hand_over(socket, checked, session):
            await socket.leave()
            return None
        self._admitted[socket] = checked, session
        return await self._fault_injector.on_handshake(socket)

    async def _converse(self, socket: ServerSocket, target: str) -> None:
        """Begin the conversation of a connection, and wait until it has ended."""
        address = urlsplit(target)
        model = parse_qs(address.query).get("model", [""])[0]
        key, session = self._admitted.pop(socket)
        wire = self._choose_wire(model, address.path.rstrip("/"))
        faulty = await self._fault_injector.wrap(socket, wire)
        conversation: ServerConversation | RecordedConversation
        if self._recorded is not None:
            conversation = self._recorded.conversation(faulty)
        else:
            codec = wire.server_codec(new_id, model)
            if session is not None:
                codec = wire.server_codec(new_id, model, session)
            conversation = self._with_recognizer(faulty, codec, key)
        self._access_control.opened(key)
        self._conversations.add(conversation)
        try:
            await conversation.run()
        finally:
            self._access_control.closed(key)
            self._conversations.discard(conversation)

    def _with_recognizer(self, socket: ConversationSocket, codec: ServerCodec, key: ApiKey) -> ServerConversation:
        begin_task = partial(self._access_control.begin_task, key)
        services = ServerServices(self._answers, self._apply_lists, begin_task, self.metrics, self._long_message_turn)
        return ServerConversation(socket, codec, self._recognizer, self._limits, services)

    async def _with_lists(self, recognition: RecognitionSettings) -> RecognitionSettings:
        return self._with_own_lists(recognition)

    def _with_own_lists(self, recognition: RecognitionSettings) -> RecognitionSettings:
        """The recognition with the hot words of its lists, of either kind."""
        return self._phrase_store.applied(self._hotword_store.applied(recognition))

    def _all_metrics(self) -> ServerMetrics:
        if self._key_processes is None:
            return self.metrics
        return self.metrics.plus(*self._key_processes.metrics())


@contextmanager
def in_background(
    recognizer: Recognizer,
    limits: ServerLimits | None = None,
    faults: FaultPlan | None = None,
    key: Secret | None = None,
    hotword_store: HotWordStore | None = None,
    choose_wire: Callable[[str, str], Wire] = wire_of_model,
) -> Iterator[str]:
    """Run a server in a thread of this process, on a free loopback port, until the block ends; yields its address."""
    address: Future[str] = Future()
    stop: Future[Callable[[], None]] = Future()
    keys = None
    if key is not None:
        keys = ApiKeys([ApiKey("", key)])
    server = LocalServer(
        recognizer, keys=keys, limits=limits, faults=faults, hotword_store=hotword_store, choose_wire=choose_wire
    )
    thread = Thread(target=_run_background, args=(server, address, stop), name="server", daemon=True)
    thread.start()
    try:
        yield address.result()
    finally:
        stop.result()()
        thread.join(STOP_WITHIN_S)


def _run_background(server: LocalServer, address: "Future[str]", stop: "Future[Callable[[], None]]") -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        stop.set_result(lambda: _call(loop, stopping.set))
        try:
            address.set_result(await server.start())
        except BaseException as exc:  # the caller waits for the address or for an exception
            address.set_exception(exc)
            return
        await stopping.wait()
        await server.stop(CLOSE_OWN_WITHIN_S)

    run_in_loop(serve, stop, address)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(function)
