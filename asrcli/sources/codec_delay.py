"""What a decoder gives before the sound begins, where the container does not say how much that is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioStream, Packet
    from av.container import InputContainer

# The first packet of AAC is half of an overlap, whoever made it: its frame is no sound yet (ISO 14496-3).
_AAC_FRAME = 1024
# The filters of every MP3 decoder are late by so much. What the encoder adds is not told, so it is left.
_MP3_DELAY = 529
_ROUNDING_S = 0.002
_ATTACHED_PICTURE = 0x400  # a cover is no film


def undeclared_s(
    container: "InputContainer", stream: "AudioStream", first: "Packet[AudioStream] | None", zero_s: float | None
) -> float:
    """How many seconds at the beginning are no sound, and will not be left out by the decoder.

    Where there is a picture, the times of sound and picture belong together, whatever is at the beginning; and what
    begins later than the container does (`zero_s`) has its right time already.
    """
    codec, rate = stream.codec_context.name.removesuffix("float"), stream.codec_context.sample_rate
    if first is None or not rate or codec not in {"aac", "aac_latm", "mp3"}:
        return 0.0
    if any(other.type == "video" and not int(other.disposition) & _ATTACHED_PICTURE for other in container.streams):
        return 0.0
    if zero_s is not None and first.pts is not None and first.pts * float(stream.time_base or 1) > zero_s + _ROUNDING_S:
        return 0.0
    if _declared(stream, first):
        return 0.0
    samples = _MP3_DELAY if codec == "mp3" else stream.codec_context.frame_size or _AAC_FRAME
    return float(samples) / rate


def _declared(stream: "AudioStream", first: "Packet[AudioStream]") -> bool:
    """Whether the container tells the decoder what to leave out: its sound begins behind its first packet then."""
    if first.has_sidedata("skip_samples"):
        return True
    start = stream.start_time
    return start is not None and (start < 0 or (first.pts is not None and first.pts < start))
