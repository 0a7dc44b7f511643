"""How long a file on a disk is, without decoding it: what its header proves, and else what its packets say."""

import io
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from asrcli.core.errors import SourceError
from asrcli.sources import joined, wav
from asrcli.sources.input_reader import HEAD_BYTES, OGG, SampleFormat

SCAN_BYTES = 4 << 20  # larger files are not read twice for a length that is only shown: it takes 0.1 s a megabyte
JOINT_BYTES = 64 << 20  # and in larger ones nobody looks for another file that is joined behind
# How the files begin whose headers know nothing of another file that is joined behind.
_BEGINNINGS = {"ogg": b"OggS\0\2", "flac": b"fLaC", "avi": b"AVI LIST", "au": b".snd"}

_FIRST_BYTES = {"ogg": HEAD_BYTES, "flac": 1, "avi": 9, "au": 1}  # in Ogg each stream of a file begins so


@dataclass(frozen=True, slots=True)
class FileLength:
    """What a file is before it is heard.

    Attributes:
        duration_ms: How long it is; None where only reading all of it would tell.
        promised_ms: How long its header says it is; None where it does not say, or is known to be wrong.
    """

    rate: int
    channels: int
    duration_ms: int | None
    promised_ms: int | None


def measure_file(
    path: str,
    samples: SampleFormat | None = None,
    track: str | None = None,
    *,
    scan_bytes: int = SCAN_BYTES,
    trusting: bool = True,
) -> FileLength:
    """Look at a file, and read all of it where its length is not proven and it is not larger than `scan_bytes`.

    Unless it is `trusting`, the word of a header is no proof.

    Raises:
        SourceError: it cannot be read.
    """
    try:  # what needs no decoder does not load one
        with io.FileIO(path) as file:
            size_bytes = Path(path).stat().st_size
            found = _wav(path, file, size_bytes) if samples is None else None
            if found is not None:
                return found
            file.seek(0)
            scanned = size_bytes <= scan_bytes
            start, skipped = _start(file)
            if start.startswith(OGG) and samples is None:
                return _ogg(path, file, track, scanned=scanned)
            if samples is None and len(windows := joined.parts(file)) > 1:
                return _windows(path, file, windows, track, scanned=scanned)
    except OSError as exc:
        raise SourceError(path, (exc.strerror or str(exc)).lower()) from exc
    from asrcli.sources.decoder import Decoder

    options: dict[str, Any] = samples.demuxer if samples is not None else {}
    with closing(Decoder(f"file:{path}", path, track=track, head=lambda: start, skipped=skipped, **options)) as decoder:
        rate, channels, promised_ms = decoder.rate, decoder.channels, decoder.promised_ms
        has_more = _joined(path, decoder.container, size_bytes)
        if promised_ms is not None and not has_more and trusting:
            return FileLength(rate, channels, promised_ms, promised_ms)
        duration_ms = decoder.measured_ms() if scanned else None
        return FileLength(rate, channels, duration_ms, None if has_more else promised_ms)


def _wav(path: str, file: io.FileIO, size_bytes: int) -> FileLength | None:
    try:
        found = wav.length(file, size_bytes)
    except SourceError as exc:
        raise SourceError(path, exc.reason) from exc
    if found is None:
        return None
    head, real_ms, promised_ms = found
    return FileLength(head.rate, head.channels, real_ms, promised_ms)


def _ogg(path: str, file: io.FileIO, track: str | None, *, scanned: bool) -> FileLength:
    """The links of a chain one by one: what is read of the last page counts for its own link only."""
    from asrcli.sources.decoder import Decoder
    from asrcli.sources.ogg import OggLinks

    file.seek(0)
    links, total_ms = OggLinks(wav.reader(file)), 0
    about: tuple[int, int] | None = None
    while True:
        with closing(Decoder(SimpleNamespace(read=links.read), path, track=track)) as decoder:
            about = about or (decoder.rate, decoder.channels)
            if not scanned:
                break
            total_ms += decoder.measured_ms()
        if not links.go_on():
            return FileLength(*about, total_ms, None)
    if _joined(path, "ogg", Path(path).stat().st_size):
        return FileLength(*about, None, None)
    with closing(Decoder(f"file:{path}", path, track=track)) as decoder:
        return FileLength(*about, decoder.promised_ms, None)


def _windows(
    path: str, file: io.FileIO, windows: list[tuple[int, int]], track: str | None, *, scanned: bool
) -> FileLength:
    """Files that are joined in a file, one by one."""
    from asrcli.sources.decoder import Decoder

    total_ms, about = 0, (0, 0)
    for window in windows:
        with closing(Decoder(joined.Window(file, *window), path, track=track)) as decoder:
            about = about if any(about) else (decoder.rate, decoder.channels)
            if not scanned:
                return FileLength(*about, None, None)
            total_ms += decoder.measured_ms()
    return FileLength(*about, total_ms, None)


def _start(file: io.FileIO) -> tuple[bytes, int]:
    """How a file begins behind its ID3 tag, in which there may be a picture, and how large that is."""
    start = file.read(HEAD_BYTES)
    if not start.startswith(b"ID3") or len(start) < 10:
        return start, 0
    size = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))
    file.seek(size)
    return file.read(HEAD_BYTES), size


def _joined(path: str, container: str, size_bytes: int) -> bool:
    """Whether another file of the kind seems to begin in the middle; of a large file: whether nobody knows."""
    beginning = _BEGINNINGS.get(container)
    if beginning is None:
        return False
    if size_bytes > JOINT_BYTES:
        return container == "ogg"
    import mmap

    with (
        suppress(OSError, ValueError),
        Path(path).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return data.find(beginning, min(len(data), _FIRST_BYTES[container])) > 0
    return False
