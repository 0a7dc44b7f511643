"""Faults on paper: scripts, triggers, and what they say."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ServiceRefused, UsageError
from asrcli.core.events import Final, Finished, Partial
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient, InferenceServer
from asrcli.protocol.realtime.codec import RealtimeClient, RealtimeServer
from asrcli.protocol.registry import INFERENCE_PATH, REALTIME_PATH
from asrcli.server.faults.script import FaultAction, FaultScript, FaultTrigger, InjectedFault, parse_script
from asrcli.server.faults.trigger import FaultWatch, LastWords, is_end, is_partial
from tests.support.wire import finish_task, run_task

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
    """One object to a line."""
    assert parse_script(["", line, " "]).faults == (fault,)
    assert str(fault).startswith(fault.do)


def test_a_fault_befalls_its_connection_or_all() -> None:
    """In the order of the script."""
    plan = parse_script(SCRIPT)
    assert plan.of(1) == tuple(fault for fault in SCRIPT.values() if fault.connection in {1, None})
    assert [fault.do for fault in FaultScript(plan.faults[:2]).of(2)] == [FaultAction.CUT, FaultAction.CLOSE]
    assert [fault.do for fault in FaultScript(plan.faults[:2]).of(3)] == [FaultAction.CLOSE]


WRONG = {
    "{": "not JSON",
    "[" * 100_000: "not JSON",
    "[]": "not an object",
    "{}": "do None is none of cut, close",
    '{"do": ["cut"]}': "is none of cut, close",
    '{"do": "explode"}': "do 'explode' is none of cut, close",
    '{"do": "cut", "code": 1}': "cut has no code",
    '{"do": "cut", "after_byte": 1}': "cut has no after_byte",
    '{"do": "cut", "after_bytes": 1, "at": "finish"}': "at and after_bytes are one too many",
    '{"do": "cut", "after_bytes": -1}': "after_bytes -1 is not a whole number from 1 on",
    '{"do": "cut", "after_events": true}': "after_events True is not a whole number from 1 on",
    '{"do": "cut", "after_events": 0}': "after_events 0 is not a whole number from 1 on",
    '{"do": "cut", "connection": 0}': "connection 0 is not a whole number from 1 on",
    '{"do": "cut", "connection": "1"}': "connection '1' is not a whole number from 1 on",
    '{"do": "cut", "at": "noon"}': "at 'noon' is none of handshake, run-task, finish",
    '{"do": "cut", "at": ["finish"]}': "is none of handshake, run-task, finish",
    '{"do": "cut", "at": "after_bytes"}': "at 'after_bytes' is none of handshake, run-task, finish",
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
def test_what_is_no_fault_is_named_with_its_line(line: str, problem: str) -> None:
    """In one sentence that says what would be one."""
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


@given(OBJECTS | VALUES | st.builds(lambda do, more: more | {"do": do}, st.sampled_from(FaultAction), OBJECTS))
def test_any_json_is_a_fault_or_a_usage_error(value: object) -> None:
    """Nothing else comes out."""
    try:
        (fault,) = parse_script([json.dumps(value)]).faults
    except UsageError:
        return
    assert isinstance(fault, InjectedFault)


def watching(*faults: InjectedFault, path: str = INFERENCE_PATH) -> FaultWatch:
    """A connection with these faults."""
    return FaultWatch(faults, path, LastWords())


@given(st.lists(st.integers(0, 5000), max_size=30), st.integers(1, 60_000))
def test_a_fault_strikes_once_when_so_much_audio_has_come(sizes: list[int], count: int) -> None:
    """On both wires, counted as audio and not as what carries it."""
    fault, text = (
        InjectedFault(FaultAction.CUT, FaultTrigger.BYTES, count),
        InjectedFault(FaultAction.LATE, FaultTrigger.BYTES, count),
    )
    binary, encoded = watching(fault), watching(text, path=REALTIME_PATH)
    heard = 0
    for size in sizes:
        audio = base64.b64encode(bytes(size)).decode()
        struck = [fault] if heard < count <= heard + size else []
        assert binary.heard(bytes(size)) == struck
        assert len(encoded.heard(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))) == len(struck)
        heard += size
    assert binary.opened() == binary.said("{}") == []


def test_each_trigger_waits_for_its_moment() -> None:
    """On a connection a fault strikes once, whatever comes again."""
    counts = {FaultTrigger.EVENTS: 2, FaultTrigger.BYTES: 1, FaultTrigger.TASKS: 1}
    faults = [InjectedFault(FaultAction.LATE, when, counts.get(when, 0)) for when in FaultTrigger]
    at = dict(zip(FaultTrigger, faults, strict=True))
    wires = {
        INFERENCE_PATH: (run_task(), b"1", finish_task()),
        REALTIME_PATH: (
            {"type": "session.update"},
            {"type": "input_audio_buffer.append", "audio": "AAA="},
            {"type": "session.finish"},
        ),
    }
    for path, messages in wires.items():
        run, audio, finish = (m if isinstance(m, bytes) else json.dumps(m) for m in messages)
        watch = watching(*faults, path=path)
        assert watch.heard("{") == watch.heard('{"type": 1}') == watch.said("1") == []
        assert watch.opened() == [at[FaultTrigger.HANDSHAKE]]
        assert watch.heard(run) == [at[FaultTrigger.RUN_TASK]]
        assert watch.said("2") == [at[FaultTrigger.EVENTS]]
        assert watch.heard(audio) == [at[FaultTrigger.BYTES]]
        assert watch.heard(finish) == [at[FaultTrigger.FINISH]]
        assert watch.heard(run) == [at[FaultTrigger.TASKS]]
        assert [*watch.opened(), *watch.heard(run), *watch.said("3"), *watch.heard(audio), *watch.heard(finish)] == []


def test_tasks_are_counted_over_all_connections() -> None:
    """What waits for them strikes the task behind so many, on whatever connection, once on each."""
    past, fault = LastWords(), InjectedFault(FaultAction.REFUSE, FaultTrigger.TASKS, 2, status=429)
    first, second = (FaultWatch([fault], path, past) for path in (INFERENCE_PATH, REALTIME_PATH))
    run, update = json.dumps(run_task()), '{"type": "session.update"}'
    assert first.heard(run) == second.heard(update) == []
    assert first.heard(run) == second.heard(update) == [fault]
    assert first.heard(run) == []
    with pytest.raises(ServiceRefused, match="Throttling"):
        RealtimeClient(RecognitionSettings("m"), lambda: "c").receive(Text(str(next(second.words(fault)))))


def test_audio_is_counted_in_seconds_at_the_rate_of_the_task() -> None:
    """A rate that is none counts as the usual one."""
    for rate, expected_s in ((8000, 2.0), (16000, 1.0), (10**400, 1.0), (-1, 1.0), ("x", 1.0)):
        watch = watching()
        watch.heard(json.dumps(run_task(sample_rate=rate)))
        watch.heard(bytes(32_000))
        assert watch.heard_s == expected_s


@pytest.mark.parametrize("path", [INFERENCE_PATH, REALTIME_PATH])
def test_a_torn_frame_announces_more_than_it_holds(path: str) -> None:
    """Half of the last message, or of one that nobody asked for."""
    watch = watching(path=path)
    for said in ("", '{"text": "four words of it"}'):
        if said:
            watch.said(said)
        torn = watch.torn()
        assert (torn[0], torn[1]) == (0x81, 0x7E)
        assert int.from_bytes(torn[2:4], "big") > len(torn) - 4 > 0


def test_messages_are_told_apart_by_what_they_are() -> None:
    """Ends and partial results, of our own server codecs, translations too."""
    for translates in (False, True):
        asked = InferenceServer(lambda: "t")
        run = run_task(translation_enabled=translates, translation_target_languages=["en"])
        run["payload"]["model"] = "gummy-realtime-v1" if translates else "m"
        asked.receive(Text(json.dumps(run)))
        (partial,) = asked.encode(Partial("1", 0, "a", "b", translation="c", translated_into="en"))
        (final,) = asked.encode(Final("1", 0, 1, "a", translation="c", translated_into="en"))
        (end,) = asked.encode(Finished())
        found = [(is_partial(each.data), is_end(each.data)) for each in (partial, final, end) if isinstance(each, Text)]
        assert found == [(True, False), (False, False), (False, True)]
    session = RealtimeServer(lambda: "t")
    events = (Partial("1", 0, "a", ""), Final("1", 0, 1, "a"), Finished())
    (partial,), (final,), (end,) = (session.encode(event) for event in events)
    found = [(is_partial(each.data), is_end(each.data)) for each in (partial, final, end) if isinstance(each, Text)]
    assert found == [(True, False), (False, False), (False, True)]
    assert not is_partial(b"binary")


def test_a_duplicate_is_the_event_that_has_gone() -> None:
    """Letter by letter."""
    watch = watching()
    watch.said("one")
    watch.said("two")
    assert list(watch.words(InjectedFault(FaultAction.DUPLICATE))) == ["two"]


def test_what_comes_late_is_of_the_task_before() -> None:
    """Of another connection, or of the same; where nothing was said before there is nothing to say."""
    past, late = LastWords(), InjectedFault(FaultAction.LATE)
    first = FaultWatch((), INFERENCE_PATH, past)
    assert list(first.words(late)) == []
    first.heard(json.dumps(run_task("a")))
    first.said('{"header":{"event":"result-generated","task_id":"a"}}')
    first.said('{"header":{"event":"task-finished","task_id":"a"}}')
    first.heard(json.dumps(run_task("b")))
    assert list(first.words(late)) == ['{"header":{"event":"result-generated","task_id":"a"}}']
    first.said('{"header":{"event":"result-generated","task_id":"b"}}')
    second = FaultWatch((), INFERENCE_PATH, past)
    second.heard(json.dumps(run_task("c")))
    assert list(second.words(late)) == ['{"header":{"event":"result-generated","task_id":"b"}}']
    assert list(watching(path=REALTIME_PATH).words(late)) == []


@pytest.mark.parametrize("close", [True, False])
def test_a_failure_is_one_to_our_own_client(close: bool) -> None:
    """With its code, its words and the id of the task."""
    fault = InjectedFault(FaultAction.FAIL, FaultTrigger.FINISH, code="InternalError", message="天", close=close)
    watch = watching(fault)
    client = InferenceClient(RecognitionSettings("m"), lambda: "task")
    for message in client.start():
        assert isinstance(message, Text)
        watch.heard(message.data)
    with pytest.raises(ServiceRefused, match=r"InternalError: 天 \(task task\)"):
        client.receive(Text(str(next(watch.words(fault)))))
    session = RealtimeClient(RecognitionSettings("m"), lambda: "c")
    with pytest.raises(ServiceRefused, match="InternalError: 天"):
        session.receive(Text(str(next(watching(path=REALTIME_PATH).words(fault)))))
