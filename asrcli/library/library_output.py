"""An output that collects what a run says, for the library. It uses no file, so it cannot fail."""

import zlib

from asrcli.core.events import Event, Final
from asrcli.core.transcript import Transcript
from asrcli.library.library_entry import event_bytes, unpacked


class LibraryOutput:
    """The events of a run, packed: an hour of speech takes about 100 kB.

    Attributes:
        has_text: A sentence is among them.
    """

    passive = accepts_delay = True

    def __init__(self) -> None:
        self._packing = zlib.compressobj()
        self._data = bytearray()
        self.has_text = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Collect an event of a kind that the library keeps."""
        del transcript
        if (line := event_bytes(event)) is not None:
            self._data += self._packing.compress(line)
        self.has_text = self.has_text or (isinstance(event, Final) and bool(event.text.strip()))

    def events(self) -> tuple[Event, ...]:
        """What was collected. No event may follow."""
        self._data += self._packing.flush()
        return unpacked(bytes(self._data))

    def close(self) -> None:
        """Do nothing: the library takes what was collected after the run."""
