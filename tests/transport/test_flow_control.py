"""Flow control and liveness, without a socket or a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.transport.flow_control import (
    MARK_BYTES,
    MARKS,
    QUEUE_HIGH,
    QUEUE_LOW,
    UNTAKEN,
    FlowControl,
    Liveness,
    LivenessAction,
)

CHUNK = 3200


def test_where_pings_are_answered_so_much_is_in_flight_and_no_more() -> None:
    """Each mark is a ping; two unanswered pings leave no room, one answer makes room, once."""
    flow = FlowControl()
    assert not flow.answered(mark=False)
    sent = marks = 0
    while flow.room:
        if sent // CHUNK % 2:
            marks += flow.passed(CHUNK)
        else:
            marks += flow.queued(CHUNK)
            flow.written(CHUNK)
        sent += CHUNK
    assert (marks, sent // MARK_BYTES) == (MARKS, MARKS)
    assert sent < (MARKS + 1) * MARK_BYTES
    assert flow.answered(mark=True)
    assert flow.room
    assert not flow.answered(mark=True)


def test_where_no_ping_was_answered_the_queue_alone_counts() -> None:
    """There are no marks; room ends at the high limit of the queue and comes back at the low one."""
    flow, queued = FlowControl(), 0
    while flow.room:
        assert not flow.queued(CHUNK)
        queued += CHUNK
    assert QUEUE_HIGH <= queued < QUEUE_HIGH + CHUNK
    gained = 0
    while queued:
        gained += flow.written(CHUNK)
        queued -= CHUNK
        assert flow.room == (gained > 0)
        assert (queued < QUEUE_LOW) == flow.room
    assert gained == 1


WORDS = st.sampled_from(["write", "pass", "pong", "mark", "distrust"])
STEPS = st.lists(st.one_of(st.integers(1, 40_000), WORDS), max_size=80)


@given(steps=STEPS)
def test_room_is_reported_each_time_it_comes_back_and_never_besides(steps: list[int | str]) -> None:
    """In any order of events; and when all is written and answered there is room."""
    flow, waiting = FlowControl(), list[int]()

    def told(step: int | str) -> bool:
        if isinstance(step, int):
            flow.queued(step)
            waiting.append(step)
            return False
        if step == "pass":  # written without having waited
            flow.passed(CHUNK)
            return False
        if step == "write":
            return flow.written(waiting.pop(0)) if waiting else False
        return flow.distrust() if step == "distrust" else flow.answered(mark=step == "mark")

    for step in steps:
        before = flow.room
        assert told(step) == (flow.room and not before)
    while waiting:
        told("write")
    while flow.marks:
        told("mark")
    assert flow.room


def pulse() -> Liveness:
    """A Liveness that gives up after 16 s, checks every second and pings every 8 s."""
    return Liveness(16, 8, 0)


def first(found: list[LivenessAction], wanted: LivenessAction) -> int:
    """Return the second at which an action came first."""
    return found.index(wanted) + 1


def test_a_peer_that_takes_pings_and_says_nothing_is_dead_in_time() -> None:
    """With push to talk only pings are sent: that the operating system takes them is no sign of life."""
    beat = pulse()
    found = []
    for now in range(1, 17):
        found.append(beat.tick(now, 0, pinged=LivenessAction.PING in found, reading_paused=False))
        if found[-1] is LivenessAction.PING:
            beat.pinged(10, now)
    assert (first(found, LivenessAction.PING), first(found, LivenessAction.DEAD)) == (8, 16)
    assert beat.dead_s == 16


def test_bytes_of_ours_that_are_taken_are_a_sign_of_life() -> None:
    """A slow service answers no ping while it has data to read, and is not dead."""
    beat = pulse()
    beat.wrote(100_000)
    beat.pinged(10, 0)
    for now in range(1, 100):
        beat.arrived(0)  # as it is told at each look
        assert beat.tick(now, 100_010 - 1000 * now, pinged=True, reading_paused=False) is LivenessAction.NOTHING


def test_bytes_that_wait_are_no_sign_of_life() -> None:
    """However many more of them we send."""
    beat = pulse()
    found = []
    for now in range(1, 17):
        beat.wrote(1000)
        found.append(beat.tick(now, 1000 * now, pinged=False, reading_paused=False))
    assert first(found, LivenessAction.DEAD) == 16


@pytest.mark.parametrize("unsent", [0, 10])
def test_while_we_do_not_read_the_other_end_may_be_unable_to_send_or_read(unsent: int) -> None:
    """Nothing can arrive then."""
    beat = pulse()
    for now in range(1, 100):
        action = beat.tick(now, unsent, pinged=True, reading_paused=True)
        assert action in {LivenessAction.NOTHING, LivenessAction.PING}


@given(st.lists(st.sampled_from(["arrives", "taken", "neither"]), max_size=200))
def test_a_peer_that_sends_data_and_takes_none_is_dead_later_than_one_that_is_silent(seconds: list[str]) -> None:
    """A server that has stopped reading may send heartbeats forever, and would get no audio."""
    beat, alive_at, taken_at, left = pulse(), 0, 0, 10_000
    beat.wrote(left)
    for now, happens in enumerate(seconds, 1):
        left -= happens == "taken"
        if happens == "arrives":
            beat.arrived(now)
        if happens != "neither":
            alive_at = now
        if happens == "taken":
            taken_at = now
        action = beat.tick(now, left, pinged=True, reading_paused=False)
        silent, untaken = now - alive_at >= 16, now - taken_at >= UNTAKEN * 16
        assert (action is LivenessAction.DEAD) is (silent or untaken)
        if silent or untaken:
            reason = "nothing sent or received for 16 s" if silent else "no data accepted for 32 s"
            assert (beat.dead_s, beat.dead_reason) == (now - (alive_at if silent else taken_at), reason)
            return


def test_time_in_which_this_process_was_stopped_does_not_count() -> None:
    """A laptop that was asleep sends a ping first."""
    beat = pulse()
    assert beat.tick(1, 0, pinged=True, reading_paused=False) is LivenessAction.NOTHING
    assert beat.tick(500, 0, pinged=True, reading_paused=False) is not LivenessAction.DEAD
    found = [beat.tick(now, 0, pinged=True, reading_paused=False) for now in range(501, 520)]
    assert LivenessAction.DEAD in found
