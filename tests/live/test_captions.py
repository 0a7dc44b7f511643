"""`--captions` of the real command: a port that is taken, a microphone, several files, and a page that comes late."""

import json
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.command import PATIENCE_S, asr, serving, started, stopped
from tests.support.microphone import Microphone
from tests.support.reading_page import ReadingPage
from tests.support.tone import tone, wav


def followed(command: str, *arguments: object, **env: str) -> tuple[ReadingPage, dict[str, object], str]:
    """A run, and a page that is there before the service answers: the page, its last message, standard error."""
    page, message = ReadingPage(), b""
    with serving("--engine", "scripted") as (url, server), ExitStack() as stack:
        asked = (command, *arguments, "--url", url, "--connect-timeout", 60, "--captions", 0)
        with stopped(server):
            process = stack.enter_context(started(*asked, **env))
            address = next(line for line in process.stderr if "captions at" in line).split()[-1]
            wire = stack.enter_context(connect(f"{address.replace('http', 'ws')}feed", proxy=None))
            page.take(wire.recv(PATIENCE_S, decode=False))
        with suppress(ConnectionClosed):
            while True:
                message = wire.recv(PATIENCE_S, decode=False)
                page.take(message)
        _, status = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, status
    return page, json.loads(message), status


def test_a_port_that_is_taken_ends_the_command_before_it_begins(tmp_path: Path) -> None:
    """One line that says what to do, exit code 2, nothing sent and nothing written; a test has no captions."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sound, out = wav(tmp_path / "a.wav", tone(100)), tmp_path / "out.txt"
        done = asr("file", sound, "--captions", port, "--url", "ws://127.0.0.1:1", "-o", out)
    assert (done.returncode, done.stderr.count("\n"), out.exists()) == (2, 1, False), done.stderr
    assert f"captions cannot be served at port {port}: address already in use" in done.stderr
    assert "--captions 0" in done.stderr
    assert "65536 is not from 0 to 65535" in asr("file", sound, "--captions", 65536).stderr
    assert "--test with --captions" in asr("mic", "--test", "--captions", 0).stderr


def test_files_one_after_the_other_have_headings(tmp_path: Path) -> None:
    """One page for the whole command, also where each file has a transcript of its own; --capitalize counts."""
    sounds = [wav(tmp_path / name, tone(1000)) for name in ("a.wav", "b.wav")]
    arguments = ["--output-dir", tmp_path / "out", "--capitalize", "--quiet", "--pace", 2]
    page, last, status = followed("file", *sounds, *arguments)
    assert status == ""
    shown = [text for text in page.texts if not text.startswith("end ")]
    assert shown == ["Sentence 1.", str(sounds[1]), "Sentence 1."]
    assert (last["state"], page.begun) == ("ended", 1)


def test_a_microphone_has_captions_and_a_page_with_its_sound(microphone: Microphone, tmp_path: Path) -> None:
    """What is saved is put into the page, where each sentence has its place."""
    arguments = ["--for", "1500ms", "--save-audio", tmp_path / "a.flac", "--embed-audio", "--no-journal"]
    page, _, _ = followed("mic", *arguments, "-o", tmp_path / "out.html", **microphone.environment)
    assert page.texts[0] == "sentence 1"
    text = (tmp_path / "out.html").read_text()
    assert '<button class="time" data-a="0" data-t="0">' in text
    assert 'src="data:audio/ogg;base64,' in text
    assert (tmp_path / "a.flac").exists()
