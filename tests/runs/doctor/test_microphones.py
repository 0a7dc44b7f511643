"""The microphones, seen by a process that may hang or end: it keeps nobody, and the device at fault is named."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from asrcli.runs.doctor.finding import Finding, Health
from asrcli.runs.doctor.microphones import check_microphones
from tests.support.microphone import Microphone
from tests.support.tone import tone, wav

FOUND = {"backend": "made-up", "devices": ["desk", "Monitor of box", "old"]}


def told(*lines: dict[str, Any], then: str = "", within_s: float = 10.0) -> list[Finding]:
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
    (_, hung) = told(FOUND, {"opening": "desk"}, then="time.sleep(60)", within_s=0.5)
    assert (hung.health, hung.text) == (Health.WRONG, "desk: does not answer within 0 s")
    (_, crashed) = told(FOUND, {"opening": "old"}, then="os.abort()")
    assert crashed.text == "old: ends the program that opens it"
    (system,) = told(then="time.sleep(60)", within_s=0.3)
    assert (system.text, system.advice) == ("the sound system: does not answer within 0 s", "")


def test_a_machine_without_a_microphone_is_no_error() -> None:
    """Files can be transcribed. A process that cannot start is one."""
    for line in ({"backend": "made-up", "devices": []}, {"failed": "microphone: PyAudio is not installed"}):
        (found,) = told(line)
        assert (found.health, "files need none" in found.advice) == (Health.NOTE, True)
    assert [each.health for each in told(then="print('noise', flush=True)")] == []
    (found,) = check_microphones(("/nowhere/python",))
    assert (found.health, found.text) == (Health.WRONG, "cannot be looked at: No such file or directory")


def test_the_real_process_hears_the_software_microphone(
    microphone: Microphone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its level is that of what is played; nothing is left open."""
    for name, value in microphone.environment.items():
        monkeypatch.setenv(name, value)
    with microphone.playing(wav(tmp_path / "tone.wav", tone(8000))):
        found = list(check_microphones(within_s=30))
    assert (found[0].health, "found by pyaudio" in found[0].text) == (Health.OK, True)
    assert found[1].health is Health.OK, found
    assert "dBFS" in found[1].text
    microphone.wait_for_readers(0)
