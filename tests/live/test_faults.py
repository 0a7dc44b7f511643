"""The server's faults as a client meets them, with raw messages; and its counting engine over both wires."""

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.fault_messages import AUDIO, SESSION, WHOLE, append, faulty, told, whole
from tests.support.command import asr, lines, serving
from tests.support.counted import counted, covered
from tests.support.tone import wav
from tests.support.wire import INFERENCE, PATIENCE_S, finish_task, run_task, status, wire


def test_a_fault_is_for_its_connection_only() -> None:
    """The second is cut, the first and the third are as they should be."""
    with faulty({"connection": 2, "after_bytes": 16000, "do": "cut"}) as address:
        for number in (1, 2, 3):
            with wire(address) as client:
                if number == 2:
                    client.say(run_task(), AUDIO[:9600])
                    client.handle("result-generated")
                    client.say(AUDIO[9600:16000])
                    assert client.closed() == 1006
                else:
                    assert whole(client) == WHOLE


ENDS = {
    "cut": ({"do": "cut"}, 1006),
    "1006": ({"do": "close", "code": 1006}, 1006),
    "1000": ({"do": "close", "code": 1000}, 1000),
    "1013": ({"do": "close", "code": 1013}, 1013),
    "binary": ({"do": "fail", "code": "SystemError"}, 1000),
}
MOMENTS: list[dict[str, Any]] = [{"at": "run-task"}, {"at": "finish"}, {"after_events": 3}, {"after_bytes": 100}]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
@pytest.mark.parametrize(("end", "code"), ENDS.values(), ids=ENDS)
def test_a_connection_ends_as_it_was_written(end: dict[str, Any], code: int, moment: dict[str, Any]) -> None:
    """With its close code, or without a word."""
    with faulty(end | moment) as address, wire(address) as client:
        with suppress(ConnectionClosed):
            client.say(run_task(), AUDIO, finish_task())
        assert client.closed() == code


def test_a_handshake_that_is_fine_and_then_nothing() -> None:
    """On both wires."""
    with faulty({"do": "accept-and-drop"}) as address:
        for path in (INFERENCE, SESSION):
            with wire(address, path) as client:
                assert client.closed() == 1006


def test_a_refused_handshake_has_the_service_s_form() -> None:
    """Its status, its code, and how long to wait; it counts as a connection."""
    refusals = [{"connection": n, "do": "refuse", "status": s} for n, s in enumerate((401, 403, 404, 429, 500), 1)]
    with faulty(*refusals, {"connection": 6, "do": "refuse", "status": 503, "retry_after": 7}) as address:
        answers = [status(address, INFERENCE) for _ in range(5)]
        assert [(code, body["code"]) for code, body in answers] == [
            (401, "InvalidApiKey"), (403, "AccessDenied"), (404, "ModelNotFound"), (429, "Throttling"),
            (500, "InternalError"),
        ]  # fmt: skip
        with pytest.raises(InvalidStatus) as caught, wire(address):
            pass
        assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (503, "7")
        assert status(address, INFERENCE)[0] == 101


def test_a_task_fails_with_the_code_that_was_asked_for() -> None:
    """On the realtime wire as an error event, and with no close after it where that was asked for."""
    fault = {"do": "fail", "code": "Throttling.RateQuota", "message": "slower", "after_bytes": 3200}
    with faulty(fault, fault | {"close": False, "code": "invalid_value"}) as address:
        with wire(address) as client:
            client.say(run_task("x"), AUDIO)
            header = client.handle("task-failed")["header"]
            assert (header["task_id"], header["error_code"], header["error_message"]) == (
                "x", "Throttling.RateQuota", "slower",
            )  # fmt: skip
            assert client.closed() == 1000
        with wire(address, SESSION) as client:
            client.say(append(AUDIO[:3200]))
            error = client.handle("error")["error"]
            assert (error["type"], error["code"], error["message"]) == (
                "server_error",
                "Throttling.RateQuota",
                "slower",
            )
            assert client.closed() == 1011
    with faulty(fault | {"close": False}) as address, wire(address, SESSION) as client:
        client.say(append(AUDIO[:3200]), {"type": "session.finish"})
        client.handle("error")
        client.handle("session.finished")


def test_a_half_open_connection_answers_nothing_and_stays() -> None:
    """Not even a ping; and a client that goes on sending is not told."""
    with faulty({"do": "half-open", "after_events": 2}) as address, wire(address) as client:
        client.say(run_task(), AUDIO[:3200])
        client.handle("task-started")
        client.handle("result-generated")
        client.say(AUDIO, finish_task())
        assert not client.socket.ping().wait(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(0.1)
        client.socket.socket.shutdown(socket.SHUT_RDWR)


def test_a_half_open_handshake_is_never_answered() -> None:
    """The port is open, and nobody speaks."""
    with faulty({"do": "half-open"}) as address:
        host, port = address.removeprefix("ws://").split(":")
        with socket.create_connection((host, int(port))) as line:
            asked = f"GET {INFERENCE} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
            line.sendall((asked + key).encode())
            line.settimeout(0.3)
            with pytest.raises(TimeoutError):
                line.recv(1)


@pytest.mark.parametrize("moment", [{}, {"at": "run-task"}, {"after_bytes": 16000}, {"after_events": 4}], ids=str)
def test_a_stall_passes_and_nothing_is_lost(moment: dict[str, Any]) -> None:
    """What waited comes in its order."""
    with faulty({"do": "stall", "seconds": 0.4} | moment) as address:
        began = time.monotonic()
        with wire(address) as client:
            assert whole(client) == WHOLE
        assert 0.4 <= time.monotonic() - began < 15


def test_a_slow_connection_delays_each_answer() -> None:
    """All of them come, in order."""
    with faulty({"do": "slow", "seconds": 0.03}) as address, wire(address) as client:
        began = time.monotonic()
        assert whole(client) == WHOLE
        assert time.monotonic() - began >= 0.03 * len(WHOLE)


def test_garbage_comes_between_the_events() -> None:
    """Not JSON, binary, and an event that nobody knows; the task goes on."""
    kinds = ("not-json", "binary", "unknown")
    with faulty(*({"do": "garbage", "what": kind, "after_events": 1} for kind in kinds)) as address:
        with wire(address) as client:
            client.say(run_task(), AUDIO, finish_task())
            client.handle("task-started")
            assert client.socket.recv(PATIENCE_S) == '{"oops'
            assert client.socket.recv(PATIENCE_S) == bytes(range(256))
            assert client.hear_next()["header"] == {"event": "sing", "task_id": "t"}
            assert [told(message) for message in client.hear_all("task-finished")] == WHOLE[1:]
        with wire(address, SESSION) as client:
            client.handle("session.created")
            assert client.socket.recv(PATIENCE_S) == '{"oops'
            assert isinstance(client.socket.recv(PATIENCE_S), bytes)
            assert client.hear_next()["type"] == "sing"


def test_an_event_comes_twice() -> None:
    """The last of this many."""
    with faulty({"do": "duplicate", "after_events": 7}) as address, wire(address) as client:
        assert whole(client) == [*WHOLE[:7], *WHOLE[6:]]


def test_an_event_of_the_task_before_comes_late() -> None:
    """With the id of that task, or the item of that session."""
    with faulty(
        {"do": "late", "connection": 2, "at": "run-task"}, {"do": "late", "connection": 4, "after_bytes": 3200}
    ) as address:
        for task_id in ("a", "b"):
            with wire(address) as client:
                client.say(run_task(task_id), AUDIO, finish_task(task_id))
                heard = client.hear_all("task-finished")
                late = [message for message in heard if message["header"]["task_id"] != task_id]
                assert [(message["header"]["task_id"], told(message)) for message in late] == (
                    [("a", "5 6 7 8 9")] if task_id == "b" else []
                )
        items = []
        for _ in range(2):
            with wire(address, SESSION) as client:
                client.say(append(AUDIO), {"type": "session.finish"})
                heard = client.hear_all("session.finished")
                items.append([message["item_id"] for message in heard if message["type"].endswith(".completed")])
        assert (len(items[0]), len(items[1])) == (2, 3)
        assert items[1][0] == items[0][-1]


def test_faulty_connections_do_not_keep_a_server_from_ending() -> None:
    """However long they were to last."""
    began = time.monotonic()
    with faulty({"do": "half-open", "at": "run-task"}) as address, wire(address) as client:
        client.say(run_task())
        with pytest.raises(TimeoutError):
            client.socket.recv(0.1)
        client.socket.socket.shutdown(socket.SHUT_RDWR)
    with faulty({"do": "stall", "seconds": 50, "at": "run-task"}) as address, wire(address) as client:
        client.say(run_task())
        with pytest.raises(TimeoutError):
            client.socket.recv(0.1)
    assert time.monotonic() - began < 25


@pytest.mark.parametrize(
    "options", [(), ("--model", "qwen3-asr-flash-realtime"), ("--no-vad", "--model", "qwen3-asr-flash-realtime")]
)
def test_the_transcript_of_counted_audio_is_whole(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The real command, the real server, each wire and mode; and a stall changes nothing."""
    silent = {7, 8, 9, 10, 11, 12, 30, 31, 32, 33, 34, 35}
    file = wav(tmp_path / "a.wav", counted(60, silent=silent))
    script = tmp_path / "faults.jsonl"
    script.write_text('{"do": "stall", "seconds": 0.2, "after_bytes": 64000}\n')
    with serving("--engine", "counting", "--faults", script) as (address, server):
        done = asr("file", file, "--url", address, "-f", "jsonl", "--pace", "20", *options)
        assert done.returncode == 0, done.stderr
        assert covered(lines(done.stdout), 60, silent=silent) == []
        assert "injects faults" in server.stderr.readline()
        assert "fault on connection 1: stall 0.2 s after bytes 64000" in server.stderr.readline()


def test_a_plan_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    """Before anything is listened at; the file and the line are named."""
    script = tmp_path / "faults.jsonl"
    script.write_text('{"do": "cut"}\n{"do": "explode"}\n')
    for arguments, problem in (
        (("--faults", script), f"--faults {script}: line 2 is not a fault: do 'explode' is not one of cut"),
        (("--faults", tmp_path / "none"), "none: No such file or directory"),
        (("--faults", script, "--chaos", 1), "--faults with --chaos"),
        (("--engine", "counting", "--script", script), "--script without --engine scripted"),
        (("--engine", "counting", "--local-two-pass", "never"), "--engine counting with --local-two-pass"),
    ):
        done = asr("serve", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert problem in done.stderr
