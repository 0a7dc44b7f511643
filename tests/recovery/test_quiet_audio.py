"""Quiet by loudness: silence, the noise of a room, and sound as loud as speech."""

from array import array

import pytest

from asrcli.recovery.quiet_audio import is_quiet


@pytest.mark.parametrize(
    ("samples", "quiet"),
    [
        ([], True),
        ([0] * 100, True),
        ([20, -20] * 100, True),
        ([0] * 99 + [3000], False),
        ([-3000] + [0] * 9, False),
        ([0] * 900 + [-3000], False),  # behind the bytes that are looked at first
        ([20, -20] * 900 + [200], False),
    ],
)
def test_one_loud_sample_is_no_quiet(samples: list[int], quiet: bool) -> None:
    """In doubt sound counts as speech."""
    assert is_quiet(array("h", samples).tobytes()) is quiet
    assert is_quiet(array("h", samples).tobytes() + b"\x7f") is quiet
