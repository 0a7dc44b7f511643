"""A recognizer that notes what it is asked to listen for."""

from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.in_process import InProcessStream
from asrcli.recognizers.scripted import Scripted


class Noting(Scripted):
    """A sentence a second, and `hotwords` of each task."""

    def __init__(self) -> None:
        super().__init__()
        self.hotwords: list[tuple[tuple[str, int], ...]] = []

    async def open(self, recognition: RecognitionSettings) -> InProcessStream:
        """A session like another."""
        self.hotwords.append(recognition.hotwords)
        return await super().open(recognition)
