"""A file's own bytes, undecoded, in pieces that last as long as the audio in them. For services that decode."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import SourceError, UsageError, system_reason
from asrcli.core.events import Event
from asrcli.sources.decoder import Decoder
from asrcli.sources.file_length import measure_file

STDIN = "-"
CHUNK_MS = 100
PIECE_BYTES = 3200  # where nobody knows how much audio is in a byte

# What the services decode: (container, codec) as PyAV names them -> as they do.
_FORMATS = {
    ("mp3", "mp3"): "mp3",
    ("ogg", "opus"): "opus",
    ("ogg", "speex"): "speex",
    ("aac", "aac"): "aac",
    ("amr", "amr_nb"): "amr",
    ("wav", "pcm_s16le"): "wav",
}


class PassthroughSource:
    """A file as a source whose chunks are its own bytes. `audio_format` is what a service is told they are.

    Raises:
        SourceError: not there, or not readable.
        UsageError: a format that no service decodes.
    """

    live = None
    realtime = False

    def __init__(self, path: str) -> None:
        self.name, self.begin_ms, self.speaker = path, 0, ""
        try:
            there = path != STDIN and Path(path).exists()
        except (OSError, ValueError) as exc:
            raise SourceError(path, system_reason(exc).lower()) from exc
        if not there:
            raise SourceError(path, "must be a file to be sent as it is")
        with closing(Decoder(f"file:{path}", path)) as decoder:
            found = _FORMATS.get((decoder.container, decoder.codec))
            if found is None:
                what = f"{decoder.codec} in {decoder.container}"
                raise UsageError(
                    f"--passthrough: {path} is {what}, which no service decodes", "leave --passthrough out"
                )
            self.audio_format, self.format = found, Format(decoder.rate)
        self.duration_ms: int | None = measure_file(path, scan_bytes=sys.maxsize).duration_ms

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks of the file's bytes, each standing for the audio in it."""
        at = start
        for data, end_ms in passthrough_source(self.name, CHUNK_MS):
            end = start + self.format.samples(round(end_ms))
            yield Chunk(at, data, length=end - at)
            at = end


def passthrough_source(path: str, chunk_ms: int) -> Iterator[tuple[bytes, float]]:
    """Pieces, each with the milliseconds at which its audio ends; standard input has no times.

    Raises:
        SourceError: not there, or not readable.
    """
    if path == STDIN:
        while data := os.read(sys.stdin.fileno(), PIECE_BYTES):
            yield data, 0.0
        return
    try:
        size_bytes = Path(path).stat().st_size
        length_ms = measure_file(path, scan_bytes=sys.maxsize).duration_ms
        step_bytes = max(1, round(size_bytes * chunk_ms / length_ms)) if length_ms else PIECE_BYTES
        sent_bytes = 0
        with Path(path).open("rb") as file:
            while data := file.read(step_bytes):
                sent_bytes += len(data)
                yield data, (length_ms or 0) * sent_bytes / size_bytes
    except OSError as exc:
        raise SourceError(path, system_reason(exc).lower()) from exc
