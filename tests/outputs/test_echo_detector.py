"""A call on loudspeakers is reported as an echo; a call on headphones is not."""

from random import Random

import pytest

from asrcli.core.events import Level, Notice
from asrcli.core.transcript import Transcript
from asrcli.outputs.echo_detector import EchoDetector

STEPS = 600  # of 50 ms: half a minute


def speech(seed: int, loudest: float = -18.0, floor: float = -65.0) -> list[float]:
    """Levels as speech has them: syllables, words and pauses over a floor."""
    chance = Random(seed)
    levels: list[float] = []
    while len(levels) < STEPS:
        for _ in range(chance.randrange(2, 8)):  # syllables of a phrase
            peak = loudest - chance.random() * 12
            levels += [peak - 6, peak, peak - chance.random() * 8, peak - 12][: chance.randrange(2, 5)]
        levels += [floor + chance.random() * 3] * chance.randrange(2, 14)
    return levels[:STEPS]


def told(mic: list[float], monitor: list[float], lag_ms: int = 0) -> list[Notice]:
    """What is noticed of these levels."""
    notices: list[Notice] = []
    echo = EchoDetector(notices.append, ["monitor"])
    for number, (one, other) in enumerate(zip(mic, monitor, strict=True)):
        at_ms = (number + 1) * 50
        echo.handle(Level(at_ms + lag_ms, one, one + 6, "mic"), Transcript())
        echo.handle(Level(at_ms, other, other + 6, "monitor"), Transcript())
    return notices


def louder(*levels: float) -> float:
    """The level of sounds together, as far as it matters here."""
    return max(levels)


@pytest.mark.parametrize("lag", [0, 2, 6, 10])
@pytest.mark.parametrize("softer", [6.0, 20.0])
@pytest.mark.parametrize("seed", range(4))
def test_what_comes_back_is_reported_once_with_what_to_do(seed: int, softer: float, lag: int) -> None:
    """Softer, later, and over the noise of a room."""
    played, chance = speech(seed), Random(seed + 99)
    mic = [louder(level - softer, -52.0 + chance.random() * 3) for level in ([-65.0] * lag + played)[:STEPS]]
    (notice,) = told(mic, played)
    assert notice.level == "warning"
    assert "headphones" in notice.text
    assert "mic" in notice.text


@pytest.mark.parametrize("seed", range(40))
def test_two_people_who_talk_are_no_echo(seed: int) -> None:
    """At once or by turns."""
    assert told(speech(seed), speech(seed + 1000)) == []


def test_silence_and_steady_noise_are_no_echo() -> None:
    """Two rooms that are quiet are alike without any echo."""
    chance = Random(5)
    hum = [-50.0 + chance.random() for _ in range(STEPS)]
    assert told(hum, hum) == []
    assert told(speech(1), [float("-inf")] * STEPS) == []
    assert told([float("-inf")] * STEPS, speech(1)) == []


def test_an_echo_is_found_though_the_microphone_began_later_or_paused() -> None:
    """Levels that are missing do not shift those after them."""
    played = speech(3)
    notices: list[Notice] = []
    echo = EchoDetector(notices.append, ["monitor"])
    for number, level in enumerate(played):
        if not 100 < number < 140:
            echo.handle(Level(number * 50, level - 10, level, "mic"), Transcript())
        echo.handle(Level(number * 50, level, level, "monitor"), Transcript())
    assert len(notices) == 1
