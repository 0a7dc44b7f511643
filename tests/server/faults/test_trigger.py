"""Triggers of faults: when each is due on a connection, and which messages it sends."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Final, Finished, Partial
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.protocol.realtime.server_codec import RealtimeServer
from asrcli.protocol.registry import INFERENCE, REALTIME, WIRES
from asrcli.server.faults.script import FaultAction, FaultTrigger, InjectedFault
from asrcli.server.faults.trigger import ConnectionFaults, RecentResults, is_end, is_partial
from tests.support.wire import finish_task, run_task


def connection_faults(*faults: InjectedFault, wire: str = INFERENCE) -> ConnectionFaults:
    """Return the state of a connection with these faults."""
    return ConnectionFaults(faults, WIRES[wire], RecentResults())


@given(st.lists(st.integers(0, 5000), max_size=30), st.integers(1, 60_000))
def test_a_fault_strikes_once_after_its_number_of_bytes(sizes: list[int], count: int) -> None:
    """On both wires, counted in bytes of audio and not of messages."""
    fault, text = (
        InjectedFault(FaultAction.CUT, FaultTrigger.BYTES, count),
        InjectedFault(FaultAction.LATE, FaultTrigger.BYTES, count),
    )
    binary, encoded = connection_faults(fault), connection_faults(text, wire=REALTIME)
    heard = 0
    for size in sizes:
        audio = base64.b64encode(bytes(size)).decode()
        struck = [fault] if heard < count <= heard + size else []
        assert binary.received(bytes(size)) == struck
        assert len(encoded.received(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))) == len(struck)
        heard += size
    assert binary.opened() == binary.sent("{}") == []


def test_each_trigger_waits_for_its_moment() -> None:
    """On a connection a fault strikes once, also when its moment comes again."""
    counts = {FaultTrigger.EVENTS: 2, FaultTrigger.BYTES: 1, FaultTrigger.TASKS: 1}
    faults = [InjectedFault(FaultAction.LATE, when, counts.get(when, 0)) for when in FaultTrigger]
    at = dict(zip(FaultTrigger, faults, strict=True))
    wires = {
        INFERENCE: (run_task(), b"1", finish_task()),
        REALTIME: (
            {"type": "session.update"},
            {"type": "input_audio_buffer.append", "audio": "AAA="},
            {"type": "session.finish"},
        ),
    }
    for wire, messages in wires.items():
        run, audio, finish = (m if isinstance(m, bytes) else json.dumps(m) for m in messages)
        faults_now = connection_faults(*faults, wire=wire)
        assert faults_now.received("{") == faults_now.received('{"type": 1}') == faults_now.sent("1") == []
        assert faults_now.opened() == [at[FaultTrigger.HANDSHAKE]]
        assert faults_now.received(run) == [at[FaultTrigger.RUN_TASK]]
        assert faults_now.sent("2") == [at[FaultTrigger.EVENTS]]
        assert faults_now.received(audio) == [at[FaultTrigger.BYTES]]
        assert faults_now.received(finish) == [at[FaultTrigger.FINISH]]
        assert faults_now.received(run) == [at[FaultTrigger.TASKS]]
        assert [
            *faults_now.opened(),
            *faults_now.received(run),
            *faults_now.sent("3"),
            *faults_now.received(audio),
            *faults_now.received(finish),
        ] == []


def test_tasks_are_counted_over_all_connections() -> None:
    """A fault with after_tasks strikes the next task after that number, on any connection, and once on each."""
    past, fault = RecentResults(), InjectedFault(FaultAction.REFUSE, FaultTrigger.TASKS, 2, status=429)
    first, second = (ConnectionFaults([fault], WIRES[wire], past) for wire in (INFERENCE, REALTIME))
    run, update = json.dumps(run_task()), '{"type": "session.update"}'
    assert first.received(run) == second.received(update) == []
    assert first.received(run) == second.received(update) == [fault]
    assert first.received(run) == []
    with pytest.raises(ServiceRefused, match="Throttling"):
        RealtimeClient(RecognitionSettings("m"), lambda: "c").receive(Text(str(next(second.messages(fault)))))


def test_audio_is_counted_in_seconds_at_the_rate_of_the_task() -> None:
    """An impossible rate counts as the usual one."""
    for rate, expected_s in ((8000, 2.0), (16000, 1.0), (10**400, 1.0), (-1, 1.0), ("x", 1.0)):
        faults_now = connection_faults()
        faults_now.received(json.dumps(run_task(sample_rate=rate)))
        faults_now.received(bytes(32_000))
        assert faults_now.received_s == expected_s


@pytest.mark.parametrize("wire", [INFERENCE, REALTIME])
def test_a_torn_frame_is_shorter_than_its_length_field(wire: str) -> None:
    """It holds half of the last message, or half of a made-up result."""
    faults_now = connection_faults(wire=wire)
    for said in ("", '{"text": "four words of it"}'):
        if said:
            faults_now.sent(said)
        torn = faults_now.torn_frame()
        assert (torn[0], torn[1]) == (0x81, 0x7E)
        assert int.from_bytes(torn[2:4], "big") > len(torn) - 4 > 0


def test_ends_and_partial_results_are_recognized() -> None:
    """In the messages of our own server codecs, with and without translations."""
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


def test_a_duplicate_is_the_last_event() -> None:
    """The same text, character by character."""
    faults_now = connection_faults()
    faults_now.sent("one")
    faults_now.sent("two")
    assert list(faults_now.messages(InjectedFault(FaultAction.DUPLICATE))) == ["two"]


def test_a_late_message_is_from_the_task_before() -> None:
    """From another connection or from the same one; without an earlier result there is no message."""
    past, late = RecentResults(), InjectedFault(FaultAction.LATE)
    first = ConnectionFaults((), WIRES[INFERENCE], past)
    assert list(first.messages(late)) == []
    first.received(json.dumps(run_task("a")))
    first.sent('{"header":{"event":"result-generated","task_id":"a"}}')
    first.sent('{"header":{"event":"task-finished","task_id":"a"}}')
    first.received(json.dumps(run_task("b")))
    assert list(first.messages(late)) == ['{"header":{"event":"result-generated","task_id":"a"}}']
    first.sent('{"header":{"event":"result-generated","task_id":"b"}}')
    second = ConnectionFaults((), WIRES[INFERENCE], past)
    second.received(json.dumps(run_task("c")))
    assert list(second.messages(late)) == ['{"header":{"event":"result-generated","task_id":"b"}}']
    assert list(connection_faults(wire=REALTIME).messages(late)) == []


@pytest.mark.parametrize("close", [True, False])
def test_our_own_client_reads_a_failure(close: bool) -> None:
    """With its code, its message and the id of the task."""
    fault = InjectedFault(FaultAction.FAIL, FaultTrigger.FINISH, code="InternalError", message="天", close=close)
    faults_now = connection_faults(fault)
    client = InferenceClient(RecognitionSettings("m"), lambda: "task")
    for message in client.start():
        assert isinstance(message, Text)
        faults_now.received(message.data)
    with pytest.raises(ServiceRefused, match=r"InternalError: 天 \(task task\)"):
        client.receive(Text(str(next(faults_now.messages(fault)))))
    session = RealtimeClient(RecognitionSettings("m"), lambda: "c")
    with pytest.raises(ServiceRefused, match="InternalError: 天"):
        session.receive(Text(str(next(connection_faults(wire=REALTIME).messages(fault)))))


@pytest.mark.parametrize(("wire", "code"), [(INFERENCE, "EmptyAudio"), (REALTIME, "NO_VALID_AUDIO_ERROR")])
def test_a_service_that_heard_no_sound_says_so_in_the_words_of_its_wire(wire: str, code: str) -> None:
    """And a fault that is no message sends none, whatever the server has sent before."""
    faults_now = connection_faults(wire=wire)
    (message,) = faults_now.messages(InjectedFault(FaultAction.EMPTY_AUDIO, FaultTrigger.FINISH, message="m"))
    assert code in str(message)
    assert faults_now.sent(b"\0") == []
    assert list(faults_now.messages(InjectedFault(FaultAction.CUT, FaultTrigger.FINISH))) == []
