"""What to do with audio while no task runs: wait, begin one, pass over quiet, or name what nobody will hear. Pure."""

from collections.abc import Sequence
from enum import Enum, auto

from asrcli.audio import Chunk
from asrcli.recovery.replay import Block

RENEW_EVERY_S = 1.0  # a service that ends each task at once is not asked more often


class Rest(Enum):
    """What is to be done."""

    WAIT = auto()
    START = auto()  # a task for all that waits
    PASS_OVER = auto()  # there is nothing to hear in it
    LOSE = auto()  # the service has had it and would not hear it


def verdict(waiting: Sequence[Chunk | Block], *, asleep: bool, spent: bool, tried: bool, since_start_s: float) -> Rest:
    """What the audio that waits calls for.

    Args:
        waiting: Not sent yet.
        asleep: The last task ended for want of speech: only speech begins the next.
        spent: Nothing will come behind it.
        tried: What was left when the audio ended has had its task.
        since_start_s: How long ago the last task was asked for.
    """
    if not waiting:
        return Rest.WAIT
    if not asleep:
        return Rest.START
    if all(chunk.quiet for chunk in waiting):
        return Rest.PASS_OVER
    if spent:
        return Rest.LOSE if tried else Rest.START
    return Rest.START if since_start_s >= RENEW_EVERY_S else Rest.WAIT
