"""Finds the bytes of a raw stream that its demuxer skipped without a message, because it found no frame in them."""

import io
from typing import IO, TYPE_CHECKING

from asrcli.sources.second_reader import opened_again

if TYPE_CHECKING:
    from av import AudioStream, Packet

# Raw streams whose demuxer searches for the next frame. In others, damage becomes a packet that fails.
SKIPPING = {"aac"}
TAGS = (b"TAG", b"ID3", b"APETAGEX")  # what may lie between joined files
_MOST_SEARCHED = 1 << 24  # how far ahead a packet is searched for
_MOST_NOT_FOUND = 32  # packets in a row


class SkippedBytes:
    """Follows the packets of a file in the file itself.

    Args:
        path: The file; an empty string for one that cannot be read a second time, in which nothing is found.
        time_base: Seconds of a step in which packets state their duration.
    """

    def __init__(self, path: str, time_base: float) -> None:
        file = opened_again(path)
        self._lost_track = file is None
        self._file: IO[bytes] = file or io.BytesIO()
        self._time_base = time_base
        self._not_found: list[int] = []  # sizes of the last packets that are not in the file as they are
        self._bytes = 0  # of packets so far
        self._seconds = 0.0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def missing_before(self, packet: "Packet[AudioStream]") -> float:
        """Return how many seconds of sound are missing before a packet, by the bytes before it; 0 for a tag."""
        if self._lost_track or not packet.size:
            return 0.0
        data = bytes(packet)
        skipped = self._skipped(data)
        missing_s = 0.0
        if skipped and self._bytes:
            missing_s = skipped * self._seconds / self._bytes
        self._bytes += packet.size
        self._seconds += (packet.duration or 0) * self._time_base
        return missing_s

    def _skipped(self, data: bytes) -> int:
        """Go to the end of the next place of these bytes; return how many bytes of sound are before it."""
        at = self._file.tell()
        if self._file.read(len(data)) == data:
            self._not_found = []
            return 0
        self._file.seek(at)
        ahead = self._file.read(_MOST_SEARCHED)
        found = ahead.find(data)
        if found < 0:  # the demuxer has made one packet of several pieces: the decoder will refuse it, and count it
            self._file.seek(at)
            self._not_found.append(len(data))
            self._lost_track = len(self._not_found) > _MOST_NOT_FOUND
            return 0
        self._file.seek(at + found + len(data))
        counted = sum(self._not_found)
        self._not_found = []
        if ahead.startswith(TAGS):
            return 0
        return max(0, found - counted)
