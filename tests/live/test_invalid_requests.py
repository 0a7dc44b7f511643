"""What clients ask for that nobody could do, or that is no request at all: a clear refusal, and nothing else."""

import json
import socket
from typing import Any

import pytest

from asrcli.recognizers.counting import Counting
from asrcli.server.local_server import in_background
from tests.live.fault_messages import WHOLE, whole
from tests.support.wire import INFERENCE, REALTIME, run_task, wire


def deep(depth: int) -> str:
    """JSON in JSON in JSON."""
    return '{"header":' * depth + "{}" + "}" * depth


def context(value: object) -> dict[str, Any]:
    """A run-task with this as its context."""
    asked = run_task()
    asked["payload"]["input"] = {"context": value}
    return asked


ABSURD: dict[str, list[dict[str, Any] | bytes | str]] = {
    "a rate of 10^9": [run_task(sample_rate=10**9)],
    "a rate of 10^400": [run_task(sample_rate=10**400)],
    "a rate of 10^5000": [json.dumps(run_task()).replace("16000", "1" + "0" * 5000)],
    "a rate below zero": [run_task(sample_rate=-16000)],
    "a rate of 1": [run_task(sample_rate=1)],
    "a context that is a number": [context(5)],
    "a context that is a text": [context("x")],
    "deep": [deep(100_000)],
    "too many hot words": [run_task(vocabulary={f"word{number}": 4 for number in range(3000)})],
    "a hot word without end": [run_task(vocabulary={"the" * 1000: 4})],
}


@pytest.mark.parametrize("messages", ABSURD.values(), ids=ABSURD)
def test_what_is_absurd_is_refused_in_words(messages: list[dict[str, Any] | bytes | str]) -> None:
    """In a short message, and the server is there for the next one."""
    with in_background(Counting()) as address:
        with wire(address) as client:
            client.say(*messages)
            header = client.handle("task-failed")["header"]
            assert (header["error_code"], len(header["error_message"]) < 500) == ("InvalidParameter", True)
            assert client.closed() == 1000
        with wire(address) as client:
            assert whole(client) == WHOLE


@pytest.mark.parametrize(
    "odd", [context([5, {"content": 7}, {"content": [8, {"text": 9}]}]),
        run_task(max_sentence_silence=10**400), run_task(speech_noise_threshold=10**400), run_task(vocabulary=5),
        run_task(language_hints=7), run_task(special_word_filter={"filter_with_signed": 1})], ids=range(6),
)  # fmt: skip
def test_what_is_merely_odd_is_passed_over_or_refused(odd: dict[str, Any]) -> None:
    """Never a connection that dies without a word."""
    with in_background(Counting()) as address, wire(address) as client:
        client.say(odd)
        answer = client.hear_next()["header"]
        assert answer["event"] == "task-started" or answer["error_code"] == "InvalidParameter"


def test_half_characters_are_no_reason_to_fall_silent() -> None:
    """In a task id, and in a model of the realtime wire."""
    with in_background(Counting()) as address:
        with wire(address) as client:
            client.say(json.dumps(run_task("\ud800")))
            assert client.hear_next()["header"] == {"task_id": "\ufffd", "event": "task-started", "attributes": {}}
        with wire(address, REALTIME + "?model=%ED%A0%80") as client:
            assert client.hear_next()["type"] == "session.created"


ODD_HEADS = {
    "two keys": (["Authorization: Bearer a", "Authorization: Bearer b"], INFERENCE, 400),
    "two hosts": (["Host: localhost"], INFERENCE, 400),
    "two origins": (["Origin: a", "Origin: b"], INFERENCE, 400),
    "a path that is none": ([], "//[::1", 404),
    "an empty path": ([], "/", 404),
    "a path of dots": ([], "/../../api-ws/v1/inference", 404),
    "a path of bytes": ([], "/\xff\xfe", 400),
    "a long path": ([], "/" + "x" * 3000, 404),
    "a foreign page": (["Origin: https://evil.example"], INFERENCE, 403),
    "a foreign page, elsewhere": (["Origin: https://evil.example"], REALTIME, 403),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("headers", "path", "expected"), ODD_HEADS.values(), ids=ODD_HEADS)
def test_odd_requests_get_a_clear_refusal(headers: list[str], path: str, expected: int, method: str) -> None:
    """In JSON, as a handshake and as a single request: never a 500, never a connection that just ends."""
    if method == "POST" and path in {INFERENCE, REALTIME}:
        path = "/api/v1/tokens"
    with in_background(Counting()) as address:
        host, port = address.removeprefix("ws://").split(":")
        with socket.create_connection((host, int(port))) as line:
            upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
            upgrade = [*upgrade, f"Sec-WebSocket-Key: {'A' * 22}=="] if method == "GET" else ["Content-Length: 0"]
            head = [f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", *headers, *upgrade]
            line.sendall(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
            line.settimeout(60)
            said = b""
            while piece := line.recv(4096):
                said += piece
            first, body = said.split(b"\r\n", 1)[0], said.split(b"\r\n\r\n", 1)[1]
            assert int(first.split()[1]) == expected, said
            assert json.loads(body)["code"]
