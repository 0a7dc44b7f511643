"""The length of the sound as its container states it, and whether that is a promise or only a guess."""

import re
from typing import TYPE_CHECKING

from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.sources.asf import asf_length

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import InputContainer

# Containers without a length: libav guesses one from the first packets.
GUESSING = {"aac", "ac3", "eac3", "dts", "amr", "gsm", "mp3", "mpegts", "mpeg", "h264"}
# Containers whose length is that of their longest track, of any kind.
_SHARED = {"matroska,webm", "flv", "hls", "live_flv", "nut"}
_DURATION = lazy_pattern(r"(\d+):(\d\d):(\d\d)\.(\d+)")
# libav divides the size of a VOC by its rate. The heads of its blocks, of four bytes each, are in that size.
_SOUND_OF_VOC = 0.99
_UNKNOWN_SIZE = 0xFFFFFFFF
_DATA_CHUNKS = {"wav": b"data", "w64": b"data\xf3\xac\xd3\x11", "caf": b"data"}
READS_HEAD = {"mp3", "avi", "asf", *_DATA_CHUNKS}  # containers for whose length the beginning of the file is needed
LONGEST_MS = 366 * 24 * 3600 * 1000  # no recording is longer: the number is damaged, or was never filled in
JOINED = 1.05  # a file larger than its header says by this factor has another one joined to its end


def ms_of(container: "InputContainer", stream: "AudioStream", zero_s: float) -> int | None:
    """Return how long the sound seems to be in milliseconds, from the container's zero; None if that is unknown."""
    length_ms = _stated_ms(container, stream, zero_s)
    if length_ms is None or length_ms > LONGEST_MS:
        return None
    return length_ms


def _stated_ms(container: "InputContainer", stream: "AudioStream", zero_s: float) -> int | None:
    if stream.duration is not None and stream.time_base is not None:
        begin_s = 0.0
        if container.format.name == "asf":
            begin_s = -zero_s  # this length counts from 0
        elif container.format.name not in {"mp3", "flac", "wav", "ogg"} and stream.start_time is not None:
            begin_s = max(0.0, float(stream.start_time * stream.time_base) - zero_s)
        return int((begin_s + float(stream.duration * stream.time_base)) * 1000)
    if (tagged_ms := _tagged_ms(stream)) is not None:
        return max(0, tagged_ms - round(zero_s * 1000))
    if container.duration is None:
        return None
    return container.duration // 1000


def promised(
    container: "InputContainer", stream: "AudioStream", stated_ms: int | None, head: bytes, skipped: int
) -> int | None:
    """Return how long the container promises the sound to be, in milliseconds; None if its length is only a guess.

    Args:
        container: An open file.
        stream: Its sound.
        stated_ms: The length that the container states.
        head: The beginning of the file after `skipped` bytes; an MP3 or an ASF has a header there.
        skipped: How many bytes are before `head`.
    """
    name = container.format.name
    if name == "mp3":
        size = size_bytes(container)
        if size is not None:
            size -= skipped
        return _mp3_ms(head, stream.codec_context.sample_rate, size)
    if name == "asf":
        return _asf_ms(container, head)
    if name in GUESSING:
        return None
    shared = name in _SHARED or (name == "avi" and stream.duration is None)
    if shared and len(container.streams) > 1 and _tagged_ms(stream) is None:
        return None
    if name == "voc":
        return round((stated_ms or 0) * _SOUND_OF_VOC) or None
    declared_ms = _declared_ms(name, stream, head)  # libav counts only what is there
    if declared_ms > LONGEST_MS:
        declared_ms = 0
    return max(stated_ms or 0, declared_ms) or None


def _declared_ms(name: str, stream: "AudioStream", head: bytes) -> int:
    """Return the length by the header of a container that libav does not believe, in milliseconds; 0 if unknown."""
    if name == "avi":
        return _avi_ms(head)
    bytes_per_s = (stream.codec_context.bit_rate or 0) / 8
    at = head.find(_DATA_CHUNKS.get(name, b"\0no such chunk"))
    if at < 0 or not bytes_per_s or not stream.codec_context.name.startswith("pcm"):
        return 0
    if name == "wav":
        size = int.from_bytes(head[at + 4 : at + 8], "little")
        if size == _UNKNOWN_SIZE:
            return 0
    elif name == "w64":  # 16 bytes of name, then the size with these 24 bytes
        size = int.from_bytes(head[at + 16 : at + 24], "little") - 24
    else:  # the size counts four bytes before the samples; -1 is unknown
        size = int.from_bytes(head[at + 4 : at + 12], "big", signed=True) - 4
    return round(max(0, size) / bytes_per_s * 1000)


def _asf_ms(container: "InputContainer", head: bytes) -> int | None:
    """Return the length by the header of an ASF; None if it is that of several tracks, and the file is not cut."""
    stated = asf_length(head)
    if stated is None:
        return None
    size = size_bytes(container)
    is_cut = size is not None and size < stated.end_bytes
    if len(container.streams) > 1 and not is_cut:
        return None
    return max(0, stated.length_ms - (container.start_time or 0) // 1000) or None


def _avi_ms(head: bytes) -> int:
    """Return the length of the only sound of an AVI; 0 if there are several, or none."""
    found = [
        at + 8
        for at in (each.start() for each in re.finditer(rb"strh....auds", head, re.DOTALL))
        if len(head) >= at + 44
    ]
    if len(found) != 1:
        return 0
    scale, rate, _, length = (
        int.from_bytes(head[at : at + 4], "little") for at in range(found[0] + 20, found[0] + 36, 4)
    )
    if not rate:
        return 0
    return length * scale * 1000 // rate


def size_bytes(container: "InputContainer") -> int | None:
    """Return the size of the input with all its tracks; None if it is unknown, as for a pipe."""
    size: int | None = container.size  # unknown: None in PyAV 19, a negative number in older versions
    if size is None or size <= 0:
        return None
    return size


def _tagged_ms(stream: "AudioStream") -> int | None:
    """Return when a track of Matroska ends, by the tag that ffmpeg and mkvmerge write beside it."""
    match = _DURATION.match(stream.metadata.get("DURATION", "") or stream.metadata.get("DURATION-eng", ""))
    if match is None:
        return None
    hours, minutes, seconds, rest = match.groups()
    return (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + int(rest[:3].ljust(3, "0"))


def _mp3_ms(head: bytes, rate: int, size: int | None) -> int | None:
    """Return the length by a header that counts the frames; None if the file is larger than that header says."""
    for name in (b"Xing", b"Info"):
        at = head.find(name)
        if at < 0 or not rate or len(head) < at + 16:
            continue
        flags = int.from_bytes(head[at + 4 : at + 8], "big")
        count = int.from_bytes(head[at + 8 : at + 12], "big")
        header_bytes = int.from_bytes(head[at + 12 : at + 16], "big")
        if flags & 3 != 3 or not count or (size is not None and size - at > header_bytes * JOINED + 4096):
            return None
        return _frames_ms(count, rate)
    at = head.find(b"VBRI")
    if at >= 0 and rate and len(head) >= at + 18:
        return _frames_ms(int.from_bytes(head[at + 14 : at + 18], "big"), rate)
    return None


def _frames_ms(count: int, rate: int) -> int:
    samples = 576  # of a frame
    if rate >= 32000:
        samples = 1152
    return count * samples * 1000 // rate
