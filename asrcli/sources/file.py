"""Files and pipes, decoded by PyAV as a stream: any container, any rate in, mono PCM at the asked rate out."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from asrcli.audio import SAMPLE_BYTES, Chunk, Format, recut
from asrcli.errors import SourceError
from asrcli.events import Notice

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler
    from av.container import InputContainer

STDIN = "-"
CHUNK_MS = 100
HEAD_LIMIT = 64 << 20  # how much of a pipe is kept for a second try


class FileSource:
    """A file by its path, or standard input by `-`.

    A file is looked at when the source is made, so that a mistake is told before anyone is called; it is opened again
    by the thread that reads it. Standard input can be read only once.
    """

    def __init__(self, path: str, audio_format: Format) -> None:
        self.name, self.format = path, audio_format
        self.duration_ms: int | None = None
        self._damaged = 0
        if path != STDIN:
            _look(path)
            with _open(path, path) as container:
                self.duration_ms = _duration_ms(container)

    def chunks(self, start: int) -> Iterator[Chunk | Notice]:
        """Chunks of 100 ms; the last is as short as the audio leaves it.

        Raises:
            SourceError: not audio, no sound in it, or it stops being readable.
        """
        end = start
        with _standard_input() if self.name == STDIN else _open(self.name, self.name) as container:
            for chunk in recut(self._decoded(container), self.format.samples(CHUNK_MS), start):
                end = chunk.end
                yield chunk
        if self._damaged:
            yield Notice("warning", f"{self.name}: {self._damaged} damaged packets were skipped")
        if end == start:
            raise SourceError(self.name, "holds no audio")

    def _decoded(self, container: "InputContainer") -> Iterator[bytes]:
        from av.error import FFmpegError

        resampler = _resampler(self.format)
        packets = container.demux(container.streams.audio[0])
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError as exc:
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
    if "://" in path:
        raise SourceError(path, "this is an address and not a file: download it first")
    try:
        info = Path(path).stat()
        if Path(path).is_dir():
            raise SourceError(path, "is a directory: name the files in it")
        with Path(path).open("rb"):
            pass
    except OSError as exc:
        raise SourceError(path, (exc.strerror or str(exc)).lower()) from exc
    if info.st_size == 0 and Path(path).is_file():
        raise SourceError(path, "is an empty file")


def _open(source: "str | IO[bytes] | _Pipe", name: str) -> "InputContainer":
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


def _standard_input() -> "InputContainer":
    """The container on standard input; one whose index stands at its end (m4a, mp4) goes through a temporary file."""
    pipe = _Pipe(sys.stdin.fileno())
    try:
        container = _open(pipe, "standard input")
    except SourceError as exc:
        if not pipe.head:
            raise SourceError("standard input", "is empty") from exc
        return _open(pipe.spooled(), "standard input")
    pipe.forget()
    return container


class _Pipe:
    """What PyAV reads a pipe through: gives what is there without waiting for more, and remembers it for a while."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.head: bytearray | None = bytearray()

    def read(self, size: int) -> bytes:
        data = os.read(self._fd, size)
        if self.head is not None:
            self.head += data
            if len(self.head) > HEAD_LIMIT:
                self.head = None
        return data

    def forget(self) -> None:
        """The container is open: what was read need not be kept."""
        self.head = None

    def spooled(self) -> IO[bytes]:
        """A temporary file that begins with what was read; it goes away when it is closed."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115  PyAV reads it until the container is closed
        spool.write(self.head or b"")
        while data := os.read(self._fd, 1 << 16):
            spool.write(data)
        spool.seek(0)
        return spool
