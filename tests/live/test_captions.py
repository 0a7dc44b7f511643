"""`--captions` of the real command: a port that is taken, a microphone, several files, and a page that comes late."""

import json
import socket
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.command import Running, asr, started
from tests.support.microphone import Microphone
from tests.support.reading_page import ReadingPage
from tests.support.tone import tone, wav


def followed(process: Running) -> tuple[ReadingPage, dict[str, object]]:
    """A page that reads until the run has ended, and its last message."""
    address = next(line for line in process.stderr if "captions at" in line).split()[-1]
    page, message = ReadingPage(), b""
    with connect(f"{address.replace('http', 'ws')}feed", proxy=None) as wire:
        try:
            while True:
                message = wire.recv(20, decode=False)
                page.take(message)
        except ConnectionClosed:
            pass
    return page, json.loads(message)


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


def test_files_one_after_the_other_have_headings(scripted: str, tmp_path: Path) -> None:
    """One page for the whole command, also where each file has a transcript of its own; --capitalize counts."""
    sounds = [wav(tmp_path / name, tone(1000)) for name in ("a.wav", "b.wav")]
    arguments = ["--output-dir", tmp_path / "out", "--capitalize", "--quiet", "--captions", 0, "--pace", 2]
    with started("file", *sounds, "--url", scripted, *arguments) as process:
        page, last = followed(process)
        assert process.wait(60) == 0
        assert process.stderr.read() == ""
    shown = [text for text in page.texts if not text.startswith("end ")]
    assert shown == ["Sentence 1.", str(sounds[1]), "Sentence 1."]
    assert (last["state"], page.begun) == ("ended", 1)


def test_a_microphone_has_captions_and_a_page_with_its_sound(
    microphone: Microphone, scripted: str, tmp_path: Path
) -> None:
    """What is saved is put into the page, where each sentence has its place."""
    arguments = ["--captions", 0, "--for", "1500ms", "--save-audio", tmp_path / "a.flac", "--embed-audio"]
    with started(
        "mic", "--url", scripted, *arguments, "-o", tmp_path / "out.html", "--no-journal", **microphone.environment
    ) as process:
        page, _ = followed(process)
        _, status = process.communicate(timeout=60)
        assert process.returncode == 0, status
    assert page.texts[0] == "sentence 1"
    text = (tmp_path / "out.html").read_text()
    assert '<button class="time" data-a="0" data-t="0">' in text
    assert 'src="data:audio/ogg;base64,' in text
    assert (tmp_path / "a.flac").exists()
