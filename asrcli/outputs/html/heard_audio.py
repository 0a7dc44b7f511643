"""The audio of a source as a page can play it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from asrcli.core.dataclass import dataclass
from asrcli.core.events import Began


@dataclass(frozen=True)
class HeardAudio:
    """The audio of a source, as a page can play it.

    Attributes:
        path: The file.
        file_ms: Returns where in the audio a moment of the run is, in milliseconds; below 0 if it is not in it.
        opus: Returns the audio as pieces of an Ogg Opus file, to be put into the page; None refers to the file instead.
    """

    path: Path
    file_ms: Callable[[int], int]
    opus: Callable[[], Iterable[bytes]] | None = None


AudioOf = Callable[[Began], HeardAudio | None]  # the audio of a source; None if a page cannot play it
