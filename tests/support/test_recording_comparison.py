"""What the comparison of recordings tells."""

import random
import struct
from functools import cache

import pytest

from tests.support.command import CLIP
from tests.support.recording_comparison import alignment

SECOND = 32_000  # bytes
PIECE = 160  # 5 ms


@cache
def speech() -> bytes:
    """Five seconds of it."""
    return CLIP.read_bytes()[44 + SECOND // 2 :][: 5 * SECOND]


def test_the_same_lies_exactly_on_itself() -> None:
    """Nothing late, nothing different, nothing moved."""
    found = alignment(speech(), speech())
    assert (found.lag, found.correlation, found.wander) == (0, 1.0, 0)


def test_the_lag_is_where_it_begins_in_samples_at_any_loudness() -> None:
    """Silence before it is positive, a missed beginning negative."""
    softer = struct.pack("<80000h", *(value // 4 for (value,) in struct.iter_unpack("<h", speech())))
    late = alignment(speech(), bytes(2000) + softer + bytes(600))
    early = alignment(speech(), speech()[2000:])
    assert (late.lag, early.lag) == (1000, -1000)
    assert late.correlation > 0.999
    assert (late.wander, early.wander) == (0, 0)


@pytest.mark.parametrize("at", [SECOND, 2 * SECOND, 3 * SECOND])
def test_a_lost_or_doubled_piece_shows_as_wander(at: int) -> None:
    """5 ms are enough, wherever they are."""
    lost = alignment(speech(), speech()[:at] + speech()[at + PIECE :])
    doubled = alignment(speech(), speech()[:at] + speech()[at - PIECE :])
    assert (lost.wander, doubled.wander) == (PIECE // 2, PIECE // 2)
    assert max(lost.correlation, doubled.correlation) < 0.95


def test_a_lost_end_lowers_the_correlation() -> None:
    """What was never recorded counts as silence, not as nothing."""
    assert alignment(speech(), speech()[: 3 * SECOND]).correlation < 0.9


def test_noise_lowers_the_correlation_and_moves_nothing() -> None:
    """The louder, the lower."""
    chance = random.Random(1)

    def noisy(level: int) -> bytes:
        values = (value + chance.randint(-level, level) for (value,) in struct.iter_unpack("<h", speech()))
        return struct.pack("<80000h", *(max(-32768, min(32767, value)) for value in values))

    faint, loud = alignment(speech(), noisy(300)), alignment(speech(), noisy(6000))
    assert 1.0 > faint.correlation > 0.98 > loud.correlation > 0.3
    assert (faint.wander, loud.wander) == (0, 0)


@pytest.mark.parametrize("recorded", [b"", bytes(SECOND)], ids=["nothing", "silence"])
def test_nothing_is_like_nothing(recorded: bytes) -> None:
    """A microphone that heard nothing has no correlation."""
    assert alignment(speech(), recorded).correlation == 0
