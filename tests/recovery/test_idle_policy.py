"""Audio while no task runs: every case of the verdict."""

import pytest

from asrcli.core.audio import Chunk
from asrcli.recovery.idle_policy import IdleAction, idle_action

SPEECH, QUIET = Chunk(0, bytes(2)), Chunk(0, bytes(2), quiet=True)


@pytest.mark.parametrize(
    ("waiting", "asleep", "spent", "tried", "since_s", "do"),
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
def test_the_verdict(
    waiting: list[Chunk], asleep: bool, spent: bool, tried: bool, since_s: float, do: IdleAction
) -> None:
    """Speech gets its task, quiet does not, and a service that refuses both is not asked for ever."""
    assert idle_action(waiting, idle=asleep, input_ended=spent, tried=tried, since_start_s=since_s) is do
