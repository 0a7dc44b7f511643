"""Gives the packets of an Ogg page the times that the next page proves.

A page says only when its last packet ends, and libav gives that time to the first packet of the next page. After
damaged pages it goes on to count where it was: the hole seems to be after the first good page, and that page too early.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from av import AudioStream, Packet

# For other codecs, libav counts the packets of a page from its end. It cannot tell how long one of these is.
COUNTED_ON = {"flac", "speex"}
_TOLERANCE_STEPS = 1  # times are rounded


def true_times(
    packets: "Iterable[Packet[AudioStream]]", last_granule: "Callable[[], int]"
) -> "Iterator[Packet[AudioStream]]":
    """Yield the packets of one stream, page by page. A hole that seems to be after a page is moved before it.

    Args:
        packets: All of them.
        last_granule: Returns the granule position of the last page when all are read; 0 if that is not known.
    """
    page: list[Packet[AudioStream]] = []
    end: list[Packet[AudioStream]] = []  # at the end, an empty packet tells the decoder so
    for packet in packets:
        if not packet.size:
            end.append(packet)
            continue
        if page and packet.pos != page[0].pos:
            _move(page, packet.pts)
            yield from page
            page = []
        page.append(packet)
    if page:
        _move(page, last_granule() or None)
    yield from page
    yield from end


def _move(page: "list[Packet[AudioStream]]", end: int | None) -> None:
    """Move the packets of a page so that the last one ends at `end`, if they are earlier."""
    last = page[-1]
    if end is None or last.pts is None or not last.duration:
        return
    hole = end - last.pts - last.duration
    if hole > _TOLERANCE_STEPS:
        for packet in page:
            packet.pts = (packet.pts or 0) + hole
