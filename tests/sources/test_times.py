"""The times of a file are those of its container: late sound, holes, damage, joined files."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.events import Event, Notice
from asrcli.sources.audio_positions import FILL_MS
from asrcli.sources.container_clock import DRIFT_S, TOLERANCE_S, ContainerClock
from asrcli.sources.excerpt import Clip
from asrcli.sources.file import FileSource
from tests.sources.media_times import NEAR_MS, damaged, gaps, heard
from tests.sources.reading import RATE
from tests.support.media_files import onsets, write_media
from tests.support.tone import encoded, silence, tone


def sent_ms(items: list[Chunk | Event]) -> int:
    """How much a service would be sent."""
    return RATE.ms(sum(item.samples for item in items if isinstance(item, Chunk)))


FILMS = [("a.mkv", "aac"), ("a.mp4", "aac"), ("a.mov", "aac"), ("a.ts", "aac"), ("a.flv", "aac"), ("a.webm", "libopus"),
         ("b.mkv", "libmp3lame"), ("c.mkv", "flac"), ("b.mp4", "libopus"), ("b.ts", "libmp3lame")]  # fmt: skip
RATES = {"a.flv": 44100, "b.ts": 44100}


@pytest.mark.parametrize(("name", "codec"), FILMS)
def test_sound_that_begins_late_is_heard_late(tmp_path: Path, name: str, codec: str) -> None:
    """Where the pictures begin is 0. What comes before the sound is not sent, and so costs nothing."""
    rate = RATES.get(name, 48000)
    path = write_media(tmp_path / name, codec, [(4000, tone(1000, rate))], rate=rate, length_ms=6000)
    items = heard(path, start=160)
    assert onsets(items, 16000) == [pytest.approx(4010, abs=NEAR_MS)]
    assert sent_ms(items) < 1300
    assert gaps(items) == []


@pytest.mark.parametrize(
    ("name", "codec", "flags"), [("a.mp4", "aac", "frag_keyframe+empty_moov"), ("a.avi", "mp2", "")]
)
def test_what_a_codec_begins_with_is_no_sound_before_a_hole(tmp_path: Path, name: str, codec: str, flags: str) -> None:
    """These containers put the first packet at 0 and the others where the sound is: it is late, and none is lost."""
    sound = [(0, silence(40, 48000)), (4000, silence(300, 48000) + tone(1000, 48000))]
    path = write_media(tmp_path / name, codec, sound, length_ms=6000, movflags=flags)
    items = heard(path)
    assert onsets(items, 16000) == [pytest.approx(4300, abs=2 * NEAR_MS)]
    assert gaps(items) == []


def test_a_film_that_is_longer_than_its_sound_is_not_called_cut(tmp_path: Path) -> None:
    """A NUT says only how long its longest track is."""
    items = heard(write_media(tmp_path / "a.nut", "mp2", [(0, tone(2000, 48000))], length_ms=6000))
    assert [item for item in items if isinstance(item, Notice)] == []


@pytest.mark.parametrize("name", ["only.mkv", "only.m4a"])
def test_a_container_without_pictures_has_its_own_beginning(tmp_path: Path, name: str) -> None:
    """Where its timeline begins, and not where its first packet is."""
    items = heard(write_media(tmp_path / name, "aac", [(2500, tone(1000, 48000))]))
    assert onsets(items, 16000) == [pytest.approx(2500, abs=NEAR_MS)]


@pytest.mark.parametrize(("name", "codec"), FILMS)
@pytest.mark.parametrize("hole_ms", [1500, 5000])
def test_after_a_hole_the_times_are_true(tmp_path: Path, name: str, codec: str, hole_ms: int) -> None:
    """Packets are missing and their times go on: that is a gap, named, and what follows is where it belongs."""
    rate = RATES.get(name, 48000)
    burst, at = tone(800, rate), 1200 + hole_ms
    sound = [(0, silence(200, rate) + burst + silence(200, rate)), (at, silence(200, rate) + burst)]
    items = heard(write_media(tmp_path / name, codec, sound, rate=rate, length_ms=at + 1000))
    assert onsets(items, 16000) == [pytest.approx(200, abs=NEAR_MS), pytest.approx(at + 200, abs=NEAR_MS)]
    (gap,) = gaps(items)
    assert abs(gap.begin_ms - 1200) < 2 * NEAR_MS
    assert abs(gap.end_ms - at) < 2 * NEAR_MS
    assert "no audio in the file" in gap.reason
    assert sent_ms(items) < (2400 if hole_ms > FILL_MS else 2400 + hole_ms)


def test_spans_are_taken_in_the_same_time(tmp_path: Path) -> None:
    """--start and --end count from the beginning of the file, holes and silence before the sound included."""
    sound = [(2000, tone(1000, 48000)), (6000, tone(1000, 48000))]
    path = write_media(tmp_path / "a.mkv", "aac", sound, length_ms=8000)
    source = FileSource(str(path), RATE, Clip(5000, 6500))
    items = list(source.chunks(RATE.samples(5000)))
    assert onsets(items, 16000) == [pytest.approx(6000, abs=NEAR_MS)]
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert RATE.ms(chunks[-1].end) == 6500
    assert [(gap.begin_ms, gap.reason) for gap in gaps(items)] == [(5000, "no audio in the file here")]
    (quiet,) = [item for item in heard(path, Clip(0, 1500)) if isinstance(item, Chunk)]  # before it is silence
    assert (RATE.ms(quiet.end), any(quiet.pcm)) == (1500, False)


DAMAGED = [("a.m4a", "aac", 50), ("a.mka", "aac", 50), ("a.flac", "flac", 100), ("a.mp3", "libmp3lame", 50),
           ("a.mka", "flac", 100)]  # fmt: skip


@pytest.mark.parametrize(("name", "codec", "near_ms"), DAMAGED)
def test_damage_is_a_gap_and_the_rest_is_in_its_place(tmp_path: Path, name: str, codec: str, near_ms: int) -> None:
    """Nobody hears the garbage, nobody hears the rest too early, and it is not called whole."""
    pcm = tone(1000, 48000) + silence(500, 48000) + tone(2000, 48000, 300) + silence(1000, 48000) + tone(1500, 48000)
    path = encoded(tmp_path / name, codec, pcm, bit_rate=96_000 if codec != "flac" else 0)
    damaged(path, 1600, 3400)
    items = heard(path)
    assert onsets(items, 16000, level=5000)[-1] == pytest.approx(4500, abs=near_ms)
    assert sum(gap.end_ms - gap.begin_ms for gap in gaps(items)) > 1500
    assert all("damaged" in gap.reason for gap in gaps(items))
    assert all(1400 < gap.begin_ms < gap.end_ms < 3600 for gap in gaps(items))


def test_damage_at_the_end_is_a_gap_too(tmp_path: Path) -> None:
    """What cannot be decoded there is named up to its last packet."""
    path = encoded(tmp_path / "a.m4a", "aac", tone(3000, 48000), bit_rate=96_000)
    damaged(path, 2000, 10_000)
    items = heard(path)
    assert sum(gap.end_ms - gap.begin_ms for gap in gaps(items)) == pytest.approx(1000, abs=100)
    assert gaps(items)[-1].end_ms == pytest.approx(3000, abs=100)


def test_a_chain_of_ogg_may_change_its_form(tmp_path: Path) -> None:
    """Another number of channels in the next link ends nothing."""
    parts = [
        encoded(tmp_path / f"{layout}.opus", "libopus", tone(500, 48000) + silence(1500, 48000), layout=layout)
        for layout in ("mono", "stereo", "mono")
    ]
    path = tmp_path / "a.opus"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert [at // 100 for at in onsets(heard(path), 16000)] == pytest.approx([0, 20, 40], abs=1.5)


FRAME_S = 0.02


def placed_at(times: list[float | None], zero: float | None = 0.0) -> list[float]:
    """Where a clock places frames of 20 ms that have these times."""
    clock, places = ContainerClock(zero), []
    for number, time in enumerate(times):
        following = times[number + 1] if number + 1 < len(times) else None
        clock.place(time, FRAME_S, lambda following=following: following)  # type: ignore[misc]
        places.append(clock.now - FRAME_S)
    return places


@given(st.lists(st.floats(-0.015, 0.015), min_size=1, max_size=200))
def test_times_that_shake_move_nothing(shakes: list[float]) -> None:
    """Containers round: a count is better than any single time."""
    times = [number * FRAME_S + shake for number, shake in enumerate(shakes)]
    assert placed_at(list(times)) == pytest.approx([number * FRAME_S for number in range(len(times))])


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0.05, 30)), min_size=1, max_size=8))
def test_each_hole_is_as_long_as_the_container_says(runs: list[tuple[int, float]]) -> None:
    """Frames after any number of holes are where their times say, within the tolerance."""
    times, at = [], 0.0
    for count, hole_s in runs:
        times += [at + number * FRAME_S for number in range(count + 2)]
        at = times[-1] + FRAME_S + hole_s
    assert placed_at(list(times)) == pytest.approx(times, abs=TOLERANCE_S + 1e-6)


@given(st.integers(2, 100), st.floats(-1e6, 1e6).filter(lambda s: abs(s) > 1))
def test_one_wild_time_moves_nothing(number: int, wild: float) -> None:
    """A damaged time stands alone: its neighbours agree with the count."""
    times: list[float | None] = [at * FRAME_S for at in range(number + 5)]
    times[number] = number * FRAME_S + wild
    assert placed_at(times) == pytest.approx([at * FRAME_S for at in range(number + 5)])


@given(st.integers(2, 60), st.floats(0.5, 1e5))
def test_times_that_begin_again_go_on(number: int, first: float) -> None:
    """A joined file follows without a hole, whatever its clock says, if that goes back."""
    times = [first + at * FRAME_S for at in range(number)] + [first - 0.5 + at * FRAME_S for at in range(number)]
    assert placed_at(list(times), None) == pytest.approx([at * FRAME_S for at in range(2 * number)], abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.floats(-0.01, 0.01))
def test_a_clock_that_runs_slower_or_faster_is_followed(drift: float) -> None:
    """Up to a hundredth, for two minutes: never farther off than the tolerance and what it takes to see it."""
    times = [at * FRAME_S * (1 + drift) for at in range(6_000)]
    worst = max(abs(place - time) for place, time in zip(placed_at(list(times)), times, strict=True))
    assert worst < TOLERANCE_S + DRIFT_S * 0.01 + FRAME_S
