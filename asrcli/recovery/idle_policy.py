"""What to do with audio while no task runs: wait, begin one, pass over quiet, or name what nobody will hear. Pure."""

from collections.abc import Sequence
from enum import Enum, auto

from asrcli.core.audio import Chunk
from asrcli.recovery.replay import StoredBlock

RENEW_EVERY_S = 1.0  # a service that ends each task at once is not asked more often


class IdleAction(Enum):
    """What is to be done."""

    WAIT = auto()
    START = auto()  # a task for all that waits
    PASS_OVER = auto()  # there is nothing to hear in it
    LOSE = auto()  # the service has had it and would not hear it


def idle_action(
    waiting: Sequence[Chunk | StoredBlock], *, idle: bool, spent: bool, tried: bool, since_start_s: float
) -> IdleAction:
    """What the audio that waits calls for.

    Args:
        waiting: Not sent yet.
        idle: The last task ended for want of speech: only speech begins the next.
        spent: Nothing will come behind it.
        tried: What was left when the audio ended has had its task.
        since_start_s: How long ago the last task was asked for.
    """
    if not waiting:
        return IdleAction.WAIT
    if not idle:
        return IdleAction.START
    if all(chunk.quiet for chunk in waiting):
        return IdleAction.PASS_OVER
    if spent:
        return IdleAction.LOSE if tried else IdleAction.START
    return IdleAction.START if since_start_s >= RENEW_EVERY_S else IdleAction.WAIT
