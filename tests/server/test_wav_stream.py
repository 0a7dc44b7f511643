"""The PCM in streams that clients announce as pcm or wav."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.server.wav_stream import FORMAT, WavStream
from tests.support.tone import tone

PCM = tone(50)
FMT = b"fmt \x10\x00\x00\x00" + bytes(16)
HEADERS = {
    "none": b"",
    "plain": b"RIFF\xff\xff\xff\xffWAVE" + FMT + b"data\xff\xff\xff\xff",
    "with a chunk before the data": b"RIFF\0\0\0\0WAVE" + FMT + b"LIST\x03\0\0\0abc\0" + b"data\0\0\0\0",
}


def pcm_of(pieces: list[bytes]) -> bytes:
    """What comes out of pieces."""
    waves = WavStream()
    return b"".join([*map(waves.pcm, pieces), waves.rest()])


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_header_is_left_out_however_it_is_cut(header: bytes, cuts: list[int]) -> None:
    """Byte by byte or in one piece: what is heard is the PCM alone."""
    data = header + PCM
    edges = [0, *sorted(cuts), len(data)]
    assert pcm_of([data[begin:end] for begin, end in itertools.pairwise(edges)]) == PCM


@given(st.binary(max_size=100))
def test_pcm_without_a_header_passes_whole(data: bytes) -> None:
    """Even where it begins like one by chance and then ends."""
    if not data.startswith(b"RIFF"):
        assert pcm_of([data]) == data


def test_a_header_without_end_is_given_up() -> None:
    """Nobody makes the server hold back more than 64 KB."""
    endless = b"RIFF\0\0\0\0WAVE" + b"LIST\xff\xff\xff\x7f" + bytes(70_000)
    assert WavStream().pcm(endless) == endless


@pytest.mark.parametrize(
    ("described", "needed"),
    [
        ((1, 1, 16000, 16), False),
        ((0xFFFE, 1, 16000, 16), False),
        ((1, 0, 16000, 16), False),
        ((1, 1, 0, 16), False),
        ((1, 2, 16000, 16), True),
        ((1, 1, 44100, 16), True),
        ((1, 1, 16000, 8), True),
        ((3, 1, 16000, 32), True),
        ((6, 1, 16000, 16), True),
    ],
)
def test_a_header_says_whether_its_samples_are_the_pcm_of_the_task(described: tuple[int, ...], needed: bool) -> None:
    """Zeros say nothing: those who write a header in advance leave them in."""
    header = b"RIFF\0\0\0\0WAVE" + b"fmt \x10\0\0\0" + FORMAT.pack(*described) + b"data\0\0\0\0"
    stream = WavStream()
    assert b"".join(stream.pcm(header[at : at + 1]) for at in range(len(header))) == b""
    assert stream.has_begun
    assert stream.needs_decoder(16000) is needed
    assert not WavStream().needs_decoder(16000)
