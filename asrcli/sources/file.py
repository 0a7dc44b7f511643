"""Files and pipes, decoded by PyAV as a stream: any container, any rate in, mono PCM at the asked rate out."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from errno import EACCES
from pathlib import Path
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any, cast

from asrcli.audio import SAMPLE_BYTES, Chunk, Format, recut
from asrcli.errors import SourceError
from asrcli.events import Notice
from asrcli.sources.plain import Pipe, index_at_end, plain_wav

if TYPE_CHECKING:
    from wave import Wave_read

    from av import AudioFrame, AudioResampler
    from av.container import InputContainer

STDIN = "-"
CHUNK_MS = 100


class FileSource:
    """A file by its path, a named pipe, or standard input by `-`.

    A file is looked at when the source is made, so that a mistake is told before anyone is called; it is opened again
    by the thread that reads it. A pipe can be read only once.
    """

    def __init__(self, path: str, audio_format: Format) -> None:
        self.name, self.format = path, audio_format
        self.duration_ms: int | None = None
        self._damaged = 0
        _look(path)
        self._is_file = path != STDIN and Path(path).is_file()
        if self._is_file:
            self.duration_ms = self._length_ms()

    def chunks(self, start: int) -> Iterator[Chunk | Notice]:
        """Chunks of 100 ms; the last is as short as the audio leaves it.

        Raises:
            SourceError: not audio, no sound in it, or it stops being readable.
        """
        end = start
        with ExitStack() as stack:
            pieces = self._of_file(stack) if self._is_file else self._of_pipe(stack)
            for chunk in recut(pieces, self.format.samples(CHUNK_MS), start):
                end = chunk.end
                yield chunk
        if self._damaged:
            yield Notice("warning", f"{self.name}: {self._damaged} damaged packets were skipped")
        if end == start:
            raise SourceError(self.name, "holds no audio")

    def _length_ms(self) -> int | None:
        with io.FileIO(self.name) as file:
            reader = plain_wav(file, self.format)
            if reader is not None:  # a header may promise more than there is
                there = (Path(self.name).stat().st_size - file.tell()) // SAMPLE_BYTES
                return self.format.ms(min(reader.getnframes(), there))
        with _open(self.name, self.name) as container:
            return _duration_ms(container)

    def _of_file(self, stack: ExitStack) -> Iterator[bytes]:
        reader = plain_wav(stack.enter_context(io.FileIO(self.name)), self.format)
        return self._decoded(stack.enter_context(_open(self.name, self.name))) if reader is None else self._read(reader)

    def _of_pipe(self, stack: ExitStack) -> Iterator[bytes]:
        if self.name == STDIN:
            said, fd = "standard input", sys.stdin.fileno()
        else:
            said, fd = self.name, os.open(self.name, os.O_RDONLY)
            stack.callback(os.close, fd)
        pipe = Pipe(fd)
        buffered = io.BufferedReader(pipe)
        reader = plain_wav(buffered, self.format)
        if reader is None:
            buffered.detach()
            return self._decoded(stack.enter_context(_piped(pipe, said, stack)))
        pipe.forget()
        return self._read(reader)

    def _read(self, reader: "Wave_read") -> Iterator[bytes]:
        samples = self.format.samples(CHUNK_MS)
        try:
            while piece := reader.readframes(samples):
                yield piece
        except OSError as exc:
            raise SourceError(self.name, f"cannot be read any further: {exc.strerror or exc}") from exc

    def _decoded(self, container: "InputContainer") -> Iterator[bytes]:
        from av.error import FFmpegError

        resampler = _resampler(self.format)
        packets = container.demux(container.streams.audio[0])
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError) as exc:
                raise SourceError(self.name, f"cannot be read any further: {exc.strerror or exc}") from exc
            if packet is None:
                break
            try:
                frames = packet.decode()
            except FFmpegError:  # one bad packet must not end the file
                self._damaged += 1
                continue
            for frame in frames:
                try:
                    yield from _pcm(resampler.resample(frame))
                except ValueError:  # the stream changed its rate or its channels: flush, and begin anew
                    yield from _pcm(resampler.resample(None))
                    resampler = _resampler(self.format)
                    yield from _pcm(resampler.resample(frame))
        yield from _pcm(resampler.resample(None))


def _look(path: str) -> None:
    """Name the mistakes that need no decoder."""
    if path == STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise SourceError("standard input", "has no audio: pipe some into it")
        return
    if "://" in path:
        raise SourceError(path, "this is an address and not a file: download it first")
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


def _open(source: str | IO[bytes] | SimpleNamespace, name: str) -> "InputContainer":
    import av
    from av.error import FFmpegError

    try:
        container = cast("InputContainer", av.open(cast("Any", source), mode="r"))
    except FFmpegError as exc:
        raise SourceError(name, "is not audio or video that can be decoded") from exc
    except OSError as exc:
        raise SourceError(name, exc.strerror or str(exc)) from exc
    if not container.streams.audio:
        container.close()
        raise SourceError(name, "has no sound in it")
    return container


def _duration_ms(container: "InputContainer") -> int | None:
    stream = container.streams.audio[0]
    if stream.duration is not None and stream.time_base is not None:
        return int(stream.duration * stream.time_base * 1000)
    return None if container.duration is None else container.duration // 1000


def _resampler(audio_format: Format) -> "AudioResampler":
    from av import AudioResampler

    return AudioResampler(format="s16", layout="mono", rate=audio_format.rate)


def _pcm(frames: "list[AudioFrame]") -> Iterator[bytes]:
    for frame in frames:
        yield bytes(frame.planes[0])[: frame.samples * SAMPLE_BYTES]  # a plane may be padded


def _piped(pipe: Pipe, name: str, stack: ExitStack) -> "InputContainer":
    """The container in a pipe; one that must be sought goes through a temporary file."""
    if not pipe.head:
        raise SourceError(name, "is empty")
    if index_at_end(bytes(pipe.head)):
        return _open(stack.enter_context(pipe.spooled()), name)
    pipe.rewind()
    try:
        container = _open(SimpleNamespace(read=pipe.read), name)  # a seek method, even one that refuses, misleads it
    except SourceError:
        return _open(stack.enter_context(pipe.spooled()), name)
    pipe.forget()
    return container
