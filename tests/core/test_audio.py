"""Samples, milliseconds and chunks."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format, recut


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 17), st.integers(0, 10**9))
def test_recutting_changes_the_cuts_and_nothing_else(pieces: list[bytes], samples: int, start: int) -> None:
    """Any sizes in, odd ones too: the same bytes out, in chunks of the asked size, at positions without gap."""
    chunks = list(recut(pieces, samples, start))
    whole = b"".join(pieces)
    assert b"".join(chunk.pcm for chunk in chunks) == whole[: len(whole) // 2 * 2]
    assert all(chunk.samples == samples for chunk in chunks[:-1])
    assert [chunk.position for chunk in chunks] == [start, *(chunk.end for chunk in chunks)][: len(chunks)]


@given(st.sampled_from([8000, 16000, 44100]), st.integers(0, 10**10))
def test_converting_never_invents_time(rate: int, samples: int) -> None:
    """Rounded down, both ways: a time never points after the audio."""
    audio_format = Format(rate)
    assert samples - rate // 1000 - 1 <= audio_format.samples(audio_format.ms(samples)) <= samples


def test_ten_hours_stay_exact() -> None:
    """Integers all the way: no drift."""
    assert Format(16000).ms(10 * 3600 * 16000) == 36_000_000
    assert Chunk(36_000 * 16000, bytes(3200)).end == 36_000 * 16000 + 1600
