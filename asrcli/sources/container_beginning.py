"""Where a file begins in the times of its container."""

from typing import TYPE_CHECKING

from asrcli.sources.container_clock import LEAD_MAX_S

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
