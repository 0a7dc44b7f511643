"""Transcription sessions and conversations at /v1/realtime, with raw messages: order, errors, and nothing lost."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from asrcli.core.settings import Secret
from asrcli.recognizers.scripted import Scripted
from asrcli.server.local_server import in_background
from tests.support.wire import Wire, wire

PATH, ITEM = "/v1/realtime", "conversation.item.input_audio_transcription."
SECOND = base64.b64encode(bytes(48_000)).decode()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server that finds a sentence in each second."""
    with in_background(Scripted()) as address:
        yield address


def event(name: str, **fields: Any) -> dict[str, Any]:
    """A client event with its name as its id."""
    return {"type": name, "event_id": name, **fields}


def sound(seconds: int = 1) -> list[dict[str, Any]]:
    """This many seconds of audio."""
    return [event("input_audio_buffer.append", audio=SECOND) for _ in range(seconds)]


def place(heard: list[dict[str, Any]], name: str) -> int:
    """Where an event of this name is, the last one."""
    return max(at for at, message in enumerate(heard) if message["type"] == name)


def ended(client: Wire) -> list[dict[str, Any]]:
    """All messages up to the one that answers clear."""
    return client.hear_all("input_audio_buffer.cleared")


def test_a_clear_after_the_last_commit_is_answered_after_its_item(server: str) -> None:
    """So clients end a session: who reads `cleared` has been told of each item, or that there was none."""
    ending = [event("input_audio_buffer.commit"), event("input_audio_buffer.clear")]
    with wire(server, PATH) as client:
        for _ in range(20):  # the commit and the clear are read at once, so their answers could meet
            client.say(event("input_audio_buffer.append", audio=SECOND[:40_000]), *ending)
            heard = ended(client)
            assert place(heard, "input_audio_buffer.committed") == place(heard, "conversation.item.added") - 1
            assert heard[place(heard, f"{ITEM}completed")]["transcript"].startswith("sentence")
        client.say(*ending)
        (error, _) = ended(client)
        assert error["error"]["code"] == "input_audio_buffer_commit_empty"
        assert error["error"]["event_id"] == "input_audio_buffer.commit"


def test_a_conversation_gets_its_transcripts_and_the_notice_that_there_are_no_answers(server: str) -> None:
    """On the address with a model that a conversation uses; nothing ends the connection."""
    session = {"type": "realtime", "model": "gpt-realtime", "audio": {"input": {"transcription": {"model": "m"}}}}
    with wire(server, f"{PATH}?model=gpt-realtime") as client:
        assert client.hear_next()["type"] == "session.created"
        client.say(event("session.update", session=session))
        assert client.hear_next()["session"]["type"] == "realtime"
        client.say(event("conversation.item.create", item={"type": "message"}), event("response.create"))
        heard = client.hear_all("response.done")
        assert [message["type"] for message in heard] == ["error", "error", "response.created", "response.done"]
        assert heard[-1]["response"]["status"] == "failed"
        client.say(*sound(2))
        assert client.handle(f"{ITEM}completed")["transcript"] == "sentence 1"


def test_nothing_odd_ends_a_session(server: str) -> None:
    """Each mistake is one error, and what follows is carried out."""
    odd: list[dict[str, Any] | str] = [
        "not json", "[]", "{}", event("x.unknown"), event("session.update"), event("session.update", session=None),
        event("input_audio_buffer.append"), event("input_audio_buffer.append", audio=None),
        event("input_audio_buffer.append", audio="%%%"), event("input_audio_buffer.commit", final=True),
    ]  # fmt: skip
    with wire(server, PATH) as client:
        client.hear_next()
        for message in odd:
            client.say(message)
            error = client.hear_next()
            assert (error["type"], error["error"]["type"]) == ("error", "invalid_request_error")
        client.say(*sound(2))
        assert client.handle(f"{ITEM}completed")["transcript"] == "sentence 1"


def post(address: str, path: str, body: Any, key: str = "") -> tuple[int, dict[str, Any]]:
    """Status and body of a request."""
    url = address.replace("ws", "http", 1) + path
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=60) as response:
            return response.status, json.load(response)
    except HTTPError as exc:
        with exc:
            return exc.code, json.load(exc)


MANUAL = {"audio": {"input": {"turn_detection": None, "transcription": {"model": "mine"}}}}


def test_a_client_with_a_secret_begins_with_the_session_of_its_request() -> None:
    """As a browser connects, with the secret among its subprotocols; the secret is no key for another secret."""
    with in_background(Scripted(), key=Secret("sk-right")) as address:
        status, made = post(
            address, f"{PATH}/client_secrets", {"session": {"type": "transcription"} | MANUAL}, "sk-right"
        )
        assert (status, made["value"][:3], made["session"]["type"]) == (200, "ek_", "transcription")
        assert made["session"]["audio"]["input"]["turn_detection"] is None
        offered = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{made['value']}")]
        with connect(address + PATH, subprotocols=offered, proxy=None, close_timeout=1) as socket:
            assert socket.subprotocol == "realtime"
            client = Wire(socket)
            assert client.hear_next()["session"]["audio"]["input"]["transcription"]["model"] == "mine"
            client.say(*sound(), event("input_audio_buffer.commit"))
            assert client.handle(f"{ITEM}completed")["transcript"] == "sentence 1"
        assert post(address, f"{PATH}/client_secrets", {}, made["value"])[0] == 401
        with wire(address, PATH, Authorization="Bearer sk-right") as client:
            assert client.hear_next()["session"]["audio"]["input"]["turn_detection"]["type"] == "server_vad"


def test_secrets_of_the_older_shape_and_what_is_refused(server: str) -> None:
    """In the shapes of OpenAI; a server without keys gives secrets too, for clients that ask for one first."""
    flat = {"input_audio_format": "g711_alaw", "turn_detection": None}
    status, made = post(server, f"{PATH}/transcription_sessions", flat)
    assert (status, made["input_audio_format"], made["turn_detection"]) == (200, "g711_alaw", None)
    assert made["client_secret"]["value"].startswith("ek_")
    assert post(server, f"{PATH}/client_secrets", {})[1]["session"]["type"] == "transcription"
    for wanted in (
        {"expires_after": {"anchor": "created_at", "seconds": 9}},
        {"expires_after": {"anchor": "later"}},
        {"session": {"type": "translation"}},
        {"session": {"prompt": "x" * 10_000}},
    ):
        status, body = post(server, f"{PATH}/client_secrets", wanted)
        assert (status, body["error"]["type"], body["error"]["code"]) == (400, "invalid_request_error", "invalid_value")
