"""Files, pipes and network streams as a source of mono PCM at the rate of the wire."""

import os
import re
import stat
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from errno import EACCES
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.audio import Chunk, Format
from asrcli.core.causes import Cause
from asrcli.core.errors import SourceError, system_reason
from asrcli.core.events import Event, Gap, Notice
from asrcli.core.lazy_module import LazyModule
from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.sources.audio_positions import Item, chunked
from asrcli.sources.decoding_errors import DECODER_ERRORS
from asrcli.sources.excerpt import Clip
from asrcli.sources.file_length import SCAN_BYTES, FileLength, measure_file
from asrcli.sources.lazy_decoder import decoding, opening
from asrcli.sources.sample_format import SampleFormat
from asrcli.sources.track_selection import check_channel

if TYPE_CHECKING:
    from asrcli.sources import blocking_calls
    from asrcli.sources import input_reader as reading
else:
    blocking_calls = LazyModule("asrcli.sources.blocking_calls")  # only pipes and addresses can hang
    reading = LazyModule("asrcli.sources.input_reader")  # loaded by the thread that reads

STDIN = "-"
CHUNK_MS = 100
LOCAL_CHUNK_MS = 50  # to a recognizer on this machine: it waits no longer for a chunk of a file than for a microphone's
FULL_PACE_CHUNK_MS = 400  # where nobody waits for the first word of a chunk; the service takes at most 16 KB at once
EARLY = "ends {:.1f} s before the end that its header names: was it cut short?"
NETWORK_TIMEOUT_S = 30.0  # how long a network may give nothing
_ADDRESS = lazy_pattern(r"(https?|rtsps?|rtmps?|hls\+https?)://", re.IGNORECASE)
_LIVE = lazy_pattern(r"rt[sm]ps?://", re.IGNORECASE)


def native(path: str, raw_format: SampleFormat | None = None, track: str | None = None) -> tuple[int, int] | None:
    """Return the sample rate and the number of channels of a file; None if it is no audio, a pipe or an address.

    None also if the file does not tell them.
    """
    if raw_format is not None:
        return raw_format.rate, raw_format.channels
    if path == STDIN or _ADDRESS.match(path):
        return None
    try:
        if not Path(path).is_file():
            return None
        measured = measure_file(path, track=track, scan_bytes=0)
    except (OSError, ValueError, SourceError):
        return None  # reading it reports the error
    if not measured.rate or not measured.channels:
        return None
    return measured.rate, measured.channels


class FileSource:
    """A file by its path, a named pipe, an http(s), rtsp or rtmp address, or standard input by `-`.

    A file or an http address is examined when the source is created, so that a mistake is reported before a service is
    asked. The thread that reads it opens it again. Pipes and other addresses can be read only once.

    Args:
        path: What to read.
        audio_format: Format of the chunks.
        clip: The part that is transcribed; None is all of it.
        raw_format: The format of raw PCM; None for containers.
        chunk_ms: Length of a chunk.
        speaker: Label of the speaker, if several sources are transcribed at once.
        timeout_s: How long a network may give nothing.
        scan_bytes: Up to this size, a file without a length in its header is read to measure it.
        shown: What a person calls it, if that is not the path.

    Raises:
        SourceError: the input cannot be read.
    """

    audio_format = "pcm"
    live = None

    def __init__(
        self,
        path: str,
        audio_format: Format,
        clip: Clip | None = None,
        raw_format: SampleFormat | None = None,
        chunk_ms: int = CHUNK_MS,
        speaker: str = "",
        timeout_s: float = NETWORK_TIMEOUT_S,
        scan_bytes: int = SCAN_BYTES,
        shown: str = "",
    ) -> None:
        self._path = path
        self.name = shown or path
        self.format = audio_format
        self.speaker = speaker
        self._chunk_ms = chunk_ms
        self._clip = clip or Clip()
        self._raw_format = raw_format
        self._timeout_s = timeout_s
        self._track = self._clip.track
        self._is_address = bool(_ADDRESS.match(path))
        if not self._is_address:
            _check_path(path, is_raw_pcm=raw_format is not None)
        self._is_file = path != STDIN and not self._is_address and Path(path).is_file()
        self.realtime = not self._is_file
        length_ms = promised_ms = None
        if self._is_file:
            measured = measure_file(path, raw_format, self._track, scan_bytes=scan_bytes)
            check_channel(path, self._clip.channel, measured.channels)
            length_ms = self._proven_length(measured)
            promised_ms = measured.promised_ms
        elif path == STDIN:
            self.realtime = not _is_regular(sys.stdin.fileno())
        elif self._is_address and not _LIVE.match(path):
            self.realtime, length_ms = blocking_calls.call_with_timeout(self._probe, path, timeout_s)
            if not self.realtime:
                promised_ms = length_ms
        self.begin_ms = self._clip.begin_ms
        self.duration_ms = self._left_of(length_ms)
        self._promised_ms = self._left_of(promised_ms)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield chunks of equal length; one is shorter at the end and before a hole.

        Raises:
            SourceError: the input is no audio, holds no sound, or cannot be read any further.
        """
        input_reader = reading.InputReader(
            self._shown_name, self.format, self._chunk_ms, self._clip.channel, self._track, self._raw_format
        )
        end = start
        is_empty = True
        with closing(self._items(input_reader)) as items:
            wanted = self._clip.of(items, self.format)
            shift = start - self.format.samples(self.begin_ms)
            for item in chunked(wanted, self.format, self._chunk_ms, shift):
                if isinstance(item, Chunk):
                    end = item.end
                    is_empty = False
                elif isinstance(item, Gap):
                    end = max(end, self.format.samples(item.end_ms))
                yield item
        yield from self._warnings(input_reader, self.format.ms(end - start))
        if is_empty and self._clip != Clip():
            raise SourceError(self._shown_name, "contains no audio in that range")
        if is_empty:
            error = SourceError(self._shown_name, "contains no audio")
            if self._is_file:
                error = opening.explained(error, opening.beginning(f"file:{self._path}", None), is_recording=True)
            raise error

    @property
    def _shown_name(self) -> str:
        if self._path == STDIN:
            return "standard input"
        return self.name

    def _warnings(self, input_reader: "reading.InputReader", read_ms: int) -> Iterator[Notice]:
        """Yield what was found to be wrong with the input."""
        if damaged := input_reader.damaged:
            packets = "1 damaged packet was"
            if damaged > 1:
                packets = f"{damaged} damaged packets were"
            yield Notice("warning", f"{self._shown_name}: {packets} skipped")
        if input_reader.problem:
            yield Notice("warning", f"{self._shown_name}: {input_reader.problem}")
        promised_ms = self._promised_ms
        if input_reader.promised_ms is not None:  # its end may say more than its beginning
            promised_ms = max(promised_ms or 0, self._ends_ms(input_reader.promised_ms) - self.begin_ms)
        if promised_ms and (missing_ms := promised_ms - read_ms) > input_reader.rounding_ms:
            yield Notice("warning", f"{self._shown_name}: {EARLY.format(missing_ms / 1000)}")

    def _items(self, input_reader: "reading.InputReader") -> Generator[Item]:
        try:
            yield from self._read(input_reader)
        except DECODER_ERRORS as exc:  # any error concerns this input only, not the others
            reason = system_reason(exc) or type(exc).__name__
            raise SourceError(self._shown_name, f"cannot be read: {reason[:1].lower()}{reason[1:]}") from exc

    def _read(self, input_reader: "reading.InputReader") -> Iterator[Item]:
        if self._is_address:
            yield from blocking_calls.iterate_with_timeout(
                lambda: input_reader.address(self._path, self._timeout_s), self.name, self._timeout_s
            )
        elif self._is_file:
            yield from input_reader.file(self._path, in_bulk=self._chunk_ms >= FULL_PACE_CHUNK_MS)
        elif self._path == STDIN:
            yield from input_reader.pipe(sys.stdin.fileno())
        else:
            fd = self._pipe()
            try:
                yield from input_reader.pipe(fd)
            finally:
                os.close(fd)

    def _pipe(self) -> int:
        """Open a named pipe or a device, which waits until somebody writes to it; returns the file descriptor.

        Raises:
            SourceError: nobody has written in time.
        """
        try:
            return blocking_calls.call_with_timeout(
                lambda: os.open(self._path, os.O_RDONLY), self.name, self._timeout_s
            )
        except SourceError as exc:
            raise SourceError(self.name, f"no program has written to it for {self._timeout_s:.0f} s") from exc

    def _ends_ms(self, length_ms: int) -> int:
        if self._clip.end_ms is None:
            return length_ms
        return min(length_ms, self._clip.end_ms)

    def _left_of(self, length_ms: int | None) -> int | None:
        if length_ms is None:
            return None
        return max(0, self._ends_ms(length_ms) - self._clip.begin_ms)

    def _proven_length(self, measured: FileLength) -> int | None:
        """Return the length. If the clip begins after it, do not trust the header, but measure the file.

        Raises:
            SourceError: the clip begins after the end.
        """
        begin_ms = self._clip.begin_ms
        length_ms = measured.duration_ms
        if begin_ms and length_ms is not None and begin_ms >= length_ms:
            length_ms = measure_file(
                self._path, self._raw_format, self._track, scan_bytes=sys.maxsize, trusting=False
            ).duration_ms
        if begin_ms and length_ms is not None and begin_ms >= length_ms:
            reason = f"is {length_ms / 1000:.2f} s long, and would begin at {begin_ms / 1000:.2f} s"
            raise SourceError(self.name, reason, cause=Cause.BEGINS_AFTER_END)
        return length_ms

    def _probe(self) -> tuple[bool, int | None]:
        """Return whether an http address is a live stream, and its length in milliseconds."""
        with closing(decoding.Decoder(self._path, self.name, track=self._track, timeout_s=self._timeout_s)) as decoder:
            check_channel(self.name, self._clip.channel, decoder.channels)
            return decoder.endless, decoder.promised_ms


def _is_regular(fd: int) -> bool:
    with suppress(OSError):
        return stat.S_ISREG(os.fstat(fd).st_mode)
    return False


def _check_path(path: str, *, is_raw_pcm: bool) -> None:
    """Raise a SourceError for mistakes that can be found without a decoder."""
    if path == STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise SourceError("standard input", "has no audio: pipe some into it")
        return
    if not path:
        raise SourceError('""', "names no file")
    if Path(path).suffix.lower() in {".pcm", ".raw"} and not is_raw_pcm:
        raise SourceError(path, "has the name of a file with raw PCM", cause=Cause.RAW_PCM)
    try:
        info = os.stat(path)  # noqa: PTH116  of `talk.wav/` a Path forgets that it names a directory
        if stat.S_ISDIR(info.st_mode):
            raise SourceError(path, "is a directory", cause=Cause.RECORDINGS_FOLDER)
        if not os.access(path, os.R_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except (OSError, ValueError) as exc:
        if "://" in path:
            raise SourceError(path, "this kind of address cannot be read: http, https, rtsp and rtmp can") from exc
        cause = None
        if isinstance(exc, FileNotFoundError):
            cause = Cause.NO_SUCH_FILE
        raise SourceError(path, system_reason(exc).lower(), cause=cause) from exc
    _check_kind(path, info, is_raw_pcm=is_raw_pcm)


def _check_kind(path: str, info: os.stat_result, *, is_raw_pcm: bool) -> None:
    if stat.S_ISSOCK(info.st_mode):
        raise SourceError(path, "is a socket, not a file")
    if (stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode)) and not is_raw_pcm and path != os.devnull:
        raise SourceError(path, "is a device, so the format of its samples is unknown", cause=Cause.DEVICE)
    if info.st_size == 0 and stat.S_ISREG(info.st_mode):
        raise SourceError(path, "is an empty file")
