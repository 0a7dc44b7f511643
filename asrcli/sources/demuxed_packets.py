"""The packets of an open container. An error that ends them becomes a SourceError, by a guard of the decoder."""

from collections.abc import Callable, Iterable, Iterator
from errno import EIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioStream, Packet

    from asrcli.sources.decoding_errors import DecodingGuard


def stored_packets(packets: "Iterable[Packet[AudioStream]]", guard: "DecodingGuard") -> "Iterator[Packet[AudioStream]]":
    """Yield the packets of a file: without a timeout one guard for all of them is faster.

    Raises:
        SourceError: the file cannot be read any further.
    """
    with guard:
        yield from packets


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
