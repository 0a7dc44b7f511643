"""The wires of other servers, by the real command: OpenAI's against our server, the others against small stand-ins."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.command import asr, lines, script, serving
from tests.support.other_servers import LOUD, Received, funasr, funasr_realtime, spoken, vllm
from tests.support.other_servers import serving as standing_in
from tests.support.tls import certified
from tests.support.tone import wav

CLIP = Path(__file__).parent.parent / "data" / "meeting-rms.wav"


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with three sentences."""
    path = script(tmp_path_factory.mktemp("s") / "s.jsonl", (0, 900, "one"), (1000, 1900, "two"), (2000, 2900, "three"))
    with serving("--engine", "scripted", "--script", path) as (address, _):
        yield address


@pytest.mark.parametrize("mode", [[], ["--no-vad"]])
def test_openai_transcription_sessions(scripted: str, tmp_path: Path, mode: list[str]) -> None:
    """With an address as such servers give it; nothing is lost, at 24 kHz."""
    talk = wav(tmp_path / "talk.wav", bytes(3 * 32_000))
    address = scripted.replace("ws://", "http://") + "/v1/realtime"
    run = ["file", talk, "--url", address, "--wire", "openai", "--model", "m", "--pace", "max", "-f", "jsonl", *mode]
    done = asr(*run)
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    said = [event["text"] for event in events if event["type"] == "final"]
    assert said == (["one", "two", "three"] if not mode else said)
    assert events[-1]["lost_ms"] == 0


def test_a_wire_of_other_servers_needs_an_address() -> None:
    """The service has none of them."""
    done = asr("file", CLIP, "--model", "whisper-1")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "name a server with --url" in done.stderr
    for wire, options, problem in (
        ("funasr", ["--local"], "does not speak it"),
        ("vllm", ["--url", "ws://127.0.0.1:9", "--language", "en", "--force"], "no effect on the wire vllm"),
    ):
        done = asr("file", CLIP, "--model", "m", "--wire", wire, *options)
        assert (done.returncode, done.stderr.count("\n"), problem in done.stderr) == (2, 1, True)
    assert "there are omni" in asr("file", CLIP, "--wire", "morse").stderr


@pytest.mark.parametrize("cut_after_s", [None, 2.5])
def test_vllm_utterances_are_cut_here_and_a_broken_connection_loses_none(
    tmp_path: Path, cut_after_s: float | None
) -> None:
    """Utterances are cut at pauses by us; a connection that breaks loses none of them."""
    received = Received(cut_after_s)
    talk = wav(tmp_path / "talk.wav", spoken(1, 0, 2, 3, 0, 0, 4))
    with standing_in(vllm, received) as address:
        # Slow enough to notice a lost connection before the input ends: then all is sent again, quiet or not.
        run = ["file", talk, "--url", address, "--wire", "vllm", "--model", "voxtral", "--pace", "4", "-f", "jsonl"]
        done = asr(*run)
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    assert " ".join(event["text"] for event in events if event["type"] == "final").split() == [
        "one",
        "two",
        "three",
        "four",
    ]
    assert events[-1]["lost_ms"] == 0
    assert received.connections == (1 if cut_after_s is None else 2)
    assert received.messages[0] == {"type": "session.update", "model": "voxtral"}


def test_a_wrong_model_is_refused_by_vllm() -> None:
    """With the server's words."""
    with standing_in(vllm, Received()) as address:
        done = asr("file", CLIP, "--url", address, "--wire", "vllm", "--model", "wrong")
    assert done.returncode == 5
    assert "The model does not exist" in done.stderr


@pytest.mark.parametrize("says_end", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_funasr_sentences_come_whole_and_a_missing_end_costs_ten_seconds(tmp_path: Path, says_end: bool) -> None:
    """Sentences come whole, with a word about their times; a server that does not say its end costs ten seconds."""
    received = Received()
    talk = wav(tmp_path / "talk.wav", spoken(1, 2, 0, 3))
    with standing_in(partial(funasr, says_end=says_end), received) as address:
        run = ["file", talk, "--url", address, "--wire", "funasr", "--model", "m", "--pace", "4", "-f", "jsonl"]
        done = asr(*run)
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    assert [event["text"] for event in events if event["type"] == "final"] == ["One two", "Three"]
    assert events[-1]["lost_ms"] == 0
    assert "this wire has no times" in done.stderr
    assert set(received.frames[:-1]) == {1920}
    assert received.messages[0]["mode"] == "2pass"


@pytest.mark.parametrize(("cut_after_s", "timed"), [(2.5, True), (None, False)])
def test_funasr_realtime_writes_the_whole_state_once(tmp_path: Path, cut_after_s: float | None, timed: bool) -> None:
    """The whole state is written once, also over a lost connection; what has no times says so."""
    received = Received(cut_after_s)
    talk = wav(tmp_path / "talk.wav", spoken(1, 2, 0, 3, times=LOUD))
    options = ["--wire", "funasr-realtime", "--model", "m", "--pace", "max", "--hotwords", "asrcli", "--language", "zh"]
    with standing_in(partial(funasr_realtime, timed=timed), received) as address:
        done = asr("file", talk, "--url", address, *options, "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    assert [event["text"] for event in events if event["type"] == "final"] == ["One two", "Three"]
    assert events[-1]["lost_ms"] == 0
    assert received.commands[:3] == ["START", "LANGUAGE:中文", "HOTWORDS:asrcli"]
    assert received.connections == (1 if cut_after_s is None else 2)
    assert ("left out when a sentence was spoken" in done.stderr) is not timed
    assert [event.get("estimated", False) for event in events if event["type"] == "final"] == [not timed] * 2


def test_a_certificate_that_nobody_has_signed(tmp_path: Path) -> None:
    """Is refused, or named with --ca, or left unchecked with a warning; then no key of the environment goes there."""
    tls, certificate, _ = certified(tmp_path)
    talk, received = wav(tmp_path / "talk.wav", spoken(1)), Received()
    with standing_in(funasr_realtime, received, tls) as address:
        run = ["file", talk, "--url", address, "--wire", "funasr-realtime", "--model", "m", "--pace", "max"]
        refused, trusted, unchecked = (
            asr(*run, *more, DASHSCOPE_API_KEY="sk-0123456789abcdef")
            for more in ([], ["--ca", certificate], ["--insecure-tls"])
        )
    assert (refused.returncode != 0, "--ca FILE" in refused.stderr) == (True, True)
    assert (trusted.stdout, unchecked.stdout) == ("One\n", "One\n")
    assert ["any server may answer" in each.stderr for each in (refused, trusted, unchecked)] == [False, False, True]
    assert received.keys == ["", ""]
