"""How much of a decoder's first output is no sound yet, for containers that do not say it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioStream, Packet
    from av.container import InputContainer

# Whatever the encoder, the first packet of AAC is half of an overlap: its frame is no sound yet (ISO 14496-3).
_AAC_FRAME = 1024
# The filters of every MP3 decoder delay the sound by this much. The delay of the encoder is not known, so it stays.
_MP3_DELAY = 529
_ROUNDING_S = 0.002
_ATTACHED_PICTURE = 0x400  # the disposition of a cover picture, which is no video


def undeclared_s(
    container: "InputContainer", stream: "AudioStream", first: "Packet[AudioStream] | None", zero_s: float | None
) -> float:
    """Return how many seconds at the beginning are no sound and are not left out by the decoder.

    It is 0 in a video, where the times of sound and picture belong together, and for sound that begins later than the
    container does (at `zero_s`), because its times are right already.
    """
    codec = stream.codec_context.name.removesuffix("float")
    rate = stream.codec_context.sample_rate
    if first is None or not rate or codec not in {"aac", "aac_latm", "mp3"}:
        return 0.0
    if any(other.type == "video" and not int(other.disposition) & _ATTACHED_PICTURE for other in container.streams):
        return 0.0
    if zero_s is not None and first.pts is not None and first.pts * float(stream.time_base or 1) > zero_s + _ROUNDING_S:
        return 0.0
    if _declared(stream, first):
        return 0.0
    samples = _MP3_DELAY
    if codec != "mp3":
        samples = stream.codec_context.frame_size or _AAC_FRAME
    return float(samples) / rate


def _declared(stream: "AudioStream", first: "Packet[AudioStream]") -> bool:
    """Return whether the container tells the decoder what to leave out: the sound begins behind the first packet."""
    if first.has_sidedata("skip_samples"):
        return True
    start = stream.start_time
    return start is not None and (start < 0 or (first.pts is not None and first.pts < start))
