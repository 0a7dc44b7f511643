"""Knows an MP3 by the heads of its first frames, so that no decoder has to compare it with every format. Pure."""

from collections.abc import Container
from typing import Any

_HEAD_BYTES = 4
_ENOUGH = 10  # frames in a row: what holds this many at its beginning is no other format
LAYER_2, LAYER_3 = 2, 1  # as their number is written in the head
_OF_MPEG_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
# kbit/s by the index in the head, of MPEG-1 and of MPEG-2 and 2.5. With 0 a frame does not tell its size.
_BIT_RATES = {
    LAYER_2: {True: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384), False: _OF_MPEG_2},
    LAYER_3: {True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320), False: _OF_MPEG_2},
}
_RATES = (44100, 48000, 32000)  # Hz of MPEG-1, by the index in the head
_RATE_DIVISORS = {3: 1, 2: 2, 0: 4}  # by the number of the version: MPEG-1, 2 and 2.5
# What the demuxer is told: no seek happens, so a place of each of its packets would be remembered for nothing. Without
# this it remembers a megabyte of them.
_OPTIONS = {"indexmem": "4096"}


def demuxer(start: bytes) -> dict[str, Any]:
    """Return the options with which PyAV opens a file that begins with these bytes, after its tag; none unless an MP3.

    To ask each of 300 formats whether the file is its own takes a megabyte of code into memory.
    """
    if not is_mp3(start):
        return {}
    return {"format": "mp3", "options": dict(_OPTIONS)}


def is_mp3(start: bytes) -> bool:
    """Return whether ten frames of MPEG layer 3 at one rate follow each other from the first byte on."""
    at = 0
    kinds = set()
    for _ in range(_ENOUGH):
        head = start[at : at + _HEAD_BYTES]
        size = frame_bytes(head)
        if not size:
            return False
        kinds.add((head[1] & 0xFE, head[2] & 0x0C))  # version, layer and rate
        at += size
    return len(kinds) == 1 and at <= len(start)


def frame_bytes(head: bytes, layers: Container[int] = (LAYER_3,)) -> int:
    """Return the size of the frame that begins with these four bytes; 0 if none does, or if they do not tell it.

    Args:
        head: The first bytes of the frame.
        layers: Frames of which layers of MPEG count.
    """
    if len(head) < _HEAD_BYTES or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    if layer not in layers or version not in _RATE_DIVISORS or bit_rate in {0, 15} or rate == 3:
        return 0
    is_first = version == 3
    bytes_a_sample = 72
    if is_first or layer == LAYER_2:
        bytes_a_sample = 144
    hertz = _RATES[rate] // _RATE_DIVISORS[version]
    return bytes_a_sample * _BIT_RATES[layer][is_first][bit_rate] * 1000 // hertz + (head[2] >> 1 & 1)
