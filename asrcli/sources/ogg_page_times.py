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
LAST_COUNTED_ON = {"vorbis"}  # only on the last page, which may say that its last packet is shorter than it seems
_TOLERANCE_STEPS = 1  # times are rounded


def true_times(
    packets: "Iterable[Packet[AudioStream]]", last_granule: "Callable[[], int]", *, every_page: bool
) -> "Iterator[Packet[AudioStream]]":
    """Yield the packets of one stream, page by page. A hole that seems to be after a page is moved before it.

    Args:
        packets: All of them.
        last_granule: Returns the granule position of the last page when all are read; 0 if that is not known.
        every_page: Whether libav counts on after any page, or only before the last one.
    """
    page: list[Packet[AudioStream]] = []
    end: list[Packet[AudioStream]] = []  # at the end, an empty packet tells the decoder so
    for packet in packets:
        if not packet.size:
            end.append(packet)
            continue
        if page and packet.pos != page[0].pos:
            if every_page:
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
    # Of the last page, libav takes the hole for the length of the last packet.
    length = min(last.duration, max((packet.duration or 0 for packet in page[:-1]), default=last.duration))
    hole = end - last.pts - length
    if hole > _TOLERANCE_STEPS:
        for packet in page:
            packet.pts = (packet.pts or 0) + hole
