"""Measures how long a file on a disk is, without decoding it: by its header, else by its packets."""

import io
import mmap
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.sources import wav
from asrcli.sources.exact_reader import HEAD_BYTES, reader, start_after_tag
from asrcli.sources.lazy_decoder import decoding, mp3_frames, unknown_length
from asrcli.sources.sample_format import SampleFormat
from asrcli.sources.track_selection import check_only_track

if TYPE_CHECKING:
    from asrcli.sources import joined_files, ogg
else:  # WAV needs neither
    joined_files = LazyModule("asrcli.sources.joined_files")
    ogg = LazyModule("asrcli.sources.ogg")

SCAN_BYTES = 4 << 20  # larger files are not read twice only to show their length: it takes 0.1 s a megabyte
JOINT_BYTES = 64 << 20  # larger files are not searched for another file that is joined to their end
# How files begin that can have another file joined to their end without a trace in their header.
_BEGINNINGS = {"ogg": b"OggS\0\2", "flac": b"fLaC", "avi": b"AVI LIST", "au": b".snd"}

# Where the search begins; in Ogg each stream of a file begins with these bytes.
_FIRST_BYTES = {"ogg": HEAD_BYTES, "flac": 1, "avi": 9, "au": 1}


@dataclass(frozen=True, slots=True)
class FileLength:
    """What is known of a file before it is decoded.

    Attributes:
        rate: Sample rate in Hz.
        channels: Number of channels.
        duration_ms: Its length; None if only reading all of it would tell.
        promised_ms: The length by its header; None if the header has none, or is known to be wrong.
    """

    rate: int
    channels: int
    duration_ms: int | None
    promised_ms: int | None


def measure_file(
    path: str,
    raw_format: SampleFormat | None = None,
    track: str | None = None,
    *,
    scan_bytes: int = SCAN_BYTES,
    trusting: bool = True,
) -> FileLength:
    """Measure a file. If its header does not prove the length, read all packets.

    Args:
        path: The file.
        raw_format: The format of raw PCM; None for containers.
        track: Number or language of the sound track.
        scan_bytes: Larger files are not read; their length stays unknown.
        trusting: Whether the header of a container is believed.

    Raises:
        SourceError: the file cannot be read.
    """
    try:  # WAV needs no decoder: do not load one
        with io.FileIO(path) as file:
            size_bytes = Path(path).stat().st_size
            if raw_format is None and (measured := _samples(path, file, size_bytes)) is not None:
                check_only_track(path, track)
                return measured
            file.seek(0)
            scanned = size_bytes <= scan_bytes
            start, skipped = start_after_tag(file)
            if start.startswith(ogg.MAGIC) and raw_format is None:
                return _ogg(path, file, track, scanned=scanned)
            if raw_format is None and len(windows := joined_files.file_spans(file)) > 1:
                return _windows(path, file, windows, track, scanned=scanned)
    except OSError as exc:
        raise SourceError(path, system_reason(exc).lower()) from exc

    options: dict[str, Any] = {"track": track, "skipped": skipped} | mp3_frames.demuxer(start)
    if raw_format is not None:
        options |= raw_format.demuxer
    with closing(decoding.Decoder(f"file:{path}", path, head=lambda: start, **options)) as decoder:
        rate, channels, promised_ms = decoder.rate, decoder.channels, decoder.promised_ms
        has_more = _joined(path, decoder.container, size_bytes)
        if promised_ms is not None and not has_more and trusting:
            return FileLength(rate, channels, promised_ms, promised_ms)
        if has_more:
            promised_ms = None
        if not scanned:
            return FileLength(rate, channels, None, promised_ms)
        return FileLength(rate, channels, decoder.measured_ms(), promised_ms)


def _samples(path: str, file: io.FileIO, size_bytes: int) -> FileLength | None:
    """Measure a file whose samples need no decoder; return None for another one."""
    try:
        measured = wav.length(file, size_bytes)
    except SourceError as exc:
        raise SourceError(path, exc.reason) from exc
    if measured is None:
        unknown = unknown_length.length(file, size_bytes)
        if unknown is None:
            return None
        measured = *unknown, None
    head, real_ms, promised_ms = measured
    return FileLength(head.rate, head.channels, real_ms, promised_ms)


def _ogg(path: str, file: io.FileIO, track: str | None, *, scanned: bool) -> FileLength:
    """Measure each link of a chained Ogg file: the last page of the file tells only the length of the last link."""
    file.seek(0)
    links = ogg.OggLinks(reader(file))
    total_ms = 0
    about: tuple[int, int] | None = None
    while True:
        with closing(_link_decoder(links, path, track)) as decoder:
            about = about or (decoder.rate, decoder.channels)
            if not scanned:
                break
            total_ms += decoder.measured_ms()
        if not links.next_link():
            return FileLength(*about, total_ms, None)
    if _joined(path, "ogg", Path(path).stat().st_size):
        return FileLength(*about, None, None)
    with closing(decoding.Decoder(f"file:{path}", path, track=track)) as decoder:
        return FileLength(*about, decoder.promised_ms, None)


def _link_decoder(links: "ogg.OggLinks", path: str, track: str | None) -> "decoding.Decoder":
    return decoding.Decoder(SimpleNamespace(read=links.read), path, track=track, head=lambda: ogg.MAGIC)


def _windows(
    path: str, file: io.FileIO, windows: list[tuple[int, int]], track: str | None, *, scanned: bool
) -> FileLength:
    """Measure each of the files that are joined in a file."""
    total_ms = 0
    about = (0, 0)
    for window in windows:
        with closing(decoding.Decoder(joined_files.Window(file, *window), path, track=track)) as decoder:
            if not any(about):
                about = (decoder.rate, decoder.channels)
            if not scanned:
                return FileLength(*about, None, None)
            total_ms += decoder.measured_ms()
    return FileLength(*about, total_ms, None)


def _joined(path: str, container: str, size_bytes: int) -> bool:
    """Return whether another file of this kind may begin in the middle. A large Ogg file is not searched: True."""
    beginning = _BEGINNINGS.get(container)
    if beginning is None:
        return False
    if size_bytes > JOINT_BYTES:
        return container == "ogg"

    with (
        suppress(OSError, ValueError),
        Path(path).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return data.find(beginning, min(len(data), _FIRST_BYTES[container])) > 0
    return False
