"""A file's own bytes, undecoded, in pieces that last as long as the audio in them. For services that decode."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from asrcli.errors import SourceError
from asrcli.sources.decode import Decoder

STDIN = "-"
PIECE_BYTES = 3200  # where nobody knows how much audio is in a byte


def own_bytes(path: str, chunk_ms: int) -> Iterator[tuple[bytes, float]]:
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
        with closing(Decoder(path, path)) as decoder:
            length_ms = decoder.duration_ms
        step_bytes = max(1, round(size_bytes * chunk_ms / length_ms)) if length_ms else PIECE_BYTES
        sent_bytes = 0
        with Path(path).open("rb") as file:
            while data := file.read(step_bytes):
                sent_bytes += len(data)
                yield data, (length_ms or 0) * sent_bytes / size_bytes
    except OSError as exc:
        raise SourceError(path, (exc.strerror or str(exc)).lower()) from exc
