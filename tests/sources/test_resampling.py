"""Live PCM of any rate and number of channels becomes mono at the rate of the wire, piece by piece as in one."""

from array import array

import pytest

from asrcli.core.audio import Format
from asrcli.sources.resampling import converter
from tests.support.tone import loudness, tone

WIRE = Format(16000)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_pieces_of_any_rate_and_layout_keep_length_and_loudness(rate: int, channels: int) -> None:
    """What the filter holds back is less than 15 ms."""
    mono = array("h", tone(1000, rate))
    pcm = array("h", (sample for sample in mono for _ in range(channels))).tobytes()
    convert, size = converter(rate, channels, WIRE), rate // 20 * 2 * channels
    out = b"".join(convert(pcm[at : at + size]) for at in range(0, len(pcm), size))
    assert 31500 <= len(out) <= 32000
    assert loudness(out[3200:-3200]) == pytest.approx(loudness(mono.tobytes()), rel=0.02)


def test_what_fits_is_left_alone() -> None:
    """No decoder is loaded for a device that gives what the wire takes."""
    pcm = tone(100)
    assert converter(16000, 1, WIRE)(pcm) is pcm


def test_what_is_above_the_new_limit_does_not_fold_back() -> None:
    """A whistle at 12 kHz is no tone at 4 kHz."""
    assert loudness(converter(48000, 1, WIRE)(tone(500, 48000, hertz=12000))) < 0.005
