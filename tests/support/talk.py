"""A microphone in the hands of a test: what it hears is said chunk by chunk, and services that answer call by call."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread

from asrcli.audio import Chunk
from asrcli.config import Connection, Recognition
from asrcli.engine.session import Session
from asrcli.errors import AsrError
from asrcli.events import Event, Finished, Notice, Progress, Ready
from asrcli.protocol import inference
from asrcli.request import Audio
from asrcli.seams import ClientCodec
from tests.support.handshake import RATE, Service, Wire
from tests.support.pair import counting

CHUNK = 1600  # samples: 100 ms
READY = Ready("")
Play = Callable[[Service, Wire], None]


class Talk:
    """A live source: it has what was put into it, and ends when it is told to."""

    name, audio_format, speaker = "talk", "pcm", ""
    format, begin_ms, duration_ms = RATE, 0, None

    def __init__(self) -> None:
        self.live = self
        self._items: SimpleQueue[Chunk | Event | AsrError | None] = SimpleQueue()
        self._at = 0

    def say(self, chunks: int = 1, *, quiet: bool = False, cut_after: bool = False) -> None:
        """So many chunks; the last one ends the sentence, if wanted."""
        for number in range(chunks):
            cut = cut_after and number == chunks - 1
            self._items.put(Chunk(self._at, bytes([1, 0]) * CHUNK, cut_after=cut, quiet=quiet))
            self._at += CHUNK

    def jump(self, chunks: int) -> None:
        """So many chunks are not to be heard."""
        self._at += chunks * CHUNK

    def tell(self, event: Event) -> None:
        """Something beside the audio."""
        self._items.put(event)

    def fail(self, error: AsrError) -> None:
        """The device is gone for good."""
        self._items.put(error)

    def end(self) -> None:
        """No more."""
        self._items.put(None)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """What was said, as it is said."""
        assert start == 0
        while (item := self._items.get()) is not None:
            if isinstance(item, AsrError):
                raise item
            yield item


def heard(events: list[Event]) -> list[Event]:
    """What a reader of the transcript cares for."""
    return [event for event in events if not isinstance(event, Progress | Notice | Ready | Finished)]


def audio(service: Service, chunks: int) -> None:
    """The next requests are so many chunks."""
    samples = 0
    while samples < chunks * CHUNK:
        request = service.asked()
        assert isinstance(request, Audio)
        samples += len(request.data) // 2
    assert samples == chunks * CHUNK


def listening(
    talk: Talk,
    *plays: Play,
    make_codec: Callable[[], ClientCodec] | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> Session:
    """A session over that microphone; each call is answered by the next service."""
    waiting = iter(plays)
    ids = counting("task-")

    def dial(url: str, asked: Connection) -> Wire:
        del url, asked
        wire = Wire()
        Thread(target=next(waiting), args=(Service(wire), wire), daemon=True).start()
        return wire

    codec = make_codec or (lambda: inference.Client(Recognition("fun-asr-realtime"), ids))
    return Session(talk, 0, codec, dial, Connection("ws://test"), None, clock)
