"""Quiet by loudness: silence, the noise of a room, and sound as loud as speech."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, recut
from asrcli.recovery.quiet_audio import is_quiet
from asrcli.recovery.replay import StoredBlock
from asrcli.recovery.resume_point import quiet_edges

STEP = 160
LOUD = array("h", [3000])


@pytest.mark.parametrize(
    ("samples", "quiet"),
    [
        ([], True),
        ([0] * 100, True),
        ([20, -20] * 100, True),
        ([0] * 99 + [3000], False),
        ([-3000] + [0] * 9, False),
        ([0] * 900 + [-3000], False),  # after the bytes that are looked at first
        ([20, -20] * 900 + [200], False),
    ],
)
def test_one_loud_sample_is_no_quiet(samples: list[int], quiet: bool) -> None:
    """In doubt sound counts as speech."""
    assert is_quiet(array("h", samples).tobytes()) is quiet
    assert is_quiet(array("h", samples).tobytes() + b"\x7f") is quiet


class _Kept:
    """Bytes that are out of memory."""

    def __init__(self, stored: bytes) -> None:
        self._stored = stored

    def load(self) -> bytes:
        """The bytes."""
        return self._stored

    def free(self) -> None:
        """Nothing to do."""


@given(st.integers(0, 3000), st.integers(1, 3000), st.integers(0, 3000), st.integers(300, 6400), st.booleans())
def test_quiet_is_found_inside_of_chunks(before: int, sound: int, behind: int, size: int, stored: bool) -> None:
    """Up to a step on either side of the sound, wherever the chunks begin; sound is never found quiet."""
    pcm = array("h", bytes(2 * before)) + LOUD * sound + array("h", bytes(2 * behind))
    kept: list[Chunk | StoredBlock] = list(recut([pcm.tobytes()], size))
    if stored:
        kept = [StoredBlock([chunk for chunk in kept if isinstance(chunk, Chunk)], _Kept)]
    first = before // size * size  # the chunks with sound in them
    last = min(len(pcm), -(-(before + sound) // size) * size)
    quiet = list(quiet_edges(kept, first, last, STEP))
    assert all(end <= before or begin >= before + sound for begin, end in quiet)
    assert first + sum(end - begin for begin, end in quiet if begin < before) > before - STEP
    assert last - sum(end - begin for begin, end in quiet if begin >= before) < before + sound + STEP


def test_audio_that_is_not_kept_is_not_quiet() -> None:
    """Nobody can say what it was; nor of audio that is encoded."""
    silence = Chunk(1600, bytes(3200))
    assert not list(quiet_edges([], 0, 1600, STEP))
    assert not list(quiet_edges([silence], 0, 4800, STEP))
    assert not list(quiet_edges([Chunk(0, bytes(50), length=1600)], 0, 1600, STEP))
