"""The server with raw messages: who may connect, its limits, and how it stops."""

import asyncio
import base64
import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from asrcli.core.errors import SettingError
from asrcli.core.settings import Secret
from asrcli.recognizers.scripted import Scripted
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import LocalServer, in_background
from tests.support.command import asr, serving
from tests.support.wire import INFERENCE, PATIENCE_S, REALTIME, finish_task, run_task, status, wait_until, wire

SECOND = bytes(32000)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server with limits that a test can reach. It waits for a client as long as usual."""
    with in_background(Scripted(), ServerLimits(message_bytes=100_000, connections=8)) as address:
        yield address


@pytest.fixture
def impatient() -> Iterator[str]:
    """A server that waits for nobody, for tests that wait for its end of a connection."""
    with in_background(Scripted(), ServerLimits(no_audio_s=0.5, no_task_s=0.6)) as address:
        yield address


def sentence(result: dict[str, Any]) -> dict[str, Any]:
    """The sentence in a result-generated."""
    found: dict[str, Any] = result["payload"]["output"]["sentence"]
    return found


def test_a_task_goes_from_run_task_to_task_finished(server: str) -> None:
    """run-task, audio in one large piece, finish-task: results, then the end; the connection stays open."""
    with wire(server) as client:
        for number in ("a", "b", "c"):
            client.say(run_task(number))
            assert client.handle("task-started")["header"] == {
                "task_id": number, "event": "task-started", "attributes": {},
            }  # fmt: skip
            client.say(SECOND, SECOND[:16000], finish_task(number))
            heard = client.hear_all("task-finished")
            assert {message["header"]["task_id"] for message in heard} == {number}
            assert [sentence(r)["text"] for r in heard[:-1] if sentence(r)["sentence_end"]] == [
                "sentence 1",
                "sentence 2",
            ]
            assert heard[-1]["payload"] == {"output": {}, "usage": None}


@pytest.mark.parametrize("path", [INFERENCE, INFERENCE + "/", REALTIME + "?model=m", REALTIME + "/?model=m&x=y"])
def test_the_service_s_paths_are_open_with_and_without_a_slash(server: str, path: str) -> None:
    """As its own samples write them; so is any header a client of theirs may send."""
    headers = {"OpenAI-Beta": "realtime=v1", "Origin": server.replace("ws", "http"), "X-DashScope-WorkSpace": "w"}
    assert status(server, path, **headers)[0] == 101


def test_another_path_is_not_found(server: str) -> None:
    """With the paths that there are."""
    code, body = status(server, "/api-ws/v2/inference")
    assert (code, body["code"]) == (404, "NotFound")
    assert INFERENCE in body["message"]


def test_the_path_of_a_single_request_says_that_it_is_one(server: str) -> None:
    """A browser, for one, asks the other way."""
    code, body = status(server, "/api/v1/tokens")
    assert (code, body["code"], body["message"]) == (405, "MethodNotAllowed", "This path takes POST only.")


def test_a_key_is_checked_as_the_service_does(tmp_path: Path) -> None:
    """Bearer in any case, the key alone, or api_key in the address; a wrong one gets 401 and the service's words."""
    key_file = tmp_path / "key"
    key_file.write_text("sk-right\n")
    with serving("--engine", "scripted", "--api-key-file", key_file) as (address, _):
        for scheme in ("Bearer", "bearer", "BEARER"):
            assert status(address, INFERENCE, Authorization=f"{scheme} sk-right")[0] == 101
        assert status(address, INFERENCE, Authorization="sk-right")[0] == 101
        assert status(address, f"{INFERENCE}?api_key=sk-right")[0] == 101
        for headers in (
            {},
            {"Authorization": "Bearer sk-wrong"},
            {"Authorization": "sk-wrong"},
            {"Authorization": "Basic sk-right"},
        ):
            code, body = status(address, INFERENCE, **headers)
            assert (code, body["code"], body["message"]) == (401, "InvalidApiKey", "Invalid API-key provided.")
            assert body["request_id"]


def test_a_refused_handshake_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs the server sees that a client has a wrong key or path; the key is not shown."""
    caplog.set_level(logging.INFO, "asrcli.server")
    with in_background(Scripted(), key=Secret("sk-right")) as address:
        assert status(address, INFERENCE, Authorization="Bearer sk-wrong")[0] == 401
        assert status(address, "/nowhere", Authorization="Bearer sk-right")[0] == 404
    assert "refused: InvalidApiKey: Invalid API-key provided." in caplog.text
    assert "refused: NotFound: No such path; there are /api-ws/v1/inference" in caplog.text
    assert "sk-" not in caplog.text


def test_other_machines_are_let_in_only_with_a_key() -> None:
    """Never beyond loopback by accident."""
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):  # noqa: S104  the refusal is under test
        with pytest.raises(SettingError, match=f"^host {host}: accepts connections from other machines$"):
            LocalServer(Scripted(), host)
    LocalServer(Scripted(), "0.0.0.0", keys=ApiKeys([ApiKey("", Secret("sk-x"))]))  # noqa: S104
    for host in ("127.0.0.1", "::1", "[::1]", "localhost", "LOCALHOST"):
        LocalServer(Scripted(), host)


def test_no_more_connections_than_the_limit(server: str) -> None:
    """The ninth is refused, and is accepted when another one has left."""
    with wire(server) as client:
        client.say(run_task())
        more = [wire(server) for _ in range(7)]
        opened = [manager.__enter__() for manager in more]
        assert status(server, INFERENCE)[0] == 503
        more[0].__exit__(None, None, None)
        wait_until(lambda: status(server, INFERENCE)[0] == 101)
        for manager in more[1:]:
            manager.__exit__(None, None, None)
        assert len(opened) == 7


MALFORMED: dict[str, list[dict[str, Any] | bytes | str]] = {
    "no JSON": ["{"],
    "no object": ["[]"],
    "no header": [{"payload": {}}],
    "unknown action": [{"header": {"action": "sing", "task_id": "t"}, "payload": {"input": {}}}],
    "no input": [{"header": run_task()["header"], "payload": {"model": "m", "parameters": {}}}],
    "unknown format": [run_task(format="midi")],
    "a second task": [run_task("t"), run_task("u")],
    "the end of another task": [run_task("t"), finish_task("u")],
}


@pytest.mark.parametrize("messages", MALFORMED.values(), ids=MALFORMED)
def test_a_mistake_fails_the_task_and_closes_the_connection(
    server: str, messages: list[dict[str, Any] | bytes | str]
) -> None:
    """With the three keys that the official SDK reads."""
    with wire(server) as client:
        client.say(*messages)
        header = client.handle("task-failed")["header"]
        assert header["error_code"] == "InvalidParameter"
        assert header["error_message"]
        assert "task_id" in header
        assert client.closed() == 1000


def test_a_mistake_on_the_realtime_wire_leaves_the_session_open(server: str) -> None:
    """An error event, and on it goes."""
    with wire(server, REALTIME + "?model=m") as client:
        assert client.handle("session.created")["session"]["model"] == "m"
        about = {"event_id": "event_of_mine"}
        for mistake in ("{", about | {"type": "sing"}, about | {"type": "input_audio_buffer.commit"}):
            client.say(mistake)
            error = client.handle("error")["error"]
            assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_value")
            assert error["event_id"] == (None if mistake == "{" else "event_of_mine")
        audio = base64.b64encode(SECOND).decode()
        client.say({"type": "input_audio_buffer.append", "audio": audio}, {"type": "session.finish"})
        names = [message["type"] for message in client.hear_all("session.finished")]
        assert "conversation.item.input_audio_transcription.completed" in names


def test_a_message_too_large_closes_the_connection(server: str) -> None:
    """1009, as the WebSocket protocol has it; others are not disturbed."""
    with wire(server) as client, wire(server) as other:
        client.say(run_task(), bytes(200_000))
        assert client.closed() == 1009
        other.say(run_task())
        other.handle("task-started")


def test_a_task_that_hears_nothing_is_ended(impatient: str) -> None:
    """The 23 s rule, in the service's own words."""
    with wire(impatient) as client:
        client.say(run_task(heartbeat=True), SECOND)
        header = client.handle("task-failed")["header"]
        assert (header["error_code"], header["error_message"]) == ("CLIENT_ERROR", "request timeout after 23 seconds.")
        assert client.closed() == 1000


def test_waiting_for_the_recognizer_is_not_idleness() -> None:
    """Between finish-task and task-finished only the server may be late."""
    limits = ServerLimits(no_audio_s=LATE_S / 2, no_task_s=LATE_S / 2)
    with in_background(Slow(), limits) as address, wire(address) as client:
        client.say(run_task(), SECOND, finish_task())
        assert sentence(client.handle("result-generated"))["text"] == "sentence 1"
        client.handle("task-finished")


LATE_S = 1.2  # half of it is enough for a busy machine to send what follows a message


class Slow(Scripted):
    """A recognizer that takes its time."""

    async def open(self, recognition: Any) -> Any:
        """A session whose answers come late."""
        stream = await super().open(recognition)
        send = stream.send

        async def send_late(command: Any) -> None:
            await asyncio.sleep(LATE_S)
            await send(command)

        stream.send = send_late  # type: ignore[method-assign]
        return stream


def test_long_silence_ends_a_task_without_heartbeat_and_not_one_with() -> None:
    """The 60 s rule: quiet for this long on the clock and in the audio."""
    with in_background(Scripted(()), ServerLimits(silent_s=0.3)) as address:
        for heartbeat, end in ((True, "task-finished"), (False, "task-failed")):
            with wire(address) as client:
                client.say(run_task(heartbeat=heartbeat), SECOND)
                client.handle("task-started")
                threading.Event().wait(0.4)
                client.say(bytes(3200), *([finish_task()] if heartbeat else []))
                header = client.hear_all(end)[-1]["header"]
                assert header.get("error_code") == (None if heartbeat else "RequestTimeOut")


def test_a_connection_without_a_task_is_closed_after_a_while(impatient: str) -> None:
    """Before the first one; after one it is in test_idle_clients.py."""
    began = time.monotonic()  # before the server's own time begins
    with wire(impatient) as client:
        assert client.closed() == 1000
        assert time.monotonic() - began >= 0.5


def test_a_client_that_is_faster_than_the_recognizer_has_to_wait() -> None:
    """Audio that waits in the server is bounded: the socket is not read while there is too much."""
    with in_background(Slow(), ServerLimits(backlog_bytes=50_000)) as address, wire(address) as client:
        client.say(run_task())
        client.handle("task-started")
        sent = threading.Event()

        def send() -> None:
            with contextlib.suppress(ConnectionClosed):
                client.say(*[bytes(1_000_000)] * 40)
                sent.set()

        threading.Thread(target=send, daemon=True).start()
        assert not sent.wait(1)  # 40 MB did not disappear into the server's memory
        client.socket.socket.shutdown(socket.SHUT_RDWR)


def test_sigterm_lets_a_running_task_end_and_lets_nobody_else_in() -> None:
    """And then the server goes with exit code 0."""
    with serving("--engine", "scripted") as (address, process), wire(address) as client:
        client.say(run_task())
        client.handle("task-started")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: status(address, INFERENCE)[0] == 503)
        client.say(SECOND, finish_task())
        client.handle("task-finished")
        assert client.closed() == 1001
        assert process.wait(PATIENCE_S) == 0
        assert "finished wire=inference model=m task=t audio=1.00s sentences=1" in process.stderr.read()


def test_an_idle_server_goes_at_once() -> None:
    """It does not wait as it would for running tasks."""
    with serving("--engine", "scripted") as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(ServerLimits().drain_s * 0.9) == 0


def test_a_port_that_is_taken_is_named() -> None:
    """One line, with what to do."""
    with serving("--engine", "scripted") as (address, _):
        done = asr("serve", "--engine", "scripted", "--port", address.rsplit(":", 1)[1])
    assert done.returncode == 2
    assert "choose another --port" in done.stderr
    assert done.stdout == ""
