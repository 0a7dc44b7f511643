"""What to do with audio while no task runs: wait, begin a task, skip quiet, or give up. Pure."""

from collections.abc import Sequence
from enum import Enum, auto

from asrcli.core.audio import Chunk
from asrcli.recovery.replay import StoredBlock

RENEW_EVERY_S = 1.0  # a service that ends each task at once is asked for a new one no more often


class IdleAction(Enum):
    """What to do with the waiting audio."""

    WAIT = auto()
    START = auto()  # begin a task for all of it
    SKIP = auto()  # all of it is quiet
    GIVE_UP = auto()  # a task was sent it, and ended without hearing speech


def idle_action(
    waiting: Sequence[Chunk | StoredBlock], *, idle: bool, input_ended: bool, tried: bool, since_start_s: float
) -> IdleAction:
    """Return what to do with the audio that waits.

    Args:
        waiting: The audio, in order.
        idle: The last task ended for want of speech: only speech begins the next one.
        input_ended: No more audio will come.
        tried: A task was begun for the audio that was left when the input ended.
        since_start_s: How long ago the last task was asked for.
    """
    if not waiting:
        return IdleAction.WAIT
    if not idle:
        return IdleAction.START
    if all(chunk.quiet for chunk in waiting):
        return IdleAction.SKIP
    if input_ended and tried:
        return IdleAction.GIVE_UP
    if input_ended or since_start_s >= RENEW_EVERY_S:
        return IdleAction.START
    return IdleAction.WAIT
