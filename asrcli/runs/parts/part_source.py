"""The audio of one part in a temporary file without a name, and the part as a source."""

import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.errors import TMPDIR, SourceError, system_reason
from asrcli.core.events import Event
from asrcli.core.interfaces import Source
from asrcli.core.whole_writes import write_whole

CHUNK_MS = 100


class PartAudio:
    """Chunks as they were read, with the events between them. The file goes with the object, and with the process.

    One thread adds, and then another one reads. The file has no buffer in this process: the reader would get the error
    of the last chunks that found no room.

    Raises:
        SourceError: no temporary file can be created.
    """

    def __init__(self, audio_format: Format, name: str, begin: int) -> None:
        self.begin = begin
        self.end = begin
        self._format = audio_format
        self._name = name
        try:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  closed by `close`
        except OSError as exc:
            raise self._no_room(exc) from exc
        self._size_bytes = 0
        self._spans: list[tuple[int, int]] = []  # position and samples, in the order of the file
        self._events: list[tuple[int, Event]] = []

    def add(self, item: Chunk | Event) -> None:
        """Keep a chunk, or an event after the last one.

        Raises:
            SourceError: the disk of the temporary files is full, or it has another error.
        """
        if not isinstance(item, Chunk):
            self._events.append((self.end, item))
            return
        try:
            write_whole(self._file, item.pcm, self._size_bytes)
        except OSError as exc:
            raise self._no_room(exc) from exc
        self._size_bytes += len(item.pcm)
        if self._spans and sum(self._spans[-1]) == item.position:
            self._spans[-1] = (self._spans[-1][0], self._spans[-1][1] + item.samples)
        else:
            self._spans.append((item.position, item.samples))
        self.end = item.end

    def cut(self, position: int) -> "PartAudio":
        """End here, and return what follows as another part.

        Raises:
            SourceError: the other part finds no room.
        """
        rest = PartAudio(self._format, self._name, position)
        try:
            for item in self.items(position):
                rest.add(item)
        except BaseException:
            rest.close()
            raise
        kept = [(begin, min(samples, position - begin)) for begin, samples in self._spans if begin < position]
        self._spans = kept
        self._size_bytes = sum(samples for _, samples in kept) * SAMPLE_BYTES
        self._file.truncate(self._size_bytes)
        self._events = self._events[: bisect_left(self._events, position, key=lambda event: event[0])]
        self.end = position
        return rest

    def items(self, begin: int) -> Iterator[Chunk | Event]:
        """Yield the chunks and the events from a position on."""
        events = iter(self._events[bisect_left(self._events, begin, key=lambda event: event[0]) :])
        event = next(events, None)
        offset = 0
        step = self._format.samples(CHUNK_MS)
        for position, samples in self._spans:
            at = max(position, begin)
            while at < position + samples:
                while event is not None and event[0] <= at:
                    yield event[1]
                    event = next(events, None)
                size = min(step, position + samples - at)
                self._file.seek((offset + at - position) * SAMPLE_BYTES)
                yield Chunk(at, self._file.read(size * SAMPLE_BYTES))
                at += size
            offset += samples
        while event is not None:
            yield event[1]
            event = next(events, None)
        self._file.seek(0, 2)

    def close(self) -> None:
        """Give the room on the disk back."""
        self._file.close()

    def _no_room(self, error: OSError) -> SourceError:
        reason = f"its parts find no room among the temporary files: {system_reason(error).lower()}; {TMPDIR}"
        return SourceError(self._name, reason)


class PartSource:
    """A part of a source from `begin_ms` on, on the timeline of the whole."""

    audio_format = "pcm"
    live = None
    realtime = False

    def __init__(self, whole: Source, audio: PartAudio, begin_ms: int) -> None:
        self.name = whole.name
        self.speaker = whole.speaker
        self.format = whole.format
        self.begin_ms = begin_ms
        self.duration_ms: int | None = max(0, whole.format.ms(audio.end) - begin_ms)
        self._audio = audio

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the audio of the part, the first sample at `start`."""
        begin = self.format.samples(self.begin_ms)
        for item in self._audio.items(begin):
            if isinstance(item, Chunk):
                yield replace(item, position=item.position - begin + start)
            else:
                yield item
