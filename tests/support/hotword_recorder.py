"""A recognizer that keeps the hot words of its tasks."""

from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.in_process import InProcessStream
from asrcli.recognizers.scripted import Scripted


class HotWordRecorder(Scripted):
    """The scripted recognizer, with the `hotwords` of each task."""

    def __init__(self) -> None:
        super().__init__()
        self.hotwords: list[tuple[tuple[str, int], ...]] = []

    async def open(self, recognition: RecognitionSettings) -> InProcessStream:
        """Begin a session, and keep its hot words."""
        self.hotwords.append(recognition.hotwords)
        return await super().open(recognition)
