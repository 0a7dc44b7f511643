"""Scripts of faults: what can be written, and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import UsageError
from asrcli.server.faults.script import FaultAction, FaultScript, FaultTrigger, InjectedFault, parse_script

SCRIPT = {
    '{"do": "cut", "connection": 2, "after_bytes": 32000}': InjectedFault(
        FaultAction.CUT, FaultTrigger.BYTES, 32000, 2
    ),
    '{"do": "close", "code": 1011, "at": "finish"}': InjectedFault(FaultAction.CLOSE, FaultTrigger.FINISH, code=1011),
    '{"do": "half-open", "after_events": 3}': InjectedFault(FaultAction.HALF_OPEN, FaultTrigger.EVENTS, 3, seconds=60),
    '{"do": "half-close", "at": "run-task", "seconds": 2}': InjectedFault(
        FaultAction.HALF_CLOSE, FaultTrigger.RUN_TASK, seconds=2
    ),
    '{"do": "stop-reading", "after_bytes": 7}': InjectedFault(
        FaultAction.STOP_READING, FaultTrigger.BYTES, 7, seconds=60
    ),
    '{"do": "slow-reader", "speed": 2}': InjectedFault(FaultAction.SLOW_READER, speed=2),
    '{"do": "torn-frame", "after_events": 2}': InjectedFault(FaultAction.TORN_FRAME, FaultTrigger.EVENTS, 2),
    '{"do": "never-finish"}': InjectedFault(FaultAction.NEVER_FINISH),
    '{"do": "drop-after", "seconds": 11}': InjectedFault(FaultAction.DROP_AFTER, seconds=11),
    '{"do": "quiet", "seconds": 120, "after_bytes": 1}': InjectedFault(
        FaultAction.QUIET, FaultTrigger.BYTES, 1, seconds=120
    ),
    '{"do": "empty-audio"}': InjectedFault(FaultAction.EMPTY_AUDIO, FaultTrigger.FINISH, message="a fault on purpose"),
    '{"do": "empty-audio", "at": "finish", "close": false}': InjectedFault(
        FaultAction.EMPTY_AUDIO, FaultTrigger.FINISH, message="a fault on purpose", close=False
    ),
    '{"do": "refuse", "status": 429, "after_tasks": 3}': InjectedFault(
        FaultAction.REFUSE, FaultTrigger.TASKS, 3, status=429
    ),
    '{"do": "refuse", "status": 503, "retry_after": "99999999999999999999"}': InjectedFault(
        FaultAction.REFUSE, status=503, retry_after="99999999999999999999"
    ),
    '{"do": "stall", "seconds": 2.5, "at": "run-task"}': InjectedFault(
        FaultAction.STALL, FaultTrigger.RUN_TASK, seconds=2.5
    ),
    '{"do": "slow", "seconds": 1}': InjectedFault(FaultAction.SLOW, seconds=1),
    '{"do": "refuse", "status": 401, "at": "handshake"}': InjectedFault(FaultAction.REFUSE, status=401),
    '{"do": "refuse", "status": 503, "retry_after": 2}': InjectedFault(FaultAction.REFUSE, status=503, retry_after=2),
    '{"do": "fail", "code": "InternalError", "after_bytes": 1}': InjectedFault(
        FaultAction.FAIL, FaultTrigger.BYTES, 1, code="InternalError", message="a fault on purpose"
    ),
    '{"do": "fail", "code": "x", "message": "天", "close": false, "at": "finish"}': InjectedFault(
        FaultAction.FAIL, FaultTrigger.FINISH, code="x", message="天", close=False
    ),
    '{"do": "garbage", "after_events": 1}': InjectedFault(FaultAction.GARBAGE, FaultTrigger.EVENTS, 1, what="not-json"),
    '{"do": "garbage", "what": "binary", "after_events": 1}': InjectedFault(
        FaultAction.GARBAGE, FaultTrigger.EVENTS, 1, what="binary"
    ),
    '{"do": "duplicate", "after_events": 2}': InjectedFault(FaultAction.DUPLICATE, FaultTrigger.EVENTS, 2),
    '{"do": "late", "at": "run-task"}': InjectedFault(FaultAction.LATE, FaultTrigger.RUN_TASK),
    '{"do": "accept-and-drop", "connection": 1}': InjectedFault(FaultAction.DROP, connection=1),
}


@pytest.mark.parametrize(("line", "fault"), SCRIPT.items(), ids=SCRIPT)
def test_each_fault_can_be_written(line: str, fault: InjectedFault) -> None:
    """One object in each line."""
    assert parse_script(["", line, " "]).faults == (fault,)
    assert str(fault).startswith(fault.action)


def test_a_fault_strikes_its_connection_or_all() -> None:
    """In the order of the script."""
    plan = parse_script(SCRIPT)
    assert plan.of(1) == tuple(fault for fault in SCRIPT.values() if fault.connection in {1, None})
    assert [fault.action for fault in FaultScript(plan.faults[:2]).of(2)] == [FaultAction.CUT, FaultAction.CLOSE]
    assert [fault.action for fault in FaultScript(plan.faults[:2]).of(3)] == [FaultAction.CLOSE]


WRONG = {
    "{": "not JSON",
    "[" * 100_000: "not readable JSON",
    "[]": "not an object",
    "{}": "do None is not one of cut, close",
    '{"do": ["cut"]}': "is not one of cut, close",
    '{"do": "explode"}': "do 'explode' is not one of cut, close",
    '{"do": "cut", "code": 1}': "cut has no code",
    '{"do": "cut", "after_byte": 1}': "cut has no after_byte",
    '{"do": "cut", "after_bytes": 1, "at": "finish"}': "at and after_bytes are one too many",
    '{"do": "cut", "after_bytes": -1}': "after_bytes -1 is not a whole number from 1 on",
    '{"do": "cut", "after_events": true}': "after_events True is not a whole number from 1 on",
    '{"do": "cut", "after_events": 0}': "after_events 0 is not a whole number from 1 on",
    '{"do": "cut", "connection": 0}': "connection 0 is not a whole number from 1 on",
    '{"do": "cut", "connection": "1"}': "connection '1' is not a whole number from 1 on",
    '{"do": "cut", "at": "noon"}': "at 'noon' is not one of handshake, run-task, finish",
    '{"do": "cut", "at": ["finish"]}': "is not one of handshake, run-task, finish",
    '{"do": "cut", "at": "after_bytes"}': "at 'after_bytes' is not one of handshake, run-task, finish",
    '{"do": "close"}': "close needs code",
    '{"do": "close", "code": 1005}': "code 1005 is not one that close takes",
    '{"do": "close", "code": true}': "code True is not one that close takes",
    '{"do": "close", "code": "1000"}': "code '1000' is not one that close takes",
    '{"do": "stall"}': "stall needs seconds",
    '{"do": "stall", "seconds": -1}': "seconds -1 is not a number of seconds",
    '{"do": "slow", "seconds": NaN}': "seconds nan is not a number of seconds",
    '{"do": "refuse", "status": 418}': "status 418 is not one that refuse takes",
    '{"do": "refuse", "status": 503, "retry_after": "a\\r\\nb"}': "is not what a header can hold",
    '{"do": "refuse", "status": 503, "retry_after": -2}': "retry_after -2 is not a whole number",
    '{"do": "slow-reader"}': "slow-reader needs speed",
    '{"do": "slow-reader", "speed": 0}': "speed 0 is not how many times real time",
    '{"do": "slow-reader", "speed": true}': "speed True is not how many times real time",
    '{"do": "drop-after"}': "drop-after needs seconds",
    '{"do": "half-close", "seconds": "x"}': "seconds 'x' is not a number of seconds",
    '{"do": "empty-audio", "after_bytes": 1}': "empty-audio comes at finish only",
    '{"do": "empty-audio", "message": 1}': "message 1 is not a text",
    '{"do": "cut", "after_tasks": 0}': "after_tasks 0 is not a whole number from 1 on",
    '{"do": "cut", "after_tasks": 1, "at": "finish"}': "at and after_tasks are one too many",
    '{"do": "refuse", "status": 503, "at": "finish"}': "refuse comes at the handshake or after_tasks only",
    '{"do": "accept-and-drop", "after_bytes": 1}': "accept-and-drop comes at the handshake only",
    '{"do": "fail", "code": 1, "at": "finish"}': "code 1 is not a text",
    '{"do": "fail", "code": "x", "close": 1}': "close 1 is not one that fail takes",
    '{"do": "garbage", "what": "noise"}': "what 'noise' is not one that garbage takes",
    '{"do": "duplicate", "at": "finish"}': "duplicate needs after_events",
}


@pytest.mark.parametrize(("line", "problem"), WRONG.items(), ids=[line[:60] for line in WRONG])
def test_an_invalid_fault_is_reported_with_its_line(line: str, problem: str) -> None:
    """The message has the line and the problem."""
    with pytest.raises(UsageError) as caught:
        parse_script(['{"do": "cut"}', "", line], "--faults f.jsonl")
    assert str(caught.value).startswith("--faults f.jsonl: line 3 is not a fault: ")
    assert problem in str(caught.value)


KEYS = st.sampled_from(
    [
        "do",
        "connection",
        "at",
        "after_bytes",
        "code",
        "seconds",
        "status",
        "what",
        "close",
        "speed",
        "retry_after",
        "after_tasks",
    ]
)
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*FaultAction, *FaultTrigger, "binary"])
)
OBJECTS = st.dictionaries(KEYS, VALUES | st.lists(VALUES, max_size=2), max_size=4)


@given(OBJECTS | VALUES | st.builds(lambda action, more: more | {"do": action}, st.sampled_from(FaultAction), OBJECTS))
def test_any_json_is_a_fault_or_a_usage_error(value: object) -> None:
    """Nothing else comes out."""
    try:
        (fault,) = parse_script([json.dumps(value)]).faults
    except UsageError:
        return
    assert isinstance(fault, InjectedFault)
