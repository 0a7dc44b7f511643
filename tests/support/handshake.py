"""A transport in memory. The test acts as the service, step by step, without a clock or a sleep."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import RLock, Thread
from weakref import WeakSet

from asrcli.core.audio import Chunk, Format
from asrcli.core.client_commands import Command, FinishTask
from asrcli.core.errors import AsrError
from asrcli.core.events import Event
from asrcli.core.interfaces import ClientCodec, LiveInput, Source
from asrcli.core.message import Closed, Message, Writable
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.engine.session import TranscriptionSession
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.transport.io_thread import io_thread

RATE = Format(16000)
PATIENCE_S = 60  # a hung test fails; a passing one never waits for it


_wires: "WeakSet[Wire]" = WeakSet()


def close_wires() -> None:
    """End the connections that a test has left open, and with them the threads that wait for either end."""
    for wire in list(_wires):
        wire.close()


class ClientGone(Exception):
    """The client has closed the connection that the service reads from."""


class Wire:
    """A Transport whose other end is a queue that the test controls."""

    def __init__(self) -> None:
        self.sent: SimpleQueue[Message | None] = SimpleQueue()  # None: the client has closed the connection
        self._incoming: SimpleQueue[Message | Writable] = SimpleQueue()
        self._deliver: Callable[[Message | Writable], object] = self._incoming.put
        self._lock = RLock()  # keeps the order when somebody begins to listen
        self.broken: AsrError | None = None
        _wires.add(self)

    @property
    def writable(self) -> bool:
        """Always True, because it is in memory."""
        return True

    @property
    def silent_s(self) -> float:
        """Always 0: a service in memory is never silent."""
        return 0.0

    @property
    def engine(self) -> str:
        """Empty, as with the service, which names no recognizer."""
        return ""

    def send(self, message: Message) -> None:
        """Pass the message to the service, or fail as a lost connection does."""
        if self.broken is not None:
            raise self.broken
        self.sent.put(message)

    def recv(self) -> Message | Writable:
        """Return the next message of the service."""
        return self._incoming.get()

    def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        """Deliver the messages of the service from now on."""
        with self._lock:
            while not self._incoming.empty():
                deliver(self._incoming.get())
            self._deliver = deliver

    def close(self) -> None:
        """Deliver Closed to the listener; the service reads what was sent before, and ends."""
        self.sent.put(None)
        self.say(Closed(1000))

    def read(self) -> Message:
        """Wait for the next message of the client, as the service; raises ClientGone once the client has closed."""
        message = self.sent.get(timeout=PATIENCE_S)
        if message is None:
            self.sent.put(None)
            raise ClientGone
        return message

    def say(self, *messages: Message | Writable) -> None:
        """Send messages as the service."""
        with self._lock:
            for message in messages:
                self._deliver(message)


class Service:
    """The service at the other end: commands in, events out, through the server side of the codec."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self.codec = wire, InferenceServer(lambda: "id")

    def asked(self) -> Command:
        """Wait for the next command of the client, and return it."""
        while True:
            requests = self.codec.receive(self._wire.read())
            if requests:
                return requests[0]

    def until_finish(self) -> list[Command]:
        """Return all commands up to and including FinishTask."""
        requests = [self.asked()]
        while not isinstance(requests[-1], FinishTask):
            requests.append(self.asked())
        return requests

    def tell(self, *events: Event) -> None:
        """Send these events."""
        for event in events:
            self._wire.say(*self.codec.encode(event))


def start_service(serve: Callable[[Service, Wire], object], wire: Wire) -> None:
    """Let the other end of this wire be served, in a thread that ends when its client has gone."""

    def run() -> None:
        with suppress(ClientGone):
            serve(Service(wire), wire)

    Thread(target=run, daemon=True).start()


class Tone:
    """A source of this many chunks of 100 ms; `error` ends it, `gate` is called before each chunk."""

    name = "tone"
    format = RATE
    audio_format = "pcm"
    begin_ms = 0
    speaker = ""
    realtime = False
    live: LiveInput | None = None

    def __init__(
        self,
        chunks: int,
        *,
        error: AsrError | None = None,
        gate: Callable[[int], object] = lambda _: None,
        known: bool = True,
    ) -> None:
        self._chunks, self._error, self._gate = chunks, error, gate
        self.duration_ms = chunks * 100 if known else None

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield chunks that contain their number."""
        for number in range(self._chunks):
            self._gate(number)
            yield Chunk(start + number * 1600, bytes([1 + number % 255, 4]) * 1600)
        if self._error is not None:
            raise self._error


def session(
    source: Source,
    serve: Callable[[Service, Wire], None],
    codec: ClientCodec | None = None,
    start: int = 0,
    connection: ConnectionSettings | None = None,
    retries: RetrySettings | None = None,
) -> TranscriptionSession:
    """A session. `serve` acts as its service, in a thread of its own."""
    wire = Wire()

    def dial(url: str, asked: ConnectionSettings) -> Wire:
        del url, asked
        start_service(serve, wire)
        return wire

    def make_codec() -> ClientCodec:
        return codec or InferenceClient(RecognitionSettings("fun-asr-realtime"), lambda: "task")

    return TranscriptionSession(
        source,
        start,
        make_codec=make_codec,
        dial=dial,
        connection=connection or ConnectionSettings("ws://test"),
        pace=None,
        clock=lambda: 0.0,
        shared=io_thread,
        retries=retries,
    )
