"""When a device that gives nothing is taken to be gone, for back ends that do not report it."""

from collections.abc import Callable
from typing import overload

from asrcli.core.errors import SourceError

LOOK_S = 0.1
LOOKS = 15  # 1.5 s: less than the time after which a microphone gives up whoever reads it
GIVES_NOTHING = "the device gives nothing any more"


@overload
def first_within_limit(look: Callable[[float], bytes | None], name: str) -> bytes: ...


@overload
def first_within_limit(look: Callable[[float], bytes | int | None], name: str) -> bytes | int: ...


def first_within_limit(look: Callable[[float], bytes | int | None], name: str) -> bytes | int:
    """Return the first result of `look` that is not None. `look` takes how many seconds it may wait.

    It counts looks and not time: while this program is stopped, or the machine sleeps, no more than one of them passes.

    Raises:
        SourceError: the device `name` has delivered no audio for 1.5 s.
    """
    for _ in range(LOOKS):
        found = look(LOOK_S)
        if found is not None:
            return found
    raise SourceError(name, GIVES_NOTHING)
