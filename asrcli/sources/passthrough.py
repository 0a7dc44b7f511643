"""Sends the bytes of a file undecoded, in pieces of known length. For services that decode them."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from asrcli.core.audio import Chunk, Format
from asrcli.core.causes import Cause
from asrcli.core.errors import SettingError, SourceError, system_reason
from asrcli.core.events import Event
from asrcli.sources.file_length import measure_file
from asrcli.sources.lazy_decoder import decoding

STDIN = "-"
CHUNK_MS = 100
PIECE_BYTES = 3200  # if it is unknown how much audio is in a byte

# What the services decode: (container, codec) by the names of PyAV -> the name of the service.
_FORMATS = {
    ("mp3", "mp3"): "mp3",
    ("ogg", "opus"): "opus",
    ("ogg", "speex"): "speex",
    ("aac", "aac"): "aac",
    ("amr", "amr_nb"): "amr",
    ("wav", "pcm_s16le"): "wav",
}


class PassthroughSource:
    """A file as a source whose chunks are its own bytes.

    Attributes:
        audio_format: Name of the format, as the service calls it.

    Raises:
        SourceError: the file does not exist or cannot be read.
        SettingError: no service decodes its format.
    """

    live = None
    realtime = False

    def __init__(self, path: str) -> None:
        self.name = path
        self.begin_ms = 0
        self.speaker = ""
        try:
            exists = path != STDIN and bool(os.stat(path))  # noqa: PTH116  Path.exists hides what is not permitted
        except (FileNotFoundError, NotADirectoryError):
            exists = False
        except (OSError, ValueError) as exc:
            raise SourceError(path, system_reason(exc).lower()) from exc
        if not exists:
            raise SourceError(path, "must be a file to be sent unchanged")
        with closing(decoding.Decoder(f"file:{path}", path)) as decoder:
            format_name = _FORMATS.get((decoder.container, decoder.codec))
            if format_name is None:
                what = f"{decoder.codec} in {decoder.container}"
                problem = f"{path} is {what}, which no service decodes"
                raise SettingError("passthrough", problem, cause=Cause.NOT_DECODED)
            self.audio_format = format_name
            self.format = Format(decoder.rate)
        self.duration_ms: int | None = measure_file(path, scan_bytes=sys.maxsize).duration_ms

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the bytes of the file, each chunk with the length of the audio in it.

        Raises:
            SourceError: the file cannot be read.
        """
        at = start
        for data, end_ms in passthrough_pieces(self.name, CHUNK_MS):
            end = start + self.format.samples(round(end_ms))
            yield Chunk(at, data, length=end - at)
            at = end


def passthrough_pieces(path: str, chunk_ms: int) -> Iterator[tuple[bytes, float]]:
    """Yield pieces of a file, each with the time at which its audio ends in milliseconds; 0 for standard input.

    Raises:
        SourceError: the file does not exist or cannot be read.
    """
    if path == STDIN:
        while data := os.read(sys.stdin.fileno(), PIECE_BYTES):
            yield data, 0.0
        return
    try:
        size_bytes = Path(path).stat().st_size
        length_ms = measure_file(path, scan_bytes=sys.maxsize).duration_ms
        step_bytes = PIECE_BYTES
        if length_ms:
            step_bytes = max(1, round(size_bytes * chunk_ms / length_ms))
        sent_bytes = 0
        with Path(path).open("rb") as file:
            while data := file.read(step_bytes):
                sent_bytes += len(data)
                yield data, (length_ms or 0) * sent_bytes / size_bytes
    except OSError as exc:
        raise SourceError(path, system_reason(exc).lower()) from exc
