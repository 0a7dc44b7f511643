"""The pitch of one frame: that of a voice is found, a whistle and noise have none."""

import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.recognizers.voice_pitch import SAMPLES, pitch_hz

TIME = np.arange(SAMPLES) / 16_000
NOISE = np.random.default_rng(1).standard_normal(SAMPLES)


def voice(pitch: float, strongest: float = 600) -> list[float]:
    """Overtones, with one that stands out as in a vowel."""
    parts = np.arange(1, int(4000 / pitch))
    weights = 1 / (1 + ((parts * pitch - strongest) / 300) ** 2)
    sound = (weights[:, None] * np.sin(2 * np.pi * pitch * parts[:, None] * TIME)).sum(0)
    return list(3000 * sound)


@pytest.mark.parametrize("pitch", [75, 110, 160, 230, 260])
def test_the_pitch_of_a_voice_is_found(pitch: float) -> None:
    """Of a man and a woman, within 3 %; also beside noise and a hum."""
    assert pitch_hz(voice(pitch)) == pytest.approx(pitch, rel=0.03)
    assert pitch_hz(list(np.array(voice(pitch)) + 300 * NOISE)) == pytest.approx(pitch, rel=0.05)
    hum = 3000 * np.sin(2 * np.pi * 50 * TIME)
    assert pitch_hz(list(np.array(voice(pitch)) + hum)) == pytest.approx(pitch, rel=0.05)


@pytest.mark.parametrize("pitch", [320, 420])
def test_a_high_voice_has_its_pitch_or_half_of_it(pitch: float) -> None:
    """It is a voice in any case, and the same one from frame to frame."""
    found = pitch_hz(voice(pitch))
    assert pitch / found == pytest.approx(round(pitch / found), rel=0.03)


@pytest.mark.parametrize("hertz", [1000, 1700, 2500])
def test_a_whistle_is_no_voice(hertz: float) -> None:
    """Though it repeats itself after each period of a voice too."""
    assert pitch_hz(list(3000 * np.sin(2 * np.pi * hertz * TIME))) == 0


def test_noise_and_silence_have_no_pitch() -> None:
    """Noise of all frequencies, noise that is weaker the higher it is, and nothing at all."""
    assert pitch_hz(list(3000 * NOISE)) == 0
    rumble = np.cumsum(NOISE)
    assert pitch_hz(list(3000 * (rumble - rumble.mean()))) == 0
    assert pitch_hz([0.0] * SAMPLES) == 0


@settings(deadline=None, max_examples=30)
@given(st.binary(min_size=2 * SAMPLES, max_size=2 * SAMPLES))
def test_of_any_samples_there_is_a_pitch_of_a_voice_or_none(frame: bytes) -> None:
    """Within the range that is looked for."""
    found = pitch_hz(array.array("h", frame))
    assert found == 0 or 68 <= found <= 500
