"""Decides what to do with audio while no task runs: wait, begin a task, skip quiet, or give up. Pure."""

from collections.abc import Sequence
from enum import Enum, auto

from asrcli.core.audio import Chunk
from asrcli.recovery.replay import StoredBlock
from asrcli.recovery.spans import Span

PREROLL_MS = 2000  # how much of the quiet before speech is sent with it
RENEW_EVERY_S = 1.0  # the least time between two tasks, for a service that ends each task at once


class IdleAction(Enum):
    """What to do with the waiting audio."""

    WAIT = auto()
    START = auto()  # begin a task for all of it
    SKIP = auto()  # all of it is quiet
    GIVE_UP = auto()  # a task has already received this audio, and ended without speech


def idle_action(
    waiting: Sequence[Chunk | StoredBlock], *, idle: bool, input_ended: bool, tried: bool, since_start_s: float
) -> IdleAction:
    """Return what to do with the audio that waits.

    Args:
        waiting: The audio, in order.
        idle: The last task ended because it got no speech: only speech begins the next one.
        input_ended: No more audio will come.
        tried: A task was begun for the audio that was left when the input ended.
        since_start_s: How long ago the start of the last task was requested.
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


def untried(sound: Sequence[Span], twice_ms: int) -> tuple[list[Span], int]:
    """Return the sound that may still be speech after a task ended for silence, and up to where nothing is sent again.

    Only the first sound that two tasks were sent is taken for no speech: for the quiet after it they may have ended
    before they heard the rest.

    Args:
        sound: The spans of sound without text, in order.
        twice_ms: Up to here two tasks were sent the audio, and both ended for silence.
    """
    tried_ms = 0
    for begin_ms, end_ms in sound:
        if begin_ms >= twice_ms or (tried_ms and begin_ms - tried_ms >= PREROLL_MS):
            break
        tried_ms = min(end_ms, twice_ms)
    left = [(max(begin, tried_ms), end) for begin, end in sound if end > tried_ms]
    if not left:
        return left, twice_ms  # all of it is quiet, or no speech: a third task would end for it too
    return left, tried_ms
