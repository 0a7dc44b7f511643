"""Finds the pitch of a voice in one frame of audio. Pure.

A voiced sound repeats itself 70 to 440 times a second. The samples are taken at a quarter of their rate, where that
costs little, with the high part raised: a hum and the rumble of wind are weak there. A sound that repeats itself faster
as well is a whistle or a high note, and no voice.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import sqrt
from operator import mul

from asrcli.recognizers.endpointing import FRAME_MS

SAMPLES = 16 * FRAME_MS  # in a frame
TOGETHER = 4  # samples that become one
LOW_RATE = 4000
RAISED = 0.9
LAGS = range(9, 58)  # periods of a voice
WHISTLE_LAGS = range(2, 9)
ALIKE = 0.5  # correlation of a period with the next one; a voice has more, in an echoing room too, and noise less
WHISTLE = 0.03  # the correlation of a voice is higher by this in its period than in any shorter one
AS_GOOD = 0.9  # of twice the period the same is true: the shortest that is nearly as good is the period


def pitch_hz(samples: Sequence[float]) -> float:
    """Return the pitch of a frame at 16 kHz without a constant part; 0 if there is none."""
    low = [sum(samples[at : at + TOGETHER]) for at in range(0, len(samples), TOGETHER)]
    raised = [after - RAISED * before for before, after in pairwise(low)]
    energy = [0.0, *accumulate(map(mul, raised, raised))]
    alike = [0.0] * WHISTLE_LAGS.start + [
        _correlation(raised, energy, lag) for lag in range(WHISTLE_LAGS.start, LAGS.stop + 1)
    ]
    best = max(alike[lag] for lag in LAGS)
    if best < ALIKE or best - max(alike[lag] for lag in WHISTLE_LAGS) < WHISTLE:
        return 0.0
    period = next(lag for lag in LAGS if alike[lag] == best or (alike[lag] > AS_GOOD * best and _is_peak(alike, lag)))
    return LOW_RATE / (period + _offset(alike[period - 1], alike[period], alike[period + 1]))


def _correlation(samples: Sequence[float], energy: Sequence[float], lag: int) -> float:
    """Return how much samples are like those `lag` later, from -1 to 1; `energy` is what was summed up to each one."""
    count = len(samples)
    both = energy[count - lag] * (energy[count] - energy[lag])
    return sum(map(mul, samples, samples[lag:])) / sqrt(both) if both > 1 else 0.0


def _is_peak(values: Sequence[float], at: int) -> bool:
    return values[at - 1] <= values[at] >= values[at + 1]


def _offset(before: float, top: float, after: float) -> float:
    """Return where between the neighbours the top of a curve lies, from -1 to 1."""
    bend = before - 2 * top + after
    return max(-1.0, min(1.0, 0.5 * (before - after) / bend)) if bend < 0 else 0.0
