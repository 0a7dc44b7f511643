"""Audio while no task runs: every case of the policy."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from asrcli.core.audio import Chunk
from asrcli.recovery.idle_policy import PREROLL_MS, IdleAction, idle_action, untried
from asrcli.recovery.spans import Spans

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


@pytest.mark.parametrize(
    ("sound", "twice_ms", "rest", "tried_ms"),
    [
        ([], 9000, [], 9000),
        ([(1000, 2000)], 0, [(1000, 2000)], 0),
        ([(1000, 2000)], 1000, [(1000, 2000)], 0),
        ([(1000, 2000)], 9000, [], 9000),
        ([(1000, 2000)], 1500, [(1500, 2000)], 1500),
        ([(1000, 2000), (3999, 5000)], 9000, [], 9000),
        ([(1000, 1030), (9000, 9900)], 20_000, [(9000, 9900)], 1030),
    ],
)
def test_the_first_sound_that_two_tasks_were_sent_is_not_sent_a_third_time(
    sound: list[tuple[int, int]], twice_ms: int, rest: list[tuple[int, int]], tried_ms: int
) -> None:
    """Nor is what follows it closely. Sound after a pause is: the tasks may have ended before they heard it."""
    assert untried(sound, twice_ms) == (rest, tried_ms)


@given(some.lists(some.tuples(some.integers(0, 30_000), some.integers(1, 3000))), some.integers(0, 30_000))
def test_each_task_for_old_sound_has_less_of_it_and_no_sound_is_forgotten(
    pairs: list[tuple[int, int]], twice_ms: int
) -> None:
    """So a service that ends each of them is not asked forever, and one that hears speech gets all of it."""
    sound = list(Spans((begin, begin + size) for begin, size in pairs))
    rest, tried_ms = untried(sound, twice_ms)
    assert tried_ms <= twice_ms
    assert rest == [(max(begin, tried_ms), end) for begin, end in sound if end > tried_ms]
    if sound and sound[0][0] < twice_ms:
        assert rest != sound
    pauses = [end for (_, end), (begin, _) in pairwise(sound) if begin - end >= PREROLL_MS]
    assert tried_ms <= min(pauses, default=twice_ms)
