"""What can be speech by its sound: the clip of this project can; tones, notes, beeps and noise cannot."""

import wave
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.recognizers.endpointing import FRAME_MS
from asrcli.recognizers.speech_shape import VIEWS, FrameFacts, can_be_speech, frame_facts, may_become_speech
from asrcli.recognizers.voice_activity import speech_detector
from tests.support.command import CLIP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

RATE = 16_000
FRAME = RATE * FRAME_MS // 1000
TIME = np.arange(4 * RATE) / RATE
NOISE = np.random.default_rng(1).standard_normal(len(TIME))


def facts(sound: "Samples") -> list[FrameFacts]:
    """The frames of a sound between -1 and 1, as the detector hears them."""
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel here")
    is_speech = speech_detector()
    frames = (np.clip(sound, -1, 1) * 32767).astype("<i2")[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return [frame_facts(data, voiced=is_speech(data)) for data in (frame.tobytes() for frame in frames)]


@cache
def speech() -> "Samples":
    """The first sentence of the clip."""
    with wave.open(str(CLIP)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    cut: Samples = samples[RATE // 2 : 4 * RATE] / 32768
    return cut


def beeps(pitch: float, on_s: float, off_s: float, harmonics: int = 1) -> "Samples":
    """A tone that is switched on and off."""
    sound = np.sum([np.sin(2 * np.pi * pitch * part * TIME) / part for part in range(1, harmonics + 1)], axis=0)
    cut: Samples = 0.3 * sound * ((TIME % (on_s + off_s)) < on_s)
    return cut


def notes(*pitches: float, note_s: float = 0.3) -> "Samples":
    """A melody of notes that fade."""
    number = (TIME / note_s).astype(int)
    phase = 2 * np.pi * np.cumsum(np.array(pitches)[number % len(pitches)]) / RATE
    sound = np.sum([np.sin(part * phase) / part for part in range(1, 9)], axis=0)
    fading: Samples = 0.3 * sound * np.exp(-(TIME % note_s) / 0.3)
    return fading


def strokes(each_s: float, fade_s: float, low: float = 0, high: float = 8000) -> "Samples":
    """Noise that is struck at uneven times, about one stroke in this many seconds, and fades."""
    chance = np.random.default_rng(2)
    at = np.cumsum(chance.exponential(each_s, int(len(TIME) / RATE / each_s))) + 0.1
    level = np.zeros(len(TIME))
    for begin in at[at < TIME[-1]]:
        level += (begin <= TIME) * np.exp(-np.maximum(TIME - begin, 0) / fade_s) * chance.uniform(0.4, 1)
    sound: Samples = 0.3 * coloured(low, high) * level
    return sound


def coloured(low: float, high: float, slope: float = 0) -> "Samples":
    """Noise between two frequencies; `slope` makes it weaker the higher it is."""
    spectrum = np.fft.rfft(NOISE)
    hertz = np.fft.rfftfreq(len(NOISE), 1 / RATE)
    sound: Samples = np.fft.irfft(spectrum * ((hertz >= low) & (hertz <= high)) / np.maximum(hertz, 20) ** slope)
    return sound / np.std(sound)


def drums() -> "Samples":
    """A bar again and again: a bass drum whose tone falls, and noise."""
    beat = TIME % 1
    bass = np.sin(2 * np.pi * (50 * beat + 3.3 * (1 - np.exp(-30 * beat)))) * np.exp(-beat / 0.09)
    cut: Samples = 0.6 * bass + 0.3 * NOISE * np.exp(-((TIME + 0.5) % 1) / 0.05)
    return cut


SOUNDS: dict[str, Callable[[], "Samples"]] = {
    "beeps": lambda: beeps(1000, 0.3, 0.7),
    "fast beeps": lambda: beeps(440, 0.1, 0.1),
    "beeps with overtones": lambda: beeps(400, 0.4, 0.3, 10),
    "beeps in noise": lambda: beeps(1000, 0.3, 0.4) + 0.02 * NOISE,
    "busy tone": lambda: beeps(480, 0.5, 0.5) + beeps(620, 0.5, 0.5),
    "two tones": lambda: 0.3 * np.sin(2 * np.pi * np.cumsum(np.where(TIME % 0.5 < 0.25, 800, 1100)) / RATE),
    "siren": lambda: 0.3 * np.sin(2 * np.pi * np.cumsum(1000 + 500 * np.sin(2 * np.pi * TIME)) / RATE),
    "melody": lambda: notes(262, 330, 392, 523, 294),
    "fast melody": lambda: notes(262, 330, 392, 523, 294, note_s=0.15),
    "hum": lambda: beeps(120, 4, 0, 25),
    "white noise": lambda: 0.1 * NOISE,
    "bursts of noise": lambda: 0.2 * NOISE * (TIME % 0.8 < 0.5),
    "applause": lambda: strokes(0.04, 0.02, 500, 5000),
    "claps": lambda: strokes(0.25, 0.025, 700, 4000),
    "knocks": lambda: strokes(0.2, 0.03, 80, 500),
    "typing": lambda: strokes(0.14, 0.006, 1500, 7000),
    "hiss": lambda: 0.1 * coloured(2000, 7000) * (TIME % 0.7 < 0.3),
    "crackling": lambda: strokes(0.05, 0.002),
    "rumble": lambda: 0.2 * coloured(50, 8000, 1) * (1.2 + np.sin(3 * TIME)),
    "drums": drums,
    "drums with notes": lambda: drums() + notes(262, 330, 392, 523, 294) + notes(41, 55, 65, note_s=0.4),
    "chords with drums": lambda: drums() + sum(0.4 * notes(*each, note_s=0.6) for each in ((262, 349), (330, 392))),
    "swelling noise": lambda: 0.1 * NOISE * (1 + np.sin(2 * np.pi * 3 * TIME)),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_what_is_no_speech_is_told_from_it(name: str) -> None:
    """Neither as a whole nor as far as it has come, so that no partial shows it."""
    frames = facts(SOUNDS[name]())
    assert sum(frame.voiced for frame in frames) >= 15
    assert not can_be_speech(frames, final=True)
    assert not any(can_be_speech(frames[:length], final=False) for length in range(10, len(frames), 10))


@pytest.mark.parametrize("name", ["beeps", "melody", "white noise", "hum"])
def test_speech_beside_such_sounds_stays_speech(name: str) -> None:
    """Before it, after it, and under it at a tenth of its level."""
    sound = SOUNDS[name]()[: len(speech())]
    assert can_be_speech(facts(np.concatenate([sound, speech()])), final=True)
    assert can_be_speech(facts(np.concatenate([speech(), sound])), final=True)
    assert can_be_speech(facts(speech() + 0.1 * sound), final=True)


@pytest.mark.parametrize("name", sorted(SOUNDS.keys() - {"drums with notes", "chords with drums"}))
def test_a_beginning_without_speech_is_not_even_worth_a_reading(name: str) -> None:
    """But of drums and notes together, of which the model must make the same words twice."""
    frames = facts(SOUNDS[name]())
    assert not any(may_become_speech(frames[:length]) for length in range(5, 60))


def test_a_lively_beginning_whose_voice_does_not_move_is_worth_a_reading() -> None:
    """As a drawn-out first vowel: it may become speech, and nothing says yet that it is. A note is not even read."""
    beginning = facts(speech())[:20]

    def sung(drift: float) -> list[FrameFacts]:
        return [
            replace(frame, pitch_hz=100 + drift * (number % 2)) if frame.pitch_hz else frame
            for number, frame in enumerate(beginning)
        ]

    steady = sung(0.7)
    assert not may_become_speech(sung(0.0))
    assert may_become_speech(steady)
    assert not can_be_speech(steady, final=False)


def test_a_voice_that_moves_makes_up_for_a_sound_that_changes_little() -> None:
    """At the beginning: of so little liveliness alone nobody could tell."""

    def dull(frame: FrameFacts) -> FrameFacts:
        views = [replace(view, shape=tuple(0.25 + value / 2 for value in view.shape)) for view in frame.views]
        return replace(frame, views=tuple(views))

    frames = [dull(frame) for frame in facts(speech())[:20]]
    assert may_become_speech(frames)
    assert not can_be_speech(frames, final=False)
    assert not may_become_speech([replace(frame, pitch_hz=0.0) for frame in frames])


@pytest.mark.parametrize(("held", "is_voice"), [(1, True), (8, False)])
def test_a_pitch_that_stays_from_frame_to_frame_is_a_note(held: int, *, is_voice: bool) -> None:
    """However its shape moves, as that of an instrument with formants does; a voice drifts."""
    frames = [
        replace(frame, pitch_hz=100 * 1.03 ** (number // held % 5)) if frame.voiced else frame
        for number, frame in enumerate(facts(speech()))
    ]
    assert can_be_speech(frames, final=True) is is_voice
    assert can_be_speech(frames[:40], final=False) is is_voice


@pytest.mark.parametrize("gain", [0.05, 1.0])
def test_speech_is_speech_before_it_has_ended(gain: float) -> None:
    """After a second of it, however soft."""
    frames = facts(gain * speech())
    assert can_be_speech(frames, final=True)
    assert any(can_be_speech(frames[:length], final=False) for length in range(10, 34))


def test_a_single_vowel_is_a_word_when_silence_surrounds_it() -> None:
    """Its sound changes little, and less than a second of it proves nothing; what follows a cut is no such word."""
    vowel = facts(speech())[20:34]
    silence = [FrameFacts(False)] * 10
    assert can_be_speech([*silence, *vowel, *silence], final=True)
    assert not can_be_speech([*silence, *facts(beeps(1000, 0.3, 9))], final=True)
    assert not can_be_speech(facts(0.1 * NOISE[: FRAME * 20]), final=True)


def test_too_little_voice_is_no_word() -> None:
    """Fewer than five frames."""
    assert not can_be_speech([FrameFacts(False)] * 9 + facts(speech())[20:24], final=True)
    assert not can_be_speech([FrameFacts(False)] * 9, final=True)


@settings(deadline=None)
@given(st.binary(min_size=2 * FRAME, max_size=2 * FRAME), st.booleans())
def test_any_frame_has_facts_within_bounds(frame: bytes, voiced: bool) -> None:
    """Correlations from -1 to 1, levels up to that of the loudest sample; nothing is computed of silence."""
    found = frame_facts(frame, voiced=voiced)
    assert len(found.views) == (len(VIEWS) if voiced else 0)
    for view in found.views:
        assert view.level_db <= 97
        assert all(-1.001 <= value <= 1.001 for value in view.shape)
