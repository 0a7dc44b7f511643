"""The packets of an open container. An error that ends them becomes a SourceError, by a guard of the decoder."""

from collections.abc import Callable, Iterable, Iterator
from errno import EIO
from typing import TYPE_CHECKING

from asrcli.core.errors import SourceError
from asrcli.sources.decoded_frames import packet_s

# How often libav is asked again without a packet: in damaged Ogg or MPEG-TS 1.3 GB, in WavPack 640 KB.
_MOST_ATTEMPTS = 20_000
# What the errors of libav are in Python where it still searches, and where it has found nothing.
_STOPS = (BlockingIOError, ValueError)
_INVALID_DATA = 1094995529  # the number that libav has for the latter

if TYPE_CHECKING:
    from av import AudioStream, Packet

    from asrcli.sources.container_clock import ContainerClock
    from asrcli.sources.decoding_errors import DecodingGuard

    Missing = Callable[[Packet[AudioStream]], float]


def stored_packets(
    demux: "Callable[[], Iterable[Packet[AudioStream]]]", guard: "DecodingGuard"
) -> "Iterator[Packet[AudioStream]]":
    """Yield the packets of a file: without a timeout one guard for all of them is faster.

    libav gives up when it has searched a damaged place for 64 KB. It is asked to go on from there.

    Args:
        demux: Begins to read packets where the file was left.
        guard: Turns an error into a SourceError.

    Raises:
        SourceError: the file cannot be read any further.
    """
    attempts = 0  # since the last packet
    with guard:
        try:
            yield from demux()
            return
        except _STOPS as exc:
            error = _if_more_may_follow(exc)
        while attempts < _MOST_ATTEMPTS:
            attempts += 1
            try:
                for packet in demux():
                    if packet.size:
                        attempts = 0
                    yield packet
            except _STOPS as exc:
                error = _if_more_may_follow(exc)
            else:
                break
        if attempts == _MOST_ATTEMPTS or (attempts and not isinstance(error, BlockingIOError)):
            raise error


def _if_more_may_follow(error: Exception) -> Exception:
    """Return an error after which libav can be asked for more packets; raise another one."""
    if isinstance(error, ValueError) and getattr(error, "errno", 0) != _INVALID_DATA:
        raise error
    return error


def received_packets(
    packets: "Iterator[Packet[AudioStream]]", guard: "DecodingGuard", is_endless: Callable[[], bool]
) -> "Iterator[Packet[AudioStream]]":
    """Yield the packets that come through a network.

    Raises:
        SourceError: no more can be received, or nothing has come for too long.
    """
    while True:
        with guard:
            try:
                packet = next(packets, None)
            except OSError as exc:
                # libav takes the end of an HTTP answer without a length for an error.
                if exc.errno != EIO or not is_endless():
                    raise
                packet = None
        if packet is None:
            return
        yield packet


def follow(
    packets: "Iterable[Packet[AudioStream]]",
    clock: "ContainerClock",
    left_out: "Missing | None",
    lost_after: "Missing | None",
    base_s: float,
    *,
    counting: bool,
) -> None:
    """Move a clock to the end of the last packet that can be read. Decodes almost nothing.

    Args:
        packets: All packets of a stream.
        clock: A clock for their sound.
        left_out: Returns how many seconds of sound are missing before a packet.
        lost_after: Returns how many seconds of sound are lost after a packet.
        base_s: The unit of the times of packets, in seconds.
        counting: The container states no times of its own.

    Raises:
        SourceError: nothing can be read.
    """
    try:
        for packet in packets:
            if left_out is not None:
                clock.advance(left_out(packet))
            if packet.size:
                time = None
                if packet.pts is not None and not counting:
                    time = packet.pts * base_s
                clock.place(time, (packet.duration or 0) * base_s or packet_s(packet), lambda: None)
                if lost_after is not None:
                    clock.advance(lost_after(packet))
    except SourceError:
        if clock.now <= 0:
            raise
