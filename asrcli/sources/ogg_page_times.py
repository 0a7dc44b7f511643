"""Gives the packets of an Ogg page the times that the page proves.

A page says only when its last packet ends. After damaged pages libav goes on to count where it was, and gives the true
time to that last packet alone: a hole would seem to be inside of the page, which cannot be, and most of its sound would
be placed before the hole.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av import AudioStream, Packet

# For other codecs, libav counts the packets of a page from its end. It cannot tell how long one of these is.
COUNTED_ON = {"flac", "speex"}
_TOLERANCE_STEPS = 1  # times are rounded


def true_times(packets: "Iterable[Packet[AudioStream]]") -> "Iterator[Packet[AudioStream]]":
    """Yield the packets of one stream, page by page. A hole that seems to be inside of a page is moved before it."""
    page: list[Packet[AudioStream]] = []
    at: int | None = None
    for packet in packets:
        page.append(packet)
        if packet.pos != at:  # libav takes the position of a page for known when its last packet is read
            yield from _without_hole(page)
            page, at = [], packet.pos
    yield from _without_hole(page)


def _without_hole(page: "list[Packet[AudioStream]]") -> "list[Packet[AudioStream]]":
    """Move the packets of a page to the time that the last one has."""
    if len(page) < 2:
        return page
    last, before = page[-1], page[-2]
    if last.pts is not None and before.pts is not None and before.duration:
        hole = last.pts - before.pts - before.duration
        if hole > _TOLERANCE_STEPS:
            for packet in page[:-1]:
                packet.pts = (packet.pts or 0) + hole
    return page
