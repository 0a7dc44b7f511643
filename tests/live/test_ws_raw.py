"""`asr ws-raw` against the local server, an echo, and servers that refuse or fall silent."""

import base64
import json
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from tests.support.command import asr, lines, serving, started
from tests.support.misbehaving_service import service
from tests.support.other_servers import Received, funasr, funasr_realtime, spoken, vllm
from tests.support.other_servers import serving as standing_in
from tests.support.tone import tone, wav

KEY = "sk-0123456789abcdef"
WAIT_S = 3  # of silence: longer than a busy machine takes for an answer


def echo(connection: ServerConnection) -> None:
    """Say everything back."""
    for message in connection:
        connection.send(message)


def names(text: str) -> list[str]:
    """The names of events, one line each."""
    return [event.get("type") or event["header"]["event"] for event in lines(text)]


def test_every_answer_is_printed_as_it_came(scripted: str, tmp_path: Path) -> None:
    """The task starts, is fed, is finished, and its last answer ends the run."""
    file = wav(tmp_path / "a.wav", tone(1500))
    done = asr("ws-raw", file, "--url", scripted, "--pace", "max")
    assert (done.returncode, done.stderr) == (0, "")
    first, *between, last = names(done.stdout)
    assert (first, set(between), last) == ("task-started", {"result-generated"}, "task-finished")
    realtime = asr("ws-raw", file, "--url", scripted, "--pace", "max", "--wire", "realtime", "--no-vad")
    assert names(realtime.stdout)[-3:] == [
        "conversation.item.input_audio_transcription.text",
        "conversation.item.input_audio_transcription.completed",
        "session.finished",
    ]


def test_what_is_sent_is_shown_where_that_is_asked_for(scripted: str, tmp_path: Path) -> None:
    """In order, with time and direction, audio shortened; without --stamp answers stay verbatim."""
    file = wav(tmp_path / "a.wav", tone(300))
    options = ["--url", scripted, "--pace", "max", "--show-sent", "--chunk-ms", "150"]
    stamped = lines(asr("ws-raw", file, *options, "--stamp").stdout)
    assert [line["at_ms"] for line in stamped] == sorted(line["at_ms"] for line in stamped)
    sent = [line["message"] for line in stamped if line["direction"] == "sent"]
    assert [message.get("bytes") or message["header"]["action"] for message in sent] == [
        "run-task", 4800, 4800, "finish-task",
    ]  # fmt: skip
    assert stamped[1]["message"]["header"]["event"] == "task-started"
    plain = lines(asr("ws-raw", file, *options).stdout)
    assert plain[0]["sent"]["header"]["action"] == "run-task"
    assert plain[1]["header"]["event"] == "task-started"


def test_own_messages_replace_ours(scripted: str, tmp_path: Path) -> None:
    """From the command line or a file; the answers carry the user's own task id."""
    own: dict[str, Any] = {
        "header": {"action": "run-task", "task_id": "mine", "streaming": "duplex"},
        "payload": {"task_group": "audio", "task": "asr", "function": "recognition", "model": "m", "input": {},
                    "parameters": {"format": "pcm", "sample_rate": 16000}},
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(own))
    file = wav(tmp_path / "a.wav", tone(300))
    for first in (json.dumps(own), f"@{tmp_path / 'run.json'}"):
        done = asr("ws-raw", file, "--url", scripted, "--pace", "max", "--first", first)
        assert done.returncode == 0
        assert {event["header"]["task_id"] for event in lines(done.stdout)} == {"mine"}
    wrong: dict[str, Any] = own | {"payload": own["payload"] | {"parameters": {"format": "midi", "sample_rate": 16000}}}
    failed = asr("ws-raw", file, "--url", scripted, "--first", json.dumps(wrong))
    assert failed.returncode == 5
    assert names(failed.stdout) == ["task-failed"]
    assert "InvalidParameter: protocol error: unknown format midi (task mine)" in failed.stderr


def test_a_file_s_own_bytes_are_sent_where_the_service_decodes(scripted: str, tmp_path: Path) -> None:
    """WAV as WAV, header and all: the server finds its samples."""
    file = wav(tmp_path / "a.wav", tone(1000))
    done = asr("ws-raw", file, "--url", scripted, "--pace", "max", "--audio-format", "wav", "--show-sent")
    sent = [line["sent"] for line in lines(done.stdout) if "sent" in line]
    assert sent[0]["payload"]["parameters"]["format"] == "wav"
    assert sum(message.get("bytes", 0) for message in sent) == file.stat().st_size
    assert done.returncode == 0


def test_lines_and_bytes_to_any_server_and_the_reply_is_not_lost_when_stdin_ends(tmp_path: Path) -> None:
    """Text one message a line, binary as base64 and back; the end waits for what is still to come."""
    with service(echo) as address:
        text = asr("ws-raw", "--wire", "none", "--url", address, "--text", "--first", "hi", "--last", "bye",
                   "--wait", WAIT_S, stdin='one\n第二\n{"a":\t1}\n'.encode())  # fmt: skip
        audio = asr("ws-raw", wav(tmp_path / "a.wav", tone(200)), "--wire", "none", "--url", address, "--wait", WAIT_S)
    assert (text.returncode, text.stdout) == (0, 'hi\none\n第二\n{"a":\t1}\nbye\n')
    heard = b"".join(base64.b64decode(line["binary"]) for line in lines(audio.stdout))
    assert (audio.returncode, heard) == (0, tone(200))


def test_lines_that_are_no_text_and_lines_without_an_end() -> None:
    """What is not UTF-8 is replaced; a line of more than a message may have is an error in one line."""
    with service(echo) as address:
        run = ["ws-raw", "--wire", "none", "--url", address, "--text", "--wait", WAIT_S]
        other = asr(*run, stdin=b"a\xff\n")
        endless = asr(*run, stdin=bytes(17 << 20))
    assert (other.returncode, other.stdout) == (0, "a\ufffd\n")
    assert (endless.returncode, endless.stderr.count("\n")) == (2, 1), endless.stderr
    assert "standard input: a line longer than 16 MB" in endless.stderr


def test_a_line_is_a_line_whatever_is_in_the_message() -> None:
    """JSON over several lines is put on one; other text becomes a JSON string."""

    def pretty(connection: ServerConnection) -> None:
        connection.send('{\n  "a": 1\n}')
        connection.send("two\nlines")

    with service(pretty) as address:
        done = asr("ws-raw", "--wire", "none", "--url", address, "--wait", WAIT_S)
    assert done.stdout == '{"a": 1}\n"two\\nlines"\n'


def test_without_a_wire_the_address_is_used_as_it_is(scripted: str) -> None:
    """Its path too, also where it is one of the service: who speaks by hand says where."""
    address = f"{scripted}/api-ws/v1/realtime?model=m"
    done = asr("ws-raw", "--wire", "none", "--url", address, "--first", '{"type":"session.finish"}', "--wait", WAIT_S)
    assert [line["type"] for line in lines(done.stdout)] == ["session.created", "session.finished"], done.stderr


def test_a_close_shows_its_code_and_reason() -> None:
    """Before the end that is due it is a loss; without a wire 1000 is an ordinary end."""

    def leave(connection: ServerConnection) -> None:
        connection.close(4321, "went away")

    with service(leave) as address:
        done = asr("ws-raw", "--url", address)
    assert done.returncode == 4
    assert "went away (close code 4321)" in done.stderr
    with service(lambda connection: connection.close(1000, "bye")) as address:
        assert asr("ws-raw", "--wire", "none", "--url", address).returncode == 0


def deaf(connection: ServerConnection) -> None:
    """Hear everything and say nothing."""
    for _ in connection:
        pass


def test_a_server_that_never_answers_is_given_up() -> None:
    """After --wait."""
    with service(deaf) as address:
        done = asr("ws-raw", "--url", address, "--wait", "0.5")
    assert done.returncode == 4
    assert "no answer for" in done.stderr


def test_headers_are_sent_and_secrets_are_not_shown(tmp_path: Path) -> None:
    """The environment's key goes to the service's wires alone; a key file's goes where it is told to."""
    seen: list[dict[str, str]] = []

    def note(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(dict(connection.request.headers.raw_items()))

    (tmp_path / "key").write_text(KEY)
    with service(note) as address:
        run = ["ws-raw", "--wire", "none", "--url", address, "--header", "X-A: b", "--show-sent", "--stamp"]
        first = asr(*run, DASHSCOPE_API_KEY=KEY)
        second = asr(*run, "--api-key-file", tmp_path / "key", "--log-file", tmp_path / "log")
    assert [headers.get("X-A") for headers in seen] == ["b", "b"]
    assert [headers.get("Authorization") for headers in seen] == [None, f"Bearer {KEY}"]
    assert KEY not in first.stdout + first.stderr + second.stdout + second.stderr + (tmp_path / "log").read_text()
    wrong = asr(*run[:5], "--header", f"nonsense {KEY}")
    assert wrong.returncode == 2
    assert KEY not in wrong.stderr


def test_an_interrupt_ends_the_input_and_waits_for_the_answer(scripted: str, tmp_path: Path) -> None:
    """finish-task is said and task-finished heard; then 130."""
    with started("ws-raw", wav(tmp_path / "a.wav", tone(60_000)), "--url", scripted) as process:
        process.read_until("result-generated")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert names(rest)[-1] == "task-finished"


CONTRADICTIONS = {
    "no wire, no address": (["--wire", "none"], "--wire none needs --url"),
    "text on an audio wire": (["--text", "--url", "ws://h"], "--text with --wire inference"),
    "text and audio": (["a.wav", "--text", "--wire", "none", "--url", "ws://h"], "--text with a file"),
    "no JSON": (["--first", "x", "--url", "ws://h"], "--first: not JSON"),
    "no such file of JSON": (["--first", "@none", "--url", "ws://h"], "--first @none: No such file"),
    "no wire and local": (["--wire", "none", "--local"], "--wire none with --local"),
    "no wire and a model": (["--wire", "none", "--url", "ws://h", "--model", "m"], "--model with --wire none"),
    "no key": ([], "no API key"),
    "manual mode elsewhere": (["--no-vad", "--url", "ws://h"], "belongs to the realtime wire"),
    "raw PCM of nothing": (["--raw", "--url", "ws://h"], "--raw describes a file"),
}


@pytest.mark.parametrize(("options", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_mistakes_have_one_line_and_exit_code_2(options: list[str], said: str) -> None:
    """Before anything is dialled."""
    done = asr("ws-raw", *options)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr


def test_the_embedded_recognizer_can_be_watched() -> None:
    """--local: both wires without a service."""
    pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")
    with serving() as (address, _):
        done = asr("ws-raw", "--url", address)
    assert names(done.stdout) == ["task-started", "task-finished"]


def secretive(connection: ServerConnection) -> None:
    """Say back what must not be shown, and hang up."""
    assert connection.request is not None
    connection.recv()
    connection.close(1011, f"bad key {connection.request.headers['Authorization']}")


def test_verbose_shows_the_handshake_and_a_summary_and_no_secret(tmp_path: Path) -> None:
    """On standard error; what the server says of the key is hidden too."""
    (tmp_path / "key").write_text(KEY)
    file = wav(tmp_path / "a.wav", tone(300))
    with service(secretive) as address:
        run = ["ws-raw", file, "--url", f"{address}/x?token=hunter2hunter2", "--wire", "none", "--pace", "max", "-v"]
        done = asr(*run, "--api-key-file", tmp_path / "key", "--header", "X-Token: hunter2hunter2")
    assert done.returncode != 0
    assert [text in done.stderr + done.stdout for text in (KEY, "hunter2")] == [False, False]
    shown = ("> GET /", "> Authorization: …", "> X-Token: …", "< HTTP 101", "closed by the server with code 1011")
    assert [line for line in shown if line not in done.stderr] == []


@pytest.mark.parametrize("wire", ["vllm", "funasr", "funasr-realtime", "openai"])
def test_the_wires_of_other_servers_are_exchanged_too(tmp_path: Path, scripted: str, wire: str) -> None:
    """Without the audio in what is shown; the last answer ends the run."""
    file = wav(tmp_path / "a.wav", spoken(1, 0))
    standing = {"vllm": vllm, "funasr": funasr, "funasr-realtime": funasr_realtime}.get(wire)
    with ExitStack() as stack:
        address = stack.enter_context(standing_in(standing, Received())) if standing else scripted
        mode = ["--no-vad"] if wire == "openai" else []
        show = ["--show-sent", "--no-audio", "-v"]
        done = asr("ws-raw", file, "--url", address, "--wire", wire, "--pace", "max", *show, *mode)
    assert done.returncode == 0, done.stderr
    assert "audio: 2.00 s" in done.stderr
    assert not any("bytes" in str(line) or "append" in str(line) for line in lines(done.stdout))
    assert any("one" in str(line).lower() for line in lines(done.stdout))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--wire", "vllm"], "--wire vllm needs --url"),
        (["--wire", "funasr", "--local"], "does not speak it"),
        (["--wire", "openai", "--url", "ws://127.0.0.1:9", "--audio-format", "mp3"], "pcm only"),
        (["--no-audio"], "--no-audio without --show-sent"),
    ],
)
def test_what_such_a_wire_does_not_go_with_is_refused(options: list[str], problem: str) -> None:
    """In one line."""
    done = asr("ws-raw", *options)
    assert (done.returncode, done.stderr.count("\n"), problem in done.stderr) == (2, 1, True)
