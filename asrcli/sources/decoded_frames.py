"""Decodes packets to frames, each with the damage before it. A bad packet never ends a file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from errno import EINVAL
from fractions import Fraction
from typing import TYPE_CHECKING

from asrcli.core.errors import SourceError
from asrcli.sources.audio_positions import DAMAGED, NOT_THERE
from asrcli.sources.container_clock import ContainerClock
from asrcli.sources.damaged_packets import UNDAMAGED, ByteRate, DamagedPackets
from asrcli.sources.decoding_errors import DECODER_ERRORS
from asrcli.sources.frame_sizes import AmrDamage, amr_damage
from asrcli.sources.skipped_bytes import SKIPPING, TAGS

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet

AMR_PACKET_S = 0.02
UNDECODABLE = "cannot be decoded"
LOST = "the stream has no audio here"
_HEADERS = (b"Xing", b"Info", b"VBRI")
_ZEROS_BYTES = 8  # a packet of Opus of this size has at least one byte that is not zero
_HEADER_BYTES = 200  # how much of a packet is searched for such a header


DecodedFrame = tuple["AudioFrame | None", DamagedPackets]
FrameRun = tuple[Sequence["AudioFrame"], DamagedPackets]  # frames in a row, and the damage before the first of them


def frames(
    packets: "Iterable[Packet[AudioStream]]",
    stream: "AudioStream",
    guard: Callable[[str], AbstractContextManager[None]],
    left_out: "Callable[[Packet[AudioStream]], float] | None" = None,
    behind: "Callable[[Packet[AudioStream]], float] | None" = None,
    *,
    bare: bool = False,
) -> Iterator[DecodedFrame]:
    """Yield frames, each with the damage before it; at the end None with the damage at the end.

    Args:
        packets: The packets of one stream.
        stream: Where they come from.
        guard: Returns a context that turns an error of the decoder into a SourceError; gets what was tried.
        left_out: Returns how many seconds of sound the container says are missing before a packet.
        behind: Returns how many seconds of sound are lost after a packet that was decoded.
        bare: The stream has no container: a parser finds its packets, and finds wrong ones in damaged data.

    Raises:
        SourceError: an error that no other packet can repair.
    """
    from av.error import DecoderNotFoundError, FFmpegError

    bad: DamagedPackets | None = None
    amr, opus = amr_damage(stream.codec_context.name), stream.codec_context.codec.canonical_name == "opus"
    byte_rate = ByteRate(float(stream.time_base or 1), bare=bare or amr is not None)
    for packet in packets:
        decoded: list[AudioFrame] = []
        if left_out is not None:
            bad = _with_absent(bad, left_out(packet))
        try:
            decoded = _decoded(packet, amr, opus=opus)
        except DecoderNotFoundError:
            with guard(UNDECODABLE):
                raise
        except FFmpegError:
            bad = bad or DamagedPackets()
            _add_damage(bad, packet, byte_rate, is_pause=amr is not None and not amr.found)
        except DECODER_ERRORS:
            with guard(UNDECODABLE):
                raise
        if decoded:
            byte_rate.add(packet, decoded)
        for frame in decoded:
            yield frame, bad or UNDAMAGED
            bad = None
        if decoded and behind is not None:
            bad = _with_absent(bad, behind(packet))
    yield None, bad or UNDAMAGED


def _decoded(packet: "Packet[AudioStream]", amr: AmrDamage | None, *, opus: bool) -> "list[AudioFrame]":
    """Decode a packet.

    Raises:
        FFmpegError: it is damaged. A decoder of AMR does not notice that, and one of Opus makes silence of zeros.
    """
    is_damaged = amr is not None and packet.size and amr.is_in(bytes(packet))
    if is_damaged or (opus and packet.size >= _ZEROS_BYTES and not any(bytes(packet))):
        from av.error import InvalidDataError

        raise InvalidDataError(EINVAL, "not a packet of this codec")
    return packet.decode()


def times_in_samples(decoded: Iterable[DecodedFrame]) -> Iterator[DecodedFrame]:
    """Yield the frames of a FLAC, whose times are counts of samples.

    Where the beginning of the file is lost, libav guesses how many there are in a second. Each frame says it.
    """
    for frame, bad in decoded:
        if frame is not None:
            frame.time_base = Fraction(1, frame.sample_rate)
        yield frame, bad


def _with_absent(bad: DamagedPackets | None, absent_s: float) -> DamagedPackets | None:
    """Return the damage with this much more missing sound."""
    if absent_s:
        bad = bad or DamagedPackets()
        bad.seconds += absent_s
    return bad


def _add_damage(bad: DamagedPackets, packet: "Packet[AudioStream]", byte_rate: "ByteRate", *, is_pause: bool) -> None:
    """Count a packet that cannot be decoded."""
    if is_pause:  # a speech codec leaves out pauses, and all its packets have the same length
        bad.seconds += AMR_PACKET_S
        bad.silent = not bad.packets
    elif packet.size and not _is_tag(packet):
        lost_s = byte_rate.lost_s(packet)
        bad.packets += 1
        bad.seconds += lost_s
        bad.silent = False
        bad.note_zeros(bytes(packet), lost_s)


def runs(decoded: Iterable[DecodedFrame], together: int) -> Iterator[FrameRun]:
    """Yield frames that follow each other without damage in runs of `together`; an error comes after what was read."""
    run: list[AudioFrame] = []
    before = UNDAMAGED
    try:
        for frame, bad in decoded:
            if bad is not UNDAMAGED or frame is None:
                if run:
                    yield run, before
                    run = []
                before = bad
            if frame is not None:
                run.append(frame)
                if len(run) == together:
                    yield run, before
                    run, before = [], UNDAMAGED
    except SourceError:
        if run:
            yield run, before
        raise
    yield run, before


class FrameLookahead:
    """Frames, each a run of its own, of which the next one can be looked at before it is taken."""

    def __init__(self, frames: Iterator[DecodedFrame]) -> None:
        self._frames = frames
        self._next: DecodedFrame | None = None
        self._error: SourceError | None = None

    def __iter__(self) -> Iterator[FrameRun]:
        while True:
            if self._next is not None:
                frame = self._next
                self._next = None
            elif self._error is not None:
                raise self._error
            else:
                try:
                    frame = next(self._frames)
                except StopIteration:
                    return
            yield [each for each in frame[:1] if each is not None], frame[1]

    def time(self) -> float | None:
        """Return the time of the next frame in the container, in seconds; None if it has none."""
        if self._next is None and self._error is None:
            try:
                self._next = next(self._frames, None)
            except SourceError as exc:
                self._error = exc  # frames that were read before it come first
        if self._next is None or self._next[0] is None:
            return None
        return self._next[0].time


def _is_tag(packet: "Packet[AudioStream]") -> bool:
    head = bytes(packet)[:_HEADER_BYTES]
    # Such a header is in a whole frame. The padding that an encoder writes may contain the same names.
    is_frame = head[:1] == b"\xff"
    return head.startswith(TAGS) or (is_frame and any(name in head for name in _HEADERS))


def packet_s(packet: "Packet[AudioStream]") -> float:
    """Decode a packet that does not tell its length, and return that in seconds. At a joint it holds several frames."""
    from av.error import FFmpegError

    with suppress(FFmpegError, *DECODER_ERRORS):
        return sum(map(frame_s, packet.decode()))
    return 0.0


def frame_s(frame: "AudioFrame") -> float:
    """Return the length of a frame in seconds."""
    return frame.samples / frame.sample_rate


def hole_s(
    clock: ContainerClock,
    run: "Sequence[AudioFrame]",
    length_s: float,
    bad: DamagedPackets,
    following: Callable[[], float | None] | None,
) -> float:
    """Return how many seconds are missing before a run or the end; below 0, how much of the run is too much.

    Args:
        clock: Counts the run.
        run: Frames; none at the end.
        length_s: How long they are together.
        bad: The damage before them.
        following: Returns the time of the next frame; None if the container has no times of its own.
    """
    if not run or following is None:
        clock.advance(bad.seconds + length_s)
        return bad.seconds
    return clock.place(run[0].time, length_s, following, lossy=bad.packets > 0)


def missing_reason(bad: DamagedPackets, container: str, *, is_file: bool) -> str:
    """Return why there is no audio in a place, with the damage there."""
    if bad.packets:
        return f"{DAMAGED}: {bad.packets} packet{'s' * (bad.packets > 1)} could not be decoded"
    # libav silently drops what fails its checksum in Ogg and FLAC. Like raw streams, they cannot leave sound out.
    if container in {"ogg", "flac", "dts"} | SKIPPING:
        return DAMAGED
    if is_file:
        return NOT_THERE
    return LOST
