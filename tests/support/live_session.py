"""A live source that the test fills chunk by chunk, and services that the test scripts, one for each connection."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue

from asrcli.core.audio import Chunk
from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.errors import AsrError, ConnectFailed
from asrcli.core.events import Billed, Event, Finished, Notice, Progress, Ready, Reconnecting
from asrcli.core.interfaces import ClientCodec, Source
from asrcli.core.message import Closed
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.core.shared_thread import SharedThread
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.session import SessionItem, TranscriptionSession
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.transport.io_thread import io_thread
from tests.support.handshake import RATE, Service, Wire, start_service
from tests.support.pair import counting

CHUNK = 1600  # samples: 100 ms
READY = Ready("")
BROKEN = Closed(1006, "the connection broke")
Play = Callable[[Service, Wire], None]


class LiveSource:
    """A live source. It yields what was put into it, until `end`."""

    name, audio_format, speaker, realtime = "talk", "pcm", "", True
    format, begin_ms, duration_ms = RATE, 0, None

    def __init__(self) -> None:
        self.live = self
        self._items: SimpleQueue[Chunk | Event | AsrError | None] = SimpleQueue()
        self._at = 0

    def say(self, chunks: int = 1, *, quiet: bool = False, cut_after: bool = False) -> None:
        """Add this many chunks; the last one may end the sentence."""
        for number in range(chunks):
            cut = cut_after and number == chunks - 1
            self._items.put(Chunk(self._at, bytes([1, 0]) * CHUNK, cut_after=cut, quiet=quiet))
            self._at += CHUNK

    def jump(self, chunks: int) -> None:
        """Leave out this many chunks."""
        self._at += chunks * CHUNK

    def tell(self, event: Event) -> None:
        """Add an event between the chunks."""
        self._items.put(event)

    def fail(self, error: AsrError) -> None:
        """End the source with an error, as a device that is gone."""
        self._items.put(error)

    def end(self) -> None:
        """End the source."""
        self._items.put(None)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield what was added, as it is added."""
        assert start == 0
        while (item := self._items.get()) is not None:
            if isinstance(item, AsrError):
                raise item
            yield item


def heard(events: list[Event]) -> list[Event]:
    """Return the events that matter for the transcript."""
    return [event for event in events if not isinstance(event, Progress | Billed | Notice | Ready | Finished)]


def audio(service: Service, chunks: int) -> None:
    """Take the next commands, which must be this many chunks."""
    samples = 0
    while samples < chunks * CHUNK:
        request = service.asked()
        assert isinstance(request, SendAudio)
        samples += len(request.data) // 2
    assert samples == chunks * CHUNK


def without_reconnects(events: list[Event]) -> list[Event]:
    """Return the events without those about reconnecting."""
    return [event for event in heard(events) if not isinstance(event, Reconnecting)]


def dropping(after: int, *said: Event, by: Closed = BROKEN) -> Play:
    """A service that takes this many chunks, sends these events, and drops the connection."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, after)
        service.tell(*said)
        wire.say(by)

    return serve


def finishing(chunks: int, *said: Event) -> Play:
    """A service that takes exactly this many chunks up to the end, and sends these events."""

    def serve(service: Service, wire: Wire) -> None:
        del wire
        service.asked()
        service.tell(READY)
        audio(service, chunks)
        assert isinstance(service.asked(), FinishTask)
        service.tell(*said, Finished())

    return serve


def saying(*events: Event) -> Play:
    """A service that takes all audio and then sends these events."""

    def play(service: Service, wire: Wire) -> None:
        del wire
        service.asked()
        service.tell(READY)
        service.until_finish()
        service.tell(*events, Finished())

    return play


def listening(
    source: Source,
    *plays: Play | AsrError,
    make_codec: Callable[[], ClientCodec] | None = None,
    clock: Callable[[], float] = lambda: 0.0,
    retries: RetrySettings | None = None,
    connection: ConnectionSettings | None = None,
    shared: Callable[[], SharedThread] = io_thread,
    idle: ConnectionPool | None = None,
) -> TranscriptionSession:
    """A session over a source; each call is answered by the next service, or fails."""
    waiting = iter(plays)
    ids = counting("task-")

    def dial(url: str, asked: ConnectionSettings) -> Wire:
        del asked
        play, wire = next(waiting, None) or ConnectFailed(url, "nobody is there any more"), Wire()
        if isinstance(play, AsrError):
            raise play
        start_service(play, wire)
        return wire

    codec = make_codec or (lambda: InferenceClient(RecognitionSettings("fun-asr-realtime"), ids))
    return TranscriptionSession(
        source,
        0,
        make_codec=codec,
        dial=dial,
        connection=connection or ConnectionSettings("ws://test"),
        pace=None,
        clock=clock,
        shared=shared,
        retries=retries,
        idle=idle,
    )


def events_to_the_end(session: TranscriptionSession, source: Source) -> Iterator[Event]:
    """The events of a session whose source ends when the session does: it would wait for one that goes on."""
    items: SimpleQueue[SessionItem] = SimpleQueue()
    session.start(items.put)
    while (event := session.read(items.get())) is not None:
        yield event
    if isinstance(source, LiveSource):
        source.end()
    session.join_capture()
