"""Where a file begins in the times of its container, and how far these may jump."""

from math import inf
from typing import TYPE_CHECKING

from asrcli.sources.container_clock import LEAD_MAX_S

if TYPE_CHECKING:
    from av.container import InputContainer

# Containers whose times begin at 0: sound that begins later in them really begins later.
_FROM_ZERO = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
_RECORDED_LEAD_MAX_S = 10.0  # a stream that begins later was recorded in the middle of a broadcast
# Streams of broadcasts: their clock starts again with each programme, so a jump over hours is no missing sound.
_OF_BROADCASTS = {"mpegts", "mpeg"}
_BREAK_MAX_S = 3600.0  # no reception is away for longer and then goes on in the same file


def zero_s(container: "InputContainer") -> float | None:
    """Return the time in a container at which the file begins, in seconds; None is the time of the first frame."""
    start = container.start_time
    if start is None:
        return None
    start_s = start / 1_000_000
    if container.format.name in _FROM_ZERO and 0 <= start_s <= LEAD_MAX_S and container.duration is not None:
        return 0.0
    if must_begin_with_sound(container) and 0 <= start_s <= _RECORDED_LEAD_MAX_S:
        return 0.0
    # The head of a FLAC says how much there is; a recording in the middle of a broadcast does not know.
    if container.format.name == "flac" and container.duration is not None and 0 <= start < container.duration:
        return 0.0
    return start_s


def must_begin_with_sound(container: "InputContainer") -> bool:
    """Return whether a container cannot leave sound out at its beginning: what is missing there is damaged."""
    return container.format.name in {"ogg", "flac"} and len(container.streams) == 1


def longest_hole_s(container: "InputContainer") -> float:
    """Return how much sound may be missing at one place of a container; a longer jump of its times is none."""
    if container.format.name in _OF_BROADCASTS:
        return _BREAK_MAX_S
    return inf
