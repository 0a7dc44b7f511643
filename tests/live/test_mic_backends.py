"""`asr mic` through each back end that is installed here: what one could break, on the microphone of software."""

import json
import os
import shutil
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends import miniaudio as back_end
from asrcli.sources.backends import silence_limit
from asrcli.sources.backends.capture_buffer import CaptureBuffer
from asrcli.sources.backends.output_monitor import OutputMonitor
from asrcli.sources.device_reader import LostSamples
from tests.live.mic_runs import compared, finish, frames, listening, texts, truth
from tests.support.command import CLIP, asr
from tests.support.microphone import NAME, PATIENCE_S, Microphone, until
from tests.support.tone import tone, wav

BACKENDS = [
    "pyaudio",
    "miniaudio",
    "parec",
    # Where CI is set nothing is skipped unseen: there a program that is missing fails its tests.
    pytest.param(
        "arecord",
        marks=pytest.mark.skipif(
            not shutil.which("arecord") and not os.environ.get("CI"), reason="arecord is not installed"
        ),
    ),
]
WIRE = Format(16000)
LATE_S = 1.5  # how late a busy machine may read audio


def asked(backend: str, folder: Path) -> tuple[list[str], dict[str, Any]]:
    """How the back end is chosen: by its name; miniaudio as where PyAudio is not installed, which is by nothing."""
    if backend != "miniaudio":
        return ["--backend", backend], {}
    pytest.importorskip("miniaudio", reason="miniaudio has no wheel here")
    (folder / "pyaudio.py").write_text("raise ModuleNotFoundError(name='pyaudio')\n")
    return [], {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("backend", BACKENDS)
def test_words_arrive_whole_and_two_channels_become_their_mean(backend: str, embedded: str, tmp_path: Path) -> None:
    """From a device at 44.1 kHz on whose left channel somebody speaks: no drop-out, half as loud."""
    options, env = asked(backend, tmp_path)
    saved, words = tmp_path / "talk.wav", frames(CLIP)[: 16000 * 2 * 3]
    left = b"".join(words[at : at + 2] + bytes(2) for at in range(0, len(words), 2))
    with Microphone(rate=44100, channels=2) as device:
        arguments = ("--url", embedded, "--save-audio", saved, *options)
        with listening(device, *arguments, **env) as process:
            device.play(wav(tmp_path / "left.wav", left, channels=2))
            events, _ = finish(process)
    found = compared(wav(tmp_path / "words.wav", words), saved)
    assert (found.correlation > 0.98, found.wander <= 1) == (True, True)
    assert max(abs(a) for a in samples(frames(saved))) == pytest.approx(max(map(abs, samples(words))) / 2, rel=0.1)
    assert "nine" in texts(events).lower()  # what was sent is compared above; a small model may mishear the rest
    assert events[-1]["lost_ms"] == 0
    assert truth().startswith("the meeting will begin at nine")


def samples(pcm: bytes) -> "memoryview[int]":
    """Numbers instead of bytes."""
    return memoryview(pcm).cast("h")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_device_that_goes_is_noticed_and_heard_again(
    backend: str, microphone: Microphone, scripted: str, tmp_path: Path
) -> None:
    """Told while it is away, over silence; the gap has its times, and all of it is on the clock; exit code 6."""
    options, env = asked(backend, tmp_path)
    seen: list[dict[str, Any]] = []
    with listening(microphone, "--url", scripted, *options, **env) as process:

        def until_event(kind: str, part: str = "") -> dict[str, Any]:
            for line in process.stdout:  # a busy machine may have notices and gaps of its own between these
                seen.append(json.loads(line))
                if seen[-1]["type"] == kind and part in line:
                    return seen[-1]
            raise AssertionError(f"{kind} {part} never came: {process.stderr.read()}")

        began_at = time.monotonic()
        until_event("final")
        going_at = time.monotonic()
        microphone.unplug()
        gone_at = time.monotonic()
        until_event("notice", "waiting for it")
        back_at = time.monotonic()
        microphone.replug()
        until_event("notice", "is back")
        gap = until_event("gap")
        heard_at = time.monotonic()
        until_event("final")
        ended_at = time.monotonic()
        events, status = finish(process, 6)
    end = events[-1]
    assert end["lost_ms"] == sum(each["end_ms"] - each["begin_ms"] for each in seen + events if each["type"] == "gap")
    gap_s, heard_s = (gap["end_ms"] - gap["begin_ms"]) / 1000, end["audio_ms"] / 1000
    assert back_at - gone_at - LATE_S < gap_s < heard_at - going_at + LATE_S
    assert ended_at - began_at - LATE_S < heard_s < end["elapsed_ms"] / 1000 + LATE_S
    assert status[-1].startswith("asr: finished, but")


@pytest.mark.parametrize("backend", BACKENDS)
def test_devices_are_listed_with_their_back_end_and_named_by_a_part(
    backend: str, microphone: Microphone, tmp_path: Path
) -> None:
    """The default is what is opened; a part of its name opens it too, and its level is shown."""
    options, env = asked(backend, tmp_path)
    listed = asr("devices", "--json", *options, **env, **microphone.environment)
    devices = json.loads(listed.stdout)
    assert {device["backend"] for device in devices} == {backend}
    (default,) = [device for device in devices if device["default"]]
    part = default["name"][3:].upper()
    with microphone.playing(wav(tmp_path / "sound.wav", tone(1000) * 60)):
        microphone.wait_for_players()
        test = ("mic", "--test", "--for", "1s", "--device", part)
        done = asr(*test, *options, **env, **microphone.environment)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "good")
    assert done.stdout.splitlines()[-2].startswith(f"{default['name']}: 1.0 s")


@pytest.mark.skipif(not find_spec("miniaudio"), reason="miniaudio has no wheel here")
def test_what_miniaudio_gave_while_nobody_read_is_counted(
    microphone: Microphone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest audio is dropped, and the rest follows: together they are what the device gave, to the sample."""
    for name, value in microphone.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(back_end, "BUFFER_MS", 200)
    received: list[int] = []

    class Counted(CaptureBuffer):
        """Knows what the device has given, in bytes; the callback calls it."""

        def put(self, piece: bytes) -> None:
            super().put(piece)
            received.append(len(piece))

    monkeypatch.setattr(back_end, "CaptureBuffer", Counted)
    capture = back_end.Miniaudio().open(WIRE, instead=False)
    buffer, frame_bytes, rate = capture._buffer, capture._frame_bytes, capture._rate
    room = Format(rate).samples(200) * frame_bytes
    try:
        until("an overflow", lambda: sum(received) > 3 * room)
        lost = capture.read()
    finally:
        capture.close()  # from here on the device gives nothing
    assert isinstance(lost, LostSamples)
    dropped, given = lost.samples * rate / WIRE.rate * frame_bytes, 0
    with suppress(EOFError):
        while (piece := buffer.get(0)) is not None:
            dropped += piece if isinstance(piece, int) else 0
            given += 0 if isinstance(piece, int) else len(piece)
    assert room - max(received) <= given <= room
    assert dropped + given == pytest.approx(sum(received), abs=rate / WIRE.rate * frame_bytes)


@pytest.mark.skipif(not find_spec("miniaudio"), reason="miniaudio has no wheel here")
def test_a_device_of_miniaudio_that_is_gone_is_closed_and_leaves_nothing_open(
    microphone: Microphone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again every second, perhaps for hours: no file and no thread may stay behind."""
    for name, value in microphone.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(silence_limit, "LOOKS", 3)
    left: list[list[int]] = []

    def held() -> list[int]:
        return [len(list(Path("/proc/self", kind).iterdir())) for kind in ("fd", "task")]

    def open_and_lose() -> None:
        capture = back_end.Miniaudio().open(WIRE, instead=False)
        capture.read()
        microphone.unplug()
        with pytest.raises(SourceError, match="gives nothing any more"):
            list(iter(capture.read, None))
        capture.close()
        microphone.replug()
        if left:  # the last thread of the sound system may still be on its way out
            until("files and threads as after the first time", lambda: held() <= left[0])
        left.append(held())

    for _ in range(2):
        thread = Thread(target=open_and_lose, daemon=True)
        thread.start()
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "it hangs"
    assert left[-1] <= left[0]


@pytest.mark.skipif(not find_spec("miniaudio"), reason="miniaudio has no wheel here")
def test_without_parec_miniaudio_hears_what_the_machine_plays(
    microphone: Microphone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The monitor of the default output, and not the microphone."""
    speakers = microphone.add_sink("speakers")
    for name, value in microphone.environment.items():
        monkeypatch.setenv(name, value)
    with monkeypatch.context() as bare:
        bare.setenv("PATH", "/nowhere")
        capture = OutputMonitor().open(WIRE, instead=False)
    assert (type(capture), capture.name) == (back_end.MiniaudioCapture, "monitor")
    try:

        def is_loud() -> bool:
            return isinstance(piece := capture.read(), bytes) and any(piece)

        sound = wav(tmp_path / "sound.wav", tone(1000) * 60)
        with microphone.playing(sound, NAME):
            microphone.wait_for_players()
            assert not any(is_loud() for _ in range(15))
        with microphone.playing(sound, speakers):
            until("what is played", is_loud, pause_s=0)
    finally:
        capture.close()


def test_where_nothing_is_installed_one_line_says_what_to_do(tmp_path: Path) -> None:
    """And a back end that is named is not replaced by another one."""
    for module in ("pyaudio", "miniaudio"):
        (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError(name={module!r})\n")
    hidden: dict[str, Any] = {"PYTHONPATH": str(tmp_path), "PATH": os.path.dirname(sys.executable)}  # noqa: PTH120  text is wanted
    for command, said in (
        (["devices"], "PyAudio is not installed: "),
        (["mic", "--local"], "PyAudio is not installed: "),
        (["devices", "--backend", "miniaudio"], "miniaudio is not installed: "),
        (["mic", "--local", "--backend", "parec"], "parec is not installed: "),
    ):
        done = asr(*command, **hidden)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
        assert said in done.stderr
