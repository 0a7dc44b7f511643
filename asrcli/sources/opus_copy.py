"""Makes a small copy of audio: Ogg Opus, as pieces of bytes, for a page that carries its own sound."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.errors import TMPDIR, SourceError, system_reason
from asrcli.core.interfaces import Source
from asrcli.sources.encoder import create_writer

PIECE_BYTES = 3 << 14  # a multiple of three, so that Base64 of each piece can be joined
COPY_FORMAT = Format(24_000)
_SILENCE_BYTES = 1 << 16


def opus_copy(source: Source) -> Iterator[bytes]:
    """Yield an Ogg Opus file with the audio of a source; where its positions jump there is silence.

    Raises:
        SourceError: the audio cannot be read, or there is no room for the copy.
    """
    try:
        with TemporaryDirectory(prefix="asr-audio.") as folder:
            path = Path(folder) / "audio.opus"
            _encode(source, path)
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
    except OSError as exc:
        raise SourceError(source.name, f"cannot be copied: {system_reason(exc).lower()}; {TMPDIR}") from exc


def _encode(source: Source, path: Path) -> None:
    writer = create_writer(path, ".opus", source.format)
    start = end = source.format.samples(source.begin_ms)
    try:
        for item in source.chunks(start):
            if isinstance(item, Chunk):
                _write_silence(writer.write, (item.position - end) * SAMPLE_BYTES)
                writer.write(item.pcm)
                end = max(end, item.end)
    finally:
        writer.close()
    if end == start:
        raise SourceError(source.name, "contains no audio")


def _write_silence(write: Callable[[bytes], None], size_bytes: int) -> None:
    while size_bytes > 0:
        piece = bytes(min(size_bytes, _SILENCE_BYTES))
        write(piece)
        size_bytes -= len(piece)
