"""The microphones, seen by a process that may hang or end: it keeps nobody, and the device at fault is named."""

import json
import sys
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.runs.doctor import microphone_process, microphones
from asrcli.runs.doctor.finding import Finding, Health
from asrcli.runs.doctor.microphones import check_microphones
from asrcli.sources.backends.input_device import InputDevice
from asrcli.sources.backends.registry import CaptureBackend
from asrcli.sources.device_reader import LostSamples
from tests.support.microphone import PATIENCE_S, Microphone
from tests.support.tone import tone, wav

FOUND = {"backend": "made-up", "devices": ["desk", "Monitor of box", "old"]}


def told(*lines: dict[str, Any], then: str = "", within_s: float = PATIENCE_S) -> list[Finding]:
    """The findings about a process that says this and then does that."""
    said = "".join(json.dumps(line) + "\n" for line in lines)
    program = f"import os, sys, time; sys.stdout.write({said!r}); sys.stdout.flush(); {then}"
    return list(check_microphones((sys.executable, "-c", program), within_s))


def device(name: str, **more: Any) -> dict[str, Any]:
    """What the process says of a device."""
    return {"device": name, "default": name == "desk", **more}


def test_each_device_has_its_level_or_what_is_wrong_with_it() -> None:
    """Silence of a microphone is worth a note, that of a machine which plays nothing is not."""
    found = told(
        FOUND, {"opening": "desk"}, device("desk", level=[-99.0, -99.0]),
        device("Monitor of box", level=[-99.0, -99.0]), device("old", level=[-3.0, 0.0]),
        device("new", level=[-30.2, -12.0]),
        device("busy", wrong="busy: in use"), device("desk", wrong="desk: gone"),
    )  # fmt: skip
    assert [each.health for each in found] == [
        Health.OK, Health.NOTE, Health.OK, Health.NOTE, Health.OK, Health.NOTE, Health.WRONG,
    ]  # fmt: skip
    assert [each.text for each in found[:5]] == [
        "3 found by made-up", "desk: -99 dBFS, peak -99: silent", "Monitor of box: -99 dBFS, peak -99",
        "old: -3 dBFS, peak 0: too loud", "new: -30 dBFS, peak -12",
    ]  # fmt: skip


def test_a_device_that_hangs_or_ends_the_process_is_named() -> None:
    """With what was found before; the process is gone."""
    (_, hung) = told(FOUND, {"opening": "desk"}, then="time.sleep(600)", within_s=8)
    assert (hung.health, hung.text) == (Health.WRONG, "desk: does not answer within 8 s")
    (_, crashed) = told(FOUND, {"opening": "old"}, then="os.abort()")
    assert crashed.text == "old: ends the program that opens it"
    (system,) = told(then="time.sleep(60)", within_s=0.3)
    assert (system.text, system.advice) == ("the sound system: does not answer within 0 s", "")


def test_a_device_hangs_however_long_the_thread_lasts_that_ended_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its output ends at once, and on a busy machine that thread goes on later."""
    checked = Event()

    class Lingering(Timer):
        """A timer whose thread goes on when the device has been checked."""

        def run(self) -> None:
            """End the process; then wait."""
            super().run()
            checked.wait(PATIENCE_S)

    monkeypatch.setattr(microphones, "Timer", Lingering)
    (system,) = told(then="time.sleep(60)", within_s=0.3)
    checked.set()
    assert system.text == "the sound system: does not answer within 0 s"


def test_a_machine_without_a_microphone_is_no_error() -> None:
    """Files can be transcribed. A process that cannot start is one."""
    for line in ({"backend": "made-up", "devices": []}, {"failed": "microphone: PyAudio is not installed"}):
        (found,) = told(line)
        assert (found.health, "files need none" in found.advice) == (Health.NOTE, True)
    assert [each.health for each in told(then="print('noise', flush=True)")] == []
    (found,) = check_microphones(("/nowhere/python",))
    assert (found.health, found.text) == (Health.WRONG, "cannot be looked at: No such file or directory")


class MadeUpDevice:
    """A device that gives some samples, or is gone; and its own capture."""

    name = "made-up"

    def __init__(self, wanted: str) -> None:
        self._pieces: list[bytes | LostSamples | None] = [bytes(1600), None]
        if wanted == "0":
            self._pieces = [bytes(1600), LostSamples(7), b"\x00\x10\x00\xf0" * 4000]
        self.closed = 0

    def open(self, audio_format: Format, *, instead: bool) -> "MadeUpDevice":
        """Itself; no other device may take its place."""
        assert (audio_format.rate, instead) == (16000, False)
        return self

    def read(self) -> bytes | LostSamples:
        """The next piece."""
        piece = self._pieces.pop(0)
        if piece is None:
            raise SourceError("made-up", "gone")
        return piece

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_the_process_hears_the_default_device_first_and_closes_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is gone hides no other; without a back end it says why."""
    opened: list[MadeUpDevice] = []

    def device(wanted: str) -> MadeUpDevice:
        opened.append(MadeUpDevice(wanted))
        return opened[-1]

    rows = [InputDevice(1, "bad", "x", None, None, False), InputDevice(0, "good", "x", 48000, 1, True)]
    backend = CaptureBackend("made-up", str, lambda: None, lambda: rows, device)
    monkeypatch.setattr(microphone_process, "capture_backend", lambda: backend)
    seen: list[dict[str, Any]] = []
    microphone_process.look(seen.append)
    assert seen == [
        {"backend": "made-up", "devices": ["good", "bad"]},
        {"opening": "good"}, {"device": "good", "default": True, "level": [-18.1, -18.1]},
        {"opening": "bad"}, {"device": "bad", "default": False, "wrong": "made-up: gone"},
    ]  # fmt: skip
    assert [each.closed for each in opened] == [1, 1]

    def none() -> None:
        raise SourceError("microphone", "nothing is installed")

    monkeypatch.setattr(microphone_process, "capture_backend", none)
    microphone_process.look(seen.append)
    assert seen[-1] == {"failed": "microphone: nothing is installed"}


def test_the_real_process_hears_the_software_microphone(
    microphone: Microphone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its level is that of what is played; nothing is left open."""
    for name, value in microphone.environment.items():
        monkeypatch.setenv(name, value)
    with microphone.playing(wav(tmp_path / "tone.wav", tone(1000) * 60)):
        microphone.wait_for_players()
        found = list(check_microphones(within_s=30))
    assert (found[0].health, "found by pyaudio" in found[0].text) == (Health.OK, True)
    assert found[1].health is Health.OK, found
    assert "dBFS" in found[1].text
    microphone.wait_for_readers(0)
