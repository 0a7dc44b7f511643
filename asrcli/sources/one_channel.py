"""A recording whose channels are asked for, and that has one. Says so; its audio is that of the recording."""

from collections.abc import Iterator

from asrcli.core.audio import Chunk
from asrcli.core.events import Event, Notice
from asrcli.core.interfaces import SourceWrapper


class OneChannelSource(SourceWrapper):
    """A source around one with a single channel."""

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield a warning, then the chunks of the source.

        Raises:
            SourceError: the source cannot be read any further.
        """
        yield Notice("warning", f"{self.name}: has one channel, so nothing says who speaks in it")
        yield from self._source.chunks(start)
