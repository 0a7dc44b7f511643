"""`asr mic` through pw-record: what one could break, on a microphone in a PipeWire of the tests."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.mic_runs import finish, frames
from tests.support.command import asr, started
from tests.support.pipewire import PIPEWIRE_NAME, PipeWireMicrophone, pipewire_missing
from tests.support.requirements import skip_or_fail
from tests.support.tone import tone

BACKEND = ("--backend", "pw-record")


@pytest.fixture
def pipewire_microphone() -> Iterator[PipeWireMicrophone]:
    """A microphone of PipeWire. In continuous integration its absence is a failure."""
    if reason := pipewire_missing():
        skip_or_fail(f"the microphone of PipeWire {reason}")
    with PipeWireMicrophone() as plugged:
        yield plugged


@pytest.mark.slow
def test_pw_record_lists_hears_loses_and_finds_a_device(
    pipewire_microphone: PipeWireMicrophone, scripted: str, tmp_path: Path
) -> None:
    """It is named by a part; what it says is heard, also when it has been away, and the gap is all that is lost."""
    device = pipewire_microphone
    listed = json.loads(asr("devices", "--json", *BACKEND, **device.environment).stdout)
    assert [(each["name"], each["backend"], each["default"]) for each in listed] == [(PIPEWIRE_NAME, "pw-record", True)]
    saved = tmp_path / "talk.wav"
    arguments = ("--url", scripted, "--device", "of pipewire", "--save-audio", saved, *BACKEND)
    with started("mic", "-f", "jsonl", "-v", *arguments, **device.environment) as process:
        process.read_until('"begin"')
        device.wait_for_readers()
        device.play(tone(500, level=0.3))
        process.read_until('"final"')
        device.unplug()
        assert '"notice"' in process.read_until("waiting for it")
        device.replug()
        assert '"notice"' in process.read_until("is back")
        gap = json.loads(process.read_until('"gap"'))
        device.wait_for_readers()
        device.play(tone(500, level=0.3))
        process.read_until('"final"')
        events, status = finish(process, 6)
    assert events[-1]["lost_ms"] >= gap["end_ms"] - gap["begin_ms"] > 0  # a busy machine may have a further gap
    heard = frames(saved)
    before, after = heard[: gap["begin_ms"] * 32], heard[gap["end_ms"] * 32 :]
    assert status[-1].startswith("asr: finished, but")
    for part in (before, after):
        assert max(memoryview(part[: len(part) // 2 * 2]).cast("h")) == pytest.approx(0.3 * 32767, rel=0.15)
