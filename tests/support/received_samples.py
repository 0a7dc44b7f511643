"""A counting recognizer that records which samples each of its tasks received."""

from typing import TYPE_CHECKING

from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.counting import CHUNKS_PER_SENTENCE, CountedPiece, Counting, CountingSession
from asrcli.recognizers.in_process import InProcessStream

if TYPE_CHECKING:
    from asrcli.core.events import Event


class TaskSamples:
    """The spans of audio that one task received."""

    def __init__(self) -> None:
        self.heard = 0  # samples
        self.spans: list[tuple[int, int]] = []
        self._leading = 0  # silence has no position of its own: it belongs to the audio before it or after it

    def add(self, piece: CountedPiece) -> None:
        """Add a piece."""
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


class SampleRecorder(Counting):
    """The counting recognizer, with the audio that each of its tasks received."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[TaskSamples] = []

    async def open(self, recognition: RecognitionSettings) -> InProcessStream:
        """Begin a session whose audio is recorded."""
        self.tasks.append(TaskSamples())
        return InProcessStream(_Session(recognition, self.tasks[-1]))

    @property
    def heard(self) -> int:
        """The number of samples in all tasks."""
        return sum(samples.heard for samples in self.tasks)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The spans of all tasks."""
        return [span for samples in self.tasks for span in samples.spans]


def most(spans: list[tuple[int, int]]) -> int:
    """Return in how many spans a sample is at most."""
    steps = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    depth = deepest = 0
    for _, step in steps:
        depth += step
        deepest = max(deepest, depth)
    return deepest


class _Session(CountingSession):
    def __init__(self, recognition: RecognitionSettings, samples: TaskSamples) -> None:
        super().__init__(recognition, CHUNKS_PER_SENTENCE)
        self._books = samples

    def _take(self, piece: CountedPiece) -> "list[Event]":  # type: ignore[override]
        self._books.add(piece)
        return list(super()._take(piece))
