"""One task on the wire: its codec, its place on the timeline, its open sentences and those that are done."""

from collections.abc import Iterator

from asrcli.events import Event, Final, Finished, Notice, Partial, SpeechStarted
from asrcli.message import Message
from asrcli.placing import shifted
from asrcli.seams import ClientCodec


class Task:
    """What a service says about the audio from `offset_ms` on; that may be moved until audio has been sent."""

    def __init__(self, codec: ClientCodec) -> None:
        self.codec = codec
        self.offset_ms = 0
        self._open: dict[str, int] = {}  # sentence -> where it begins, in ms
        self._done: set[str] = set()

    def receive(self, message: Message, covered_ms: int) -> Iterator[Event]:
        """What a message says, on the run's timeline; what was said before is not said again.

        Raises:
            ProtocolError, ServiceRefused
        """
        for event in self.codec.receive(message):
            moved = shifted(event, self.offset_ms)
            if isinstance(moved, Partial | Final) and self._is_old(moved, covered_ms):
                yield Notice("debug", f"dropped what is final already: sentence {moved.key}")
                continue
            if isinstance(moved, SpeechStarted | Partial):
                self._open.setdefault(moved.key, moved.begin_ms)
            elif isinstance(moved, Final):
                self._open.pop(moved.key, None)
                self._done.add(moved.key)
            elif isinstance(moved, Finished):
                self._open.clear()
            yield moved

    @property
    def open_ms(self) -> int | None:
        """Where the oldest open sentence begins."""
        return min(self._open.values(), default=None)

    def _is_old(self, event: Partial | Final, covered_ms: int) -> bool:
        """A sentence is final once; and audio that is heard again may bring the end of what is final already."""
        again = isinstance(event, Final) and event.begin_ms < covered_ms and event.end_ms <= covered_ms
        return event.key in self._done or again
