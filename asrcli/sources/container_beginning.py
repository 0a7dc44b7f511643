"""Where a file begins in the times of its container, and what its first sound is."""

from typing import TYPE_CHECKING

from asrcli.sources.container_clock import LEAD_MAX_S
from asrcli.sources.decoding_errors import DECODER_ERRORS

if TYPE_CHECKING:
    from av.container import InputContainer

# Containers whose times begin at 0: sound that begins later in them really begins later.
_FROM_ZERO = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
_OGG_LEAD_MAX_S = 10.0  # an Ogg that begins later was recorded in the middle of a broadcast


def zero_s(container: "InputContainer") -> float | None:
    """Return the time in a container at which the file begins, in seconds; None is the time of the first frame."""
    start = container.start_time
    if start is None:
        return None
    start_s = start / 1_000_000
    if container.format.name in _FROM_ZERO and 0 <= start_s <= LEAD_MAX_S and container.duration is not None:
        return 0.0
    if must_begin_with_sound(container) and 0 <= start_s <= _OGG_LEAD_MAX_S:
        return 0.0
    return start_s


def must_begin_with_sound(container: "InputContainer") -> bool:
    """Return whether a container cannot leave sound out at its beginning: what is missing there is damaged."""
    return container.format.name == "ogg" and len(container.streams) == 1


def first_sound(path: str, stream: int) -> tuple[int, int]:
    """Return the sample rate in Hz and the number of channels of the first frame of a stream; zeros if there is none.

    For a container that does not say it, and whose sound begins behind all that libav reads to find out.
    """
    import av

    try:
        with av.open(f"file:{path}") as container:
            for frame in container.decode(container.streams[stream]):
                if isinstance(frame, av.AudioFrame):
                    return frame.sample_rate, frame.layout.nb_channels
    except (av.FFmpegError, *DECODER_ERRORS):
        pass  # whoever reads the sound reports the error
    return 0, 0
