"""What a server was sent, sample by sample: a counting recognizer that keeps the books of every task."""

from typing import TYPE_CHECKING

from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.counting import CHUNKS_PER_SENTENCE, CountedPiece, Counting, CountingSession
from asrcli.recognizers.in_process import InProcessStream

if TYPE_CHECKING:
    from asrcli.core.events import Event


class Books:
    """The stretches of audio that one task heard."""

    def __init__(self) -> None:
        self.heard = 0  # samples
        self.spans: list[tuple[int, int]] = []
        self._leading = 0  # silence does not say where it belongs: it follows what came, or leads up to what comes

    def book(self, piece: CountedPiece) -> None:
        """Another piece."""
        self.heard += piece.samples
        if piece.place is None and not self.spans:
            self._leading += piece.samples
            return
        place = self.spans[-1][1] if piece.place is None else piece.place
        begin, end = max(0, place - self._leading), place + piece.samples
        self._leading = 0
        if self.spans and self.spans[-1][1] == begin:
            self.spans[-1] = self.spans[-1][0], end
        else:
            self.spans.append((begin, end))


class Tallying(Counting):
    """The counting recognizer, with the audio that each of its tasks heard."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Books] = []

    async def open(self, recognition: RecognitionSettings) -> InProcessStream:
        """A session whose audio is booked."""
        self.tasks.append(Books())
        return InProcessStream(_Session(recognition, self.tasks[-1]))

    @property
    def heard(self) -> int:
        """All samples of all tasks."""
        return sum(books.heard for books in self.tasks)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The stretches of all tasks."""
        return [span for books in self.tasks for span in books.spans]


def most(spans: list[tuple[int, int]]) -> int:
    """How often the sample that is in the most of them is."""
    steps = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    depth = deepest = 0
    for _, step in steps:
        depth += step
        deepest = max(deepest, depth)
    return deepest


class _Session(CountingSession):
    def __init__(self, recognition: RecognitionSettings, books: Books) -> None:
        super().__init__(recognition, CHUNKS_PER_SENTENCE)
        self._books = books

    def _take(self, piece: CountedPiece) -> "list[Event]":  # type: ignore[override]
        self._books.book(piece)
        return list(super()._take(piece))
