"""The audio of a journal comes back at its places, with the cuts that the source asked for."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Format
from asrcli.journal.audio_track import AudioTrack, Stretch, TrackIndex
from asrcli.journal.records import JournalSourceInfo

RATE = Format(1000)  # a sample a millisecond, so a piece has at most 100


class CountedPosition(int):
    """A position that counts how often it is compared."""

    compared = 0

    def __gt__(self, other: object) -> bool:
        CountedPosition.compared += 1
        return int(self) > other  # type: ignore[operator]


def track(folder: Path, samples: int, cuts: tuple[int, ...]) -> AudioTrack:
    """This much counted audio, half of it after a jump of 50."""
    path = folder / "0.pcm"
    path.write_bytes(b"".join(number.to_bytes(2, "little") for number in range(samples)))
    half = samples // 2
    stretches = (Stretch(0, 0, half), Stretch(half, half + 50, samples - half))
    return AudioTrack(JournalSourceInfo("mic"), RATE, path, stretches, cuts)


@given(st.integers(2, 600), st.lists(st.integers(0, 700), max_size=20, unique=True), st.integers(0, 700))
def test_each_sample_comes_once_and_a_cut_ends_a_piece(samples: int, cuts: list[int], begin: int) -> None:
    """Cuts outside the audio, or where it begins, change nothing."""
    with TemporaryDirectory() as folder:
        made = track(Path(folder), samples, tuple(sorted(cuts)))
        chunks = list(made.chunks(begin, made.end))
    half = samples // 2
    places = [place for place in [*range(half), *range(half + 50, samples + 50)] if place >= begin]
    assert [chunk.position + at for chunk in chunks for at in range(chunk.samples)] == places
    assert b"".join(chunk.pcm for chunk in chunks) == b"".join(
        (place - 50 * (place >= half)).to_bytes(2, "little") for place in places
    )
    assert [chunk.end for chunk in chunks if chunk.cut_after] == [cut for cut in sorted(cuts) if cut - 1 in places]


def test_an_utterance_that_was_cut_costs_the_pieces_after_it_nothing(tmp_path: Path) -> None:
    """Hours that were spoken in thousands of utterances are read again in the time that they take."""
    cuts = tuple(CountedPosition(at) for at in range(100, 60_001, 100))
    made = track(tmp_path, 60_000, cuts)
    CountedPosition.compared = 0
    pieces = len(list(made.chunks(0, made.end)))
    assert pieces >= 600
    assert CountedPosition.compared <= 12 * pieces


@pytest.mark.parametrize(("at", "position"), [(99, 400), (200, 249), (0, 0), (-1, 400), (200, True)])
def test_a_line_of_the_index_that_contradicts_those_before_it_is_not_believed(at: int, position: int) -> None:
    """Samples would come twice, or in another order. The places before it stay, and the last of them is in doubt."""
    index = TrackIndex(JournalSourceInfo("mic"), 300)
    for record in ({"at": 0, "position": 0}, {"at": 100, "position": 150}, {"at": at, "position": position}):
        index.take(record)
    assert index.stretches() == (Stretch(0, 0, 100), Stretch(100, 150, 200))
    assert (index.problem, index.doubt) == ("a line of its index makes no sense", 100)


def test_a_place_that_follows_those_before_it_is_believed() -> None:
    """At once behind them, or after a jump; but more samples than the recording is long are none."""
    index = TrackIndex(JournalSourceInfo("mic"), 300)
    for at, position in ((0, 0), (100, 100), (200, 900)):
        index.take({"at": at, "position": position})
    assert index.stretches() == (Stretch(0, 0, 100), Stretch(100, 100, 100), Stretch(200, 900, 100))
    assert (index.problem, index.doubt) == ("", None)
    index = TrackIndex(JournalSourceInfo("mic"), 300)
    index.take({"at": 10, "position": 5})
    assert index.problem
