"""The command against services that misbehave, each in its own way: what is lost is named, and nothing hangs."""

import json
import socket
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from asrcli.core.audio import Format
from asrcli.core.client_commands import FinishTask
from asrcli.core.errors import ConnectionLost
from asrcli.core.events import Final, Finished, Gap
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import Run
from asrcli.sources.file import FileSource
from asrcli.transport.websocket import dial
from tests.support.command import PATIENCE_S, asr, lines
from tests.support.inference_socket import begun
from tests.support.listener import Listener
from tests.support.misbehaving_service import Play, answering, service
from tests.support.tone import tone, wav

QWEN = "qwen3-asr-flash-realtime"


def failing(connection: ServerConnection) -> None:
    """A task that fails after its first sentence."""
    begun(connection).fail("Throttling.RateQuota", "Requests rate limit exceeded")
    connection.close()


def overflowing(connection: ServerConnection) -> None:
    """A service that closes with a code of its own."""
    begun(connection)
    connection.close(1011, "internal error")


def vanishing(connection: ServerConnection) -> None:
    """A connection that is cut without a word."""
    begun(connection)
    connection.socket.shutdown(socket.SHUT_RDWR)


def early(connection: ServerConnection) -> None:
    """A service that ends the task by itself."""
    speaking = begun(connection)
    connection.send('{"header":{"task_id":"","event":"task-finished"},"payload":{"output":{},"usage":null}}')
    speaking.handle(FinishTask)


BREAKS = {
    "task-failed": (failing, 5, "Throttling.RateQuota: Requests rate limit exceeded"),
    "close 1011": (overflowing, 4, "connection lost: internal error (close code 1011)"),
    "cut": (vanishing, 4, "connection lost"),
    "an end too early": (early, 4, "ended the task before the audio ended"),
}


@pytest.mark.parametrize(("play", "code", "said"), BREAKS.values(), ids=BREAKS)
def test_whatever_ends_a_task_early_keeps_its_finals_and_names_the_rest(
    tmp_path: Path, play: Play, code: int, said: str
) -> None:
    """The final is out, the partial is not taken for one, the gap reaches to the end of the file."""
    with service(play) as address:
        done = asr(
            "file",
            wav(tmp_path / "a.wav", tone(5000)),
            "--url",
            address,
            "-f",
            "jsonl",
            "--pace",
            "5",
            "--no-reconnect",
        )
    assert done.returncode == code
    assert said in done.stderr.splitlines()[-1]
    assert len(done.stderr.splitlines()[-1]) < 300
    final, gap, end = lines(done.stdout)[-3:]
    assert (final["type"], final["text"]) == ("final", "one")
    assert (gap["type"], gap["begin_ms"], gap["end_ms"]) == ("gap", 500, 5000)
    assert (end["audio_ms"], end["covered_ms"], end["lost_ms"], end["sentences"]) == (5000, 500, 4500, 1)


def babbling(connection: ServerConnection) -> None:
    """A service that sends what is no message, again and again, between its sentences."""
    speaking = begun(connection)
    for junk in ("oops " * 1000, "", "[]", b"", b"\xff\x00", '{"header":{}}', '{"error":"no"}') * 2:
        connection.send(junk)
    speaking.handle(FinishTask)
    speaking.say(Final("2", 500, 1000, "two"), Finished())


def test_what_is_no_message_ends_nothing_and_is_reported_once(tmp_path: Path) -> None:
    """The sentences on both sides of it come out; a warning for each kind of nonsense, however often it comes."""
    with service(babbling) as address:
        done = asr("file", wav(tmp_path / "a.wav", tone(1000)), "--url", address, "-f", "jsonl", "--pace", "max")
    assert done.returncode == 0
    assert [line["text"] for line in lines(done.stdout) if line["type"] == "final"] == ["one", "two"]
    told = [line for line in done.stderr.splitlines() if "cannot be read" in line]
    assert [line.rpartition(" read: ")[2].partition(":")[0] for line in told] == [
        "not JSON", "an empty message", "not a JSON object", "a binary message instead of a text message",
        "field header.event is missing",
    ]  # fmt: skip
    assert max(map(len, told)) < 300


def silent(connection: ServerConnection) -> None:
    """A service that hears the end and says nothing more."""
    begun(connection).handle(FinishTask)
    connection.recv(100)


def test_a_service_that_falls_silent_at_the_end_is_given_up(tmp_path: Path) -> None:
    """The idle timer, counted from the last message; what was final stays."""
    listener = Listener()
    source = FileSource(str(wav(tmp_path / "a.wav", tone(1000))), Format(16000))
    with service(silent) as address:
        asked = ConnectionSettings(address, idle_timeout_s=0.5)
        plan = RunPlan("m", lambda _: InferenceClient(RecognitionSettings("m"), lambda: "t"), dial, asked, None)
        with pytest.raises(ConnectionLost, match="no answer"):
            Run(plan, [listener]).transcribe([source])
    assert listener.of(Final) == [Final("1", 0, 500, "one")]
    assert [(gap.begin_ms, gap.end_ms) for gap in listener.of(Gap) if isinstance(gap, Gap)] == [(500, 1000)]


def failed_item(connection: ServerConnection) -> None:
    """A realtime session in which one of two utterances cannot be transcribed."""
    item = "conversation.item.input_audio_transcription"
    answers: list[dict[str, Any]] = [
        {"type": "session.updated", "session": {"id": "s"}},
        {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "a"},
        {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 400, "item_id": "a"},
        {"type": f"{item}.failed", "item_id": "a", "error": {"code": "decode", "message": "no"}},
        {"type": "input_audio_buffer.speech_started", "audio_start_ms": 500, "item_id": "b"},
        {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 900, "item_id": "b"},
        {"type": f"{item}.completed", "item_id": "b", "transcript": "two"},
    ]
    connection.send(json.dumps(answers[0]))
    while json.loads(connection.recv(PATIENCE_S))["type"] != "session.finish":
        pass
    for answer in answers[1:]:  # it speaks of audio that it has
        connection.send(json.dumps(answer))
    connection.send('{"type":"session.finished"}')


def test_audio_the_service_could_not_transcribe_is_a_gap_and_exit_code_6(tmp_path: Path) -> None:
    """The run goes on to its end, and says that it is not whole."""
    with service(failed_item) as address:
        done = asr("file", wav(tmp_path / "a.wav", tone(1000)), "--url", address, "--model", QWEN, "-f", "jsonl")
    assert done.returncode == 6
    assert "finished, but 0.40 s of audio was lost" in done.stderr
    _, gap, final, end = lines(done.stdout)
    assert (gap["begin_ms"], gap["end_ms"], gap["type"]) == (0, 400, "gap")
    assert (final["text"], final["begin_ms"], final["end_ms"]) == ("two", 500, 900)
    assert (end["audio_ms"], end["lost_ms"]) == (1000, 400)


REFUSALS = {
    "401": (HTTPStatus.UNAUTHORIZED, '{"code":"InvalidApiKey","message":"Incorrect API key"}', 5, "Incorrect API key"),
    "401 without words": (HTTPStatus.UNAUTHORIZED, "", 5, "InvalidApiKey: HTTP 401"),
    "403": (HTTPStatus.FORBIDDEN, '{"code":"AccessDenied","message":"Model access denied."}', 5, "ask for access"),
    "429": (HTTPStatus.TOO_MANY_REQUESTS, "", 5, "wait a little"),
    "503": (HTTPStatus.SERVICE_UNAVAILABLE, "<html>", 4, "HTTP 503 Service Unavailable"),
    "a web server": (HTTPStatus.OK, "<html>hello</html>", 4, "is this a speech service?"),
    "404": (HTTPStatus.NOT_FOUND, "nothing here", 4, "HTTP 404 nothing here"),
}


@pytest.mark.parametrize(("status", "body", "code", "said"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_handshake_has_the_service_s_words(
    tmp_path: Path, status: HTTPStatus, body: str, code: int, said: str
) -> None:
    """One line; nothing on standard output; no transcript that was never begun."""
    with service(silent, answering(status, body)) as address:
        done = asr("file", wav(tmp_path / "a.wav", tone(1000)), "--url", address, "-f", "jsonl", "--no-reconnect")
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_answers_with_something_else_is_no_service(tmp_path: Path) -> None:
    """Another protocol, said in one line."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)  # all of it, or closing would reset the connection
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        thread = Thread(target=answer, daemon=True)
        thread.start()
        address = f"ws://127.0.0.1:{server.getsockname()[1]}"
        done = asr("file", wav(tmp_path / "a.wav", tone(1000)), "--url", address)
        thread.join(PATIENCE_S)
    assert (done.returncode, done.stdout) == (4, "")
    assert "no WebSocket there" in done.stderr
    assert "check --url: wss:// needs a TLS server, ws:// a plain one" in done.stderr


def objecting(connection: ServerConnection) -> None:
    """A realtime service that does not take the session it is asked for."""
    connection.recv(PATIENCE_S)
    error = {"type": "invalid_request_error", "code": "invalid_value", "message": "sample_rate is odd", "param": "x"}
    connection.send(json.dumps({"type": "error", "error": error}))
    connection.recv(PATIENCE_S)


def test_an_error_event_of_the_realtime_wire_is_reported_with_advice(tmp_path: Path) -> None:
    """Its code, its words, what to do."""
    with service(objecting) as address:
        done = asr("file", wav(tmp_path / "a.wav", tone(500)), "--url", address, "--model", QWEN)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (5, "", 1)
    assert "invalid_value: sample_rate is odd; an option does not suit this model" in done.stderr


def test_a_service_that_closes_at_once_is_named(tmp_path: Path) -> None:
    """With its close code; nothing was heard, so nothing is accounted for."""
    with service(lambda connection: connection.close(1011, "busy")) as address:
        done = asr("file", wav(tmp_path / "a.wav", tone(500)), "--url", address, "-f", "jsonl", "--retries", 0)
    assert (done.returncode, done.stdout) == (4, "")
    assert "busy (close code 1011)" in done.stderr


def deaf(connection: ServerConnection) -> None:
    """Hear everything and say nothing."""
    for _ in connection:
        pass


def test_a_service_that_never_answers_is_given_up(tmp_path: Path) -> None:
    """The task that was asked for never starts: nothing was heard, so nothing is accounted for."""
    with service(deaf) as address:
        file = wav(tmp_path / "a.wav", tone(1000))
        done = asr("file", file, "--url", address, "-f", "jsonl", "--connect-timeout", 1, "--retry-wait", 0)
    assert done.returncode == 4
    assert [line["type"] for line in lines(done.stdout)] == ["reconnect"] * 3
    assert "no answer for 1 s" in done.stderr


def test_a_tls_address_of_a_plain_server_is_named(tmp_path: Path) -> None:
    """And what to write instead."""
    with service(deaf) as address:
        done = asr("file", wav(tmp_path / "a.wav", tone(1000)), "--url", address.replace("ws://", "wss://"))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (4, "", 1)
    assert "TLS failed" in done.stderr
    assert "ws:// a plain one" in done.stderr
