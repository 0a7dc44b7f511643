"""Files, pipes and streams as a source: any container or bare samples in, chunks of mono PCM at the wire's rate out."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from errno import EACCES
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from asrcli.audio import SAMPLE_BYTES, Chunk, Format, recut
from asrcli.errors import SourceError
from asrcli.events import Event, Notice
from asrcli.sources.decode import Decoder
from asrcli.sources.plain import Pipe, index_at_end, plain_wav, wav_about
from asrcli.sources.take import Take

if TYPE_CHECKING:
    from wave import Wave_read

STDIN = "-"
CHUNK_MS = 100
UNKNOWN_FRAMES = 0x7FFF0000 // SAMPLE_BYTES
MISSING_MS = 1000  # codecs pad and containers round: less than this is no loss
_ADDRESS = re.compile(r"(https?|rtsps?|rtmps?|hls\+https?)://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Samples:
    """How bare samples are to be read: ffmpeg's name of the encoding (s16le, f32le, alaw, ...), rate, channels."""

    encoding: str = "s16le"
    rate: int = 16000
    channels: int = 1

    @property
    def demuxer(self) -> dict[str, object]:
        """The options that make PyAV read them so."""
        layout = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels}c")
        options = {"sample_rate": str(self.rate), "ch_layout": layout}
        return {"format": self.encoding, "options": options}


def native(path: str, samples: Samples | None = None) -> tuple[int, int] | None:
    """Rate and channels that a file has by itself; None for what is no audio, and for pipes and addresses."""
    if samples is not None:
        return samples.rate, samples.channels
    if path == STDIN or _ADDRESS.match(path) or not Path(path).is_file():
        return None
    try:
        with io.FileIO(path) as file:
            about = wav_about(file)
        if about is not None:
            return about
        with closing(Decoder(path, path)) as decoder:
            return decoder.rate, decoder.channels
    except (OSError, SourceError):
        return None  # whoever reads it says what is wrong


class FileSource:
    """A file by its path, a named pipe, an http(s), rtsp or rtmp address, or standard input by `-`.

    A file is looked at when the source is made, so that a mistake is told before anyone is called; it is opened again
    by the thread that reads it. Pipes and addresses can be read only once.

    Raises:
        SourceError: nothing that can be read.
    """

    audio_format = "pcm"
    live = None
    realtime = False

    def __init__(
        self,
        path: str,
        audio_format: Format,
        take: Take | None = None,
        samples: Samples | None = None,
        chunk_ms: int = CHUNK_MS,
        speaker: str = "",
    ) -> None:
        self.name, self.format, self.speaker, self._chunk_ms = path, audio_format, speaker, chunk_ms
        self._take, self._samples = take or Take(), samples
        self._decoder: Decoder | None = None
        self._is_address = bool(_ADDRESS.match(path))
        if not self._is_address:
            _look(path, bare=samples is not None)
        self._is_file = path != STDIN and not self._is_address and Path(path).is_file()
        length_ms, promised_ms = self._length_ms() if self._is_file else (None, None)
        self.begin_ms = self._take.begin_ms
        self.duration_ms, self._promised_ms = self._left_of(length_ms), self._left_of(promised_ms)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks of equal length; the last is as short as the audio leaves it.

        Raises:
            SourceError: not audio, no sound in it, or it stops being readable.
        """
        end = start
        with ExitStack() as stack:
            pieces = self._take.of(self._pieces(stack), self.format)
            for chunk in recut(pieces, self.format.samples(self._chunk_ms), start):
                end = chunk.end
                yield chunk
        if self._decoder is not None and (damaged := self._decoder.damaged):
            packets = "1 damaged packet was" if damaged == 1 else f"{damaged} damaged packets were"
            yield Notice("warning", f"{self.name}: {packets} skipped")
        if self._promised_ms and (missing_ms := self._promised_ms - self.format.ms(end - start)) > MISSING_MS:
            yield Notice("warning", f"{self.name}: {missing_ms / 1000:.1f} s of what it promises are not there")
        if end == start:
            raise SourceError(self.name, "holds no audio" + (" there" if self._take != Take() else ""))

    def _left_of(self, length_ms: int | None) -> int | None:
        ends = [ms for ms in (length_ms, self._take.end_ms) if ms is not None]
        if length_ms is not None and self._take.begin_ms >= length_ms:
            raise SourceError(self.name, f"is {length_ms / 1000:.2f} s long: nothing of it is behind --start")
        return max(0, min(ends) - self._take.begin_ms) if length_ms is not None else None

    def _length_ms(self) -> tuple[int | None, int | None]:
        """How long it seems to be, and how long it says it is."""
        if self._samples is None:
            with io.FileIO(self.name) as file:
                reader = plain_wav(file, self.format)
                if reader is not None:
                    _check_channel(self.name, self._take, 1)
                    there = (Path(self.name).stat().st_size - file.tell()) // SAMPLE_BYTES
                    # A header may promise more than there is; one that promises 18 hours was written to a pipe.
                    promised = reader.getnframes() if reader.getnframes() < UNKNOWN_FRAMES else there
                    return self.format.ms(promised), self.format.ms(promised)
        with closing(self._opened(self.name)) as decoder:
            _check_channel(self.name, self._take, decoder.channels)
            return decoder.duration_ms, decoder.promised_ms

    def _opened(self, source: object, name: str | None = None) -> Decoder:
        return Decoder(source, name or self.name, **(self._samples.demuxer if self._samples else {}))

    def _pieces(self, stack: ExitStack) -> Iterator[bytes]:
        if self._is_address:
            return self._decoded(stack, self.name)
        if self._is_file:
            file = stack.enter_context(io.FileIO(self.name))
            reader = plain_wav(file, self.format) if self._samples is None else None
            return self._decoded(stack, self.name) if reader is None else self._read(reader)
        return self._of_pipe(stack)

    def _of_pipe(self, stack: ExitStack) -> Iterator[bytes]:
        if self.name == STDIN:
            said, fd = "standard input", sys.stdin.fileno()
        else:
            said, fd = self.name, os.open(self.name, os.O_RDONLY)
            stack.callback(os.close, fd)
        pipe = Pipe(fd)
        buffered = io.BufferedReader(pipe)
        if self._samples == Samples(rate=self.format.rate):
            _check_channel(said, self._take, 1)
            pipe.forget()
            return iter(lambda: buffered.read(self.format.samples(self._chunk_ms) * SAMPLE_BYTES), b"")
        reader = plain_wav(buffered, self.format) if self._samples is None else None
        if reader is not None:
            _check_channel(said, self._take, 1)
            pipe.forget()
            return self._read(reader)
        buffered.detach()
        return self._piped(pipe, said, stack)

    def _piped(self, pipe: Pipe, said: str, stack: ExitStack) -> Iterator[bytes]:
        """What is in a pipe; a container that must be sought goes through a temporary file."""
        unseekable = SimpleNamespace(read=pipe.read)  # a seek method, even one that refuses, misleads the decoder
        if self._samples is not None:
            pipe.forget()
            return self._decoded(stack, unseekable, said)
        if not pipe.head:
            raise SourceError(said, "is empty")
        if index_at_end(bytes(pipe.head)):
            return self._decoded(stack, stack.enter_context(pipe.spooled()), said)
        pipe.rewind()
        try:
            pieces = self._decoded(stack, unseekable, said)
        except SourceError:
            return self._decoded(stack, stack.enter_context(pipe.spooled()), said)
        pipe.forget()
        return pieces

    def _decoded(self, stack: ExitStack, source: object, said: str | None = None) -> Iterator[bytes]:
        self._decoder = self._opened(source, said)
        stack.callback(self._decoder.close)
        _check_channel(said or self.name, self._take, self._decoder.channels)
        return self._decoder.pcm(self.format, self._take.channel)

    def _read(self, reader: "Wave_read") -> Iterator[bytes]:
        samples = self.format.samples(self._chunk_ms)
        try:
            while piece := reader.readframes(samples):
                yield piece
        except OSError as exc:
            raise SourceError(self.name, f"cannot be read any further: {exc.strerror or exc}") from exc


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
    if "://" in path:
        raise SourceError(path, "this kind of address cannot be read: http, https, rtsp and rtmp can")
    try:
        info = Path(path).stat()
        if Path(path).is_dir():
            raise SourceError(path, "is a directory: name the files in it")
        if not os.access(path, os.R_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as exc:
        raise SourceError(path, (exc.strerror or str(exc)).lower()) from exc
    if info.st_size == 0 and Path(path).is_file():
        raise SourceError(path, "is an empty file")


def _check_channel(name: str, take: Take, channels: int) -> None:
    if take.channel is not None and take.channel >= channels:
        raise SourceError(name, f"has {channels} channel{'s' * (channels > 1)}, not {take.channel + 1}")
