"""Audio while no task runs: every case of the policy."""

import pytest

from asrcli.core.audio import Chunk
from asrcli.recovery.idle_policy import IdleAction, idle_action

SPEECH, QUIET = Chunk(0, bytes(2)), Chunk(0, bytes(2), quiet=True)


@pytest.mark.parametrize(
    ("waiting", "idle", "input_ended", "tried", "since_s", "action"),
    [
        ([], False, False, False, 9, IdleAction.WAIT),
        ([], True, True, True, 9, IdleAction.WAIT),
        ([QUIET], False, False, False, 0, IdleAction.START),  # the user is there: a pause is over, a sentence was ended
        ([QUIET], True, False, False, 9, IdleAction.SKIP),
        ([QUIET], True, True, False, 9, IdleAction.SKIP),
        ([QUIET, SPEECH], True, False, False, 9, IdleAction.START),
        ([QUIET, SPEECH], True, False, False, 0.5, IdleAction.WAIT),
        ([SPEECH], True, True, False, 0, IdleAction.START),
        ([SPEECH], True, True, True, 9, IdleAction.GIVE_UP),
    ],
)
def test_speech_gets_a_task_and_quiet_does_not(
    waiting: list[Chunk], idle: bool, input_ended: bool, tried: bool, since_s: float, action: IdleAction
) -> None:
    """Speech gets a task, quiet does not, and a service that hears no speech is not asked forever."""
    assert idle_action(waiting, idle=idle, input_ended=input_ended, tried=tried, since_start_s=since_s) is action
