"""Decodes an MP3 inside libav, many of its frames at once, as far as it is regular: up to its first damage."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from asrcli.sources.container_length import size_bytes
from asrcli.sources.damaged_packets import UNDAMAGED
from asrcli.sources.decoded_frames import FrameRun
from asrcli.sources.decoding_errors import DECODER_ERRORS

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

LARGE_SAMPLES = 16 * 1152  # of a large frame: 16 frames of an MP3
# The beginning of a damaged file is decoded twice, and nothing is sent meanwhile: a larger file would take too long.
MOST_BYTES = 64 << 20
_JITTER = 2  # samples by which times are rounded


def can_be_large(container: "InputContainer") -> bool:
    """Whether a file may be decoded in large frames."""
    size = size_bytes(container)
    return container.format.name == "mp3" and size is not None and size <= MOST_BYTES


def large_runs(path: str, one_by_one: Iterable[FrameRun]) -> Iterator[FrameRun]:
    """Yield the sound of an MP3 in large frames, each a run; from the first irregularity on it comes `one_by_one`.

    For each of its packets Python takes as much time as the decoder. Here it sees large frames only, but no packets, so
    that it cannot tell how much sound is lost where one of them is damaged.

    Args:
        path: The file.
        one_by_one: All of its sound, decoded packet by packet. Only asked for what is needed.
    """
    taken = 0
    frames = large_frames(path)
    try:
        while True:
            frame = next(frames)
            taken += frame.samples
            yield [frame], UNDAMAGED
    except StopIteration as end:
        if not end.value:
            yield from without_first(one_by_one, taken)


def large_frames(path: str) -> "Generator[AudioFrame, None, bool]":
    """Yield frames of LARGE_SAMPLES; the last may be shorter. Returns whether the end of the file was reached.

    A packet that cannot be decoded, a change of the format and a jump of the times end it before. Each frame waits for
    the next, whose time shows that nothing is missing in it.
    """
    from av.error import FFmpegError
    from av.filter import Graph

    graph = Graph()
    before: AudioFrame | None = None
    with suppress(FFmpegError, *DECODER_ERRORS):
        movie = graph.add("amovie", filename=f"file:{path}", format_name="mp3")
        together = graph.add("asetnsamples", n=str(LARGE_SAMPLES), p="0")
        end = graph.add("abuffersink")
        movie.link_to(together)
        together.link_to(end)
        graph.configure()
        try:
            while True:
                frame: AudioFrame = end.pull()  # type: ignore[assignment]
                if before is not None:
                    if not _follows(before, frame):
                        return False
                    yield before
                before = frame
        except EOFError:
            if before is not None:
                yield before
            return True
    return False


def without_first(runs: Iterable[FrameRun], samples: int) -> Iterator[FrameRun]:
    """Yield runs without the first `samples` of their sound; damage in it stays."""
    left = samples
    for run, bad in runs:
        rest = list(run)
        while rest and left >= rest[0].samples:
            left -= rest.pop(0).samples
        if left and rest:
            rest[0] = _cut(rest[0], left)
            left = 0
        if rest or bad is not UNDAMAGED:
            yield rest, bad


def _follows(before: "AudioFrame", frame: "AudioFrame") -> bool:
    """Whether the time of a frame is that of the end of the one before it."""
    if before.pts is None or frame.pts is None or frame.time_base is None:
        return False
    passed = (frame.pts - before.pts) * frame.time_base * frame.sample_rate
    return abs(passed - before.samples) <= _JITTER


def _cut(frame: "AudioFrame", samples: int) -> "AudioFrame":
    """Return the frame without its first samples."""
    from av import AudioFifo

    fifo = AudioFifo()
    frame.pts = None
    fifo.write(frame)
    fifo.read(samples)
    rest = fifo.read()
    assert rest is not None  # noqa: S101  fewer samples were taken than there are
    return rest
