"""A microphone with a fake device, whose events the test takes one by one."""

from collections.abc import Callable, Iterator

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event, Level, Notice
from asrcli.sources.microphone import Microphone
from asrcli.sources.microphone_timeline import ListeningMode
from tests.support.device import Clock, Desk, Stream
from tests.support.tone import tone

RATE = Format(16000)
PIECE = tone(50)
Item = Chunk | Event


class Heard:
    """A microphone under test, its chunks asked for one at a time."""

    def __init__(self, hearing: ListeningMode | None = None, *, retry: bool = True) -> None:
        self.desk, self.stream, self.clock = Desk(), Stream("desk"), Clock()
        asked = hearing or ListeningMode()
        self.microphone = Microphone(self.desk, RATE, asked, retry=retry, now=self.clock)
        self.items: Iterator[Item] = self.microphone.chunks(0)
        self.seen: list[Item] = []

    def opened(self) -> "Heard":
        """With the device open and one piece heard."""
        self.desk.answer(self.stream)
        self.stream.give(PIECE)
        self.until(Level)
        return self

    def until(self, kind: type[Item] | Callable[[Item], bool]) -> Item:
        """The next item of a kind; all before it are kept in `seen`."""
        for item in self.items:
            self.seen.append(item)
            if isinstance(item, kind) if isinstance(kind, type) else kind(item):
                return item
        raise AssertionError(f"{kind} never came: {self.seen}")

    def turn(self, seconds: float = 0.0) -> None:
        """This much time passes, and the microphone has looked at the clock since."""
        self.clock.now += seconds
        for number in range(2):
            mark = Notice("debug", f"turn {number}")
            self.microphone.emit(mark)
            self.until(lambda item, mark=mark: item == mark)  # type: ignore[misc]

    def rest(self) -> list[Item]:
        """All that still comes."""
        return list(self.items)
