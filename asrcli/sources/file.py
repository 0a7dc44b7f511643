"""Files, pipes and streams as a source: any container or bare samples in, chunks of mono PCM at the wire's rate out."""

import os
import re
import stat
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from errno import EACCES
from pathlib import Path

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import SourceError
from asrcli.core.events import Event, Gap, Notice
from asrcli.sources.clip import Clip
from asrcli.sources.decoding_errors import TROUBLE
from asrcli.sources.file_length import SCAN_BYTES, FileLength, measure_file
from asrcli.sources.input_reader import InputReader, SampleFormat, check_channel
from asrcli.sources.placed_audio import Item, chunked

STDIN = "-"
CHUNK_MS = 100
MISSING_MS = 1000  # codecs pad and containers round: less than this is no loss
PATIENCE_S = 30.0  # how long a network may give nothing
_ADDRESS = re.compile(r"(https?|rtsps?|rtmps?|hls\+https?)://", re.IGNORECASE)
_LIVE = re.compile(r"rt[sm]ps?://", re.IGNORECASE)


def native(path: str, samples: SampleFormat | None = None, track: str | None = None) -> tuple[int, int] | None:
    """Rate and channels that a file has by itself; None for what is no audio, and for pipes and addresses."""
    if samples is not None:
        return samples.rate, samples.channels
    if path == STDIN or _ADDRESS.match(path):
        return None
    try:
        if not Path(path).is_file():
            return None
        about = measure_file(path, track=track, scan_bytes=0)
    except (OSError, ValueError, SourceError):
        return None  # whoever reads it says what is wrong
    return about.rate, about.channels


class FileSource:
    """A file by its path, a named pipe, an http(s), rtsp or rtmp address, or standard input by `-`.

    A file is looked at when the source is made, and so is an http address, so that a mistake is told before anyone is
    called; they are opened again by the thread that reads them. Pipes and other addresses can be read only once.

    Raises:
        SourceError: nothing that can be read.
    """

    audio_format = "pcm"
    live = None

    def __init__(
        self,
        path: str,
        audio_format: Format,
        clip: Clip | None = None,
        samples: SampleFormat | None = None,
        chunk_ms: int = CHUNK_MS,
        speaker: str = "",
        patience_s: float = PATIENCE_S,
        scan_bytes: int = SCAN_BYTES,
    ) -> None:
        self.name, self.format, self.speaker, self._chunk_ms = path, audio_format, speaker, chunk_ms
        self._take, self._samples, self._patience_s = clip or Clip(), samples, patience_s
        self._track = self._take.track
        self._is_address = bool(_ADDRESS.match(path))
        if not self._is_address:
            _look(path, bare=samples is not None)
        self._is_file = path != STDIN and not self._is_address and Path(path).is_file()
        self.realtime = not self._is_file
        length_ms = promised_ms = None
        if self._is_file:
            about = measure_file(path, samples, self._track, scan_bytes=scan_bytes)
            check_channel(path, self._take.channel, about.channels)
            length_ms, promised_ms = self._proven(about), about.promised_ms
        elif path == STDIN:
            self.realtime = not _is_regular(sys.stdin.fileno())
        elif self._is_address and not _LIVE.match(path):
            from asrcli.sources.blocking_calls import call_with_timeout

            self.realtime, length_ms = call_with_timeout(self._probe, path, patience_s)
        self.begin_ms = self._take.begin_ms
        self.duration_ms, self._promised_ms = self._left_of(length_ms), self._left_of(promised_ms)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks of equal length; one is shorter at the end, and before a hole.

        Raises:
            SourceError: not audio, no sound in it, or it stops being readable.
        """
        input_reader = InputReader(
            self._said, self.format, self._chunk_ms, self._take.channel, self._track, self._samples
        )
        end, heard = start, False
        with closing(self._items(input_reader)) as items:
            wanted = self._take.of(items, self.format)
            shift = start - self.format.samples(self.begin_ms)
            for item in chunked(wanted, self.format, self._chunk_ms, shift):
                if isinstance(item, Chunk):
                    end, heard = item.end, True
                elif isinstance(item, Gap):
                    end = max(end, self.format.samples(item.end_ms))
                yield item
        yield from self._told(input_reader, self.format.ms(end - start))
        if not heard:
            raise SourceError(self._said, "holds no audio" + (" there" if self._take != Clip() else ""))

    @property
    def _said(self) -> str:
        return "standard input" if self.name == STDIN else self.name

    def _told(self, input_reader: InputReader, heard_ms: int) -> Iterator[Notice]:
        """What was found to be wrong with it."""
        if damaged := input_reader.damaged:
            packets = "1 damaged packet was" if damaged == 1 else f"{damaged} damaged packets were"
            yield Notice("warning", f"{self._said}: {packets} skipped")
        if input_reader.said:
            yield Notice("warning", f"{self._said}: {input_reader.said}")
        promised_ms = self._promised_ms
        if promised_ms is None and input_reader.promised_ms is not None:
            promised_ms = max(0, self._ends_ms(input_reader.promised_ms) - self.begin_ms)
        if promised_ms and (missing_ms := promised_ms - heard_ms) > MISSING_MS:
            yield Notice("warning", f"{self._said}: {missing_ms / 1000:.1f} s of what it promises are not there")

    def _items(self, input_reader: InputReader) -> Generator[Item]:
        try:
            yield from self._read(input_reader)
        except TROUBLE as exc:  # whatever it is, it is the trouble of this input and not that of the others
            reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            raise SourceError(self._said, f"cannot be read: {reason[:1].lower()}{reason[1:]}") from exc

    def _read(self, input_reader: InputReader) -> Iterator[Item]:
        if self._is_address:
            from asrcli.sources.blocking_calls import iterate_with_timeout

            yield from iterate_with_timeout(
                lambda: input_reader.address(self.name, self._patience_s), self.name, self._patience_s
            )
        elif self._is_file:
            yield from input_reader.file(self.name)
        elif self.name == STDIN:
            yield from input_reader.pipe(sys.stdin.fileno())
        else:
            fd = self._pipe()
            try:
                yield from input_reader.pipe(fd)
            finally:
                os.close(fd)

    def _pipe(self) -> int:
        """A named pipe or a device, opened: that waits for somebody who writes.

        Raises:
            SourceError: nobody does.
        """
        from asrcli.sources.blocking_calls import call_with_timeout

        try:
            return call_with_timeout(lambda: os.open(self.name, os.O_RDONLY), self.name, self._patience_s)
        except SourceError as exc:
            raise SourceError(self.name, f"nobody has begun to write to it in {self._patience_s:.0f} s") from exc

    def _ends_ms(self, length_ms: int) -> int:
        return length_ms if self._take.end_ms is None else min(length_ms, self._take.end_ms)

    def _left_of(self, length_ms: int | None) -> int | None:
        return None if length_ms is None else max(0, self._ends_ms(length_ms) - self._take.begin_ms)

    def _proven(self, about: FileLength) -> int | None:
        """How long it is. What a header says is not enough to refuse a beginning behind it.

        Raises:
            SourceError: nothing is there.
        """
        begin_ms, length_ms = self._take.begin_ms, about.duration_ms
        if begin_ms and length_ms is not None and begin_ms >= length_ms:
            length_ms = measure_file(
                self.name, self._samples, self._track, scan_bytes=sys.maxsize, trusting=False
            ).duration_ms
        if begin_ms and length_ms is not None and begin_ms >= length_ms:
            raise SourceError(self.name, f"is {length_ms / 1000:.2f} s long: nothing of it is behind --start")
        return length_ms

    def _probe(self) -> tuple[bool, int | None]:
        """Of an http address: whether its audio comes as it is spoken, and how long it is."""
        from asrcli.sources.decoder import Decoder

        with closing(Decoder(self.name, self.name, track=self._track, patience_s=self._patience_s)) as decoder:
            check_channel(self.name, self._take.channel, decoder.channels)
            return decoder.endless, decoder.promised_ms


def _is_regular(fd: int) -> bool:
    with suppress(OSError):
        return stat.S_ISREG(os.fstat(fd).st_mode)
    return False


def _look(path: str, *, bare: bool) -> None:
    """Name the mistakes that need no decoder."""
    if path == STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise SourceError("standard input", "has no audio: pipe some into it")
        return
    if not path:
        raise SourceError('""', "names no file")
    if Path(path).suffix.lower() in {".pcm", ".raw"} and not bare:
        raise SourceError(path, "is bare samples by its name: describe them with --raw, --encoding, --rate, --channels")
    try:
        info = Path(path).stat()
        if Path(path).is_dir():
            raise SourceError(path, "is a directory: name the files in it")
        if not os.access(path, os.R_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except (OSError, ValueError) as exc:
        if "://" in path:
            raise SourceError(path, "this kind of address cannot be read: http, https, rtsp and rtmp can") from exc
        raise SourceError(path, (getattr(exc, "strerror", None) or str(exc)).lower()) from exc
    if stat.S_ISSOCK(info.st_mode):
        raise SourceError(path, "is a socket and no file")
    if (stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode)) and not bare and path != os.devnull:
        raise SourceError(path, "is a device: describe its samples with --raw, --encoding, --rate, --channels")
    if info.st_size == 0 and stat.S_ISREG(info.st_mode):
        raise SourceError(path, "is an empty file")
