"""How much of a decoder's first output is no sound yet, for containers that do not say it.

An encoder of AAC or MP3 puts a short delay before the sound. Where the container does not declare it, two times are
right: that of the recording, and that of a player that plays the delay too. Half of the delay is left out, so that text
stands near both: within 35 ms of the recording, and from 16 kHz on within 50 ms of such a player.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioStream, Packet
    from av.container import InputContainer
    from av.stream import Stream

# Whatever the encoder, the first packet of AAC is half of an overlap: its frame is no sound yet (ISO 14496-3).
_AAC_FRAME = 1024
# The filters of every MP3 decoder, and what the usual encoder adds.
_MP3_DELAY = 529 + 576
# The most of the delay that is kept: the promise is 50 ms, and times are rounded.
_KEPT_S = 0.035
# In a film the pictures begin after the delay: a film whose pictures begin later than this just begins without any.
_LONGEST_S = 0.15
_ROUNDING_S = 0.002
_ATTACHED_PICTURE = 0x400  # the disposition of a cover picture, which is no video


def undeclared_s(
    container: "InputContainer", stream: "AudioStream", first: "Packet[AudioStream] | None", zero_s: float | None
) -> float:
    """Return how many seconds at the beginning are left out because they are no sound, and the decoder keeps them.

    It is 0 if the container declares the delay, and for sound that begins later than the container does (at
    `zero_s`), because its times are right already. In a film it is 0 unless the pictures begin a little later than the
    sound: that is how a film is written whose times may not be below 0, and the difference is the delay.
    """
    codec = stream.codec_context.name.removesuffix("float")
    rate = stream.codec_context.sample_rate
    if first is None or not rate or codec not in {"aac", "aac_latm", "mp3"} or _declared(stream, first):
        return 0.0
    begin_s = None
    if first.pts is not None:
        begin_s = first.pts * float(stream.time_base or 1)
    pictures = [other for other in container.streams if _is_film(other)]
    if pictures:
        delay_s = 0.0
        if begin_s is not None:
            delay_s = _first_picture_s(pictures, begin_s) - begin_s
        if not 0 < delay_s <= _LONGEST_S:
            return 0.0
    elif zero_s is not None and begin_s is not None and begin_s > zero_s + _ROUNDING_S:
        return 0.0
    else:
        samples = _MP3_DELAY
        if codec != "mp3":
            samples = stream.codec_context.frame_size or _AAC_FRAME
        delay_s = float(samples) / rate
    return delay_s - min(delay_s / 2, _KEPT_S)


def _is_film(stream: "Stream") -> bool:
    return stream.type == "video" and not stream.disposition.value & _ATTACHED_PICTURE


def _first_picture_s(pictures: "list[Stream]", unknown_s: float) -> float:
    """Return when the first picture is shown; `unknown_s` if the container does not say."""
    starts = [each.start_time * float(each.time_base or 1) for each in pictures if each.start_time is not None]
    return min(starts, default=unknown_s)


def _declared(stream: "AudioStream", first: "Packet[AudioStream]") -> bool:
    """Return whether the container tells the decoder what to leave out: the sound begins after the first packet."""
    if first.has_sidedata("skip_samples"):
        return True
    start = stream.start_time
    return start is not None and (start < 0 or (first.pts is not None and first.pts < start))
