"""The timeline of a microphone: whatever the device and the user do, each sample has exactly one position."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import CLIPPED_DBFS, Chunk, Format
from asrcli.core.events import Event, Gap, Level, Paused, Resumed
from asrcli.sources.microphone_timeline import FILL_MS, ListeningMode, MicrophoneTimeline
from asrcli.sources.noise_floor import NoiseFloor
from tests.support.tone import silence, tone, with_offset

RATE = Format(16000)
PIECE = tone(50)
PIECE_MS = 50


def spoken(items: Iterable[Chunk | Event]) -> list[Chunk | Event]:
    """The items without levels."""
    return [item for item in items if not isinstance(item, Level)]


def fresh(**hearing: object) -> MicrophoneTimeline:
    """A timeline that begins at a second."""
    return MicrophoneTimeline(RATE, 16000, ListeningMode(**hearing))  # type: ignore[arg-type]


def test_audio_passes_as_it_is_with_its_level() -> None:
    """One piece, one chunk, one level."""
    line = fresh()
    chunk, level = line.captured(PIECE)
    assert chunk == Chunk(16000, PIECE, quiet=False)
    assert isinstance(level, Level)
    assert (level.at_ms, round(level.dbfs), round(level.peak_dbfs)) == (1050, -13, -10)


@pytest.mark.parametrize("offset", [-9000, -300, 0, 300, 9000])
def test_a_sound_card_with_an_offset_hears_the_same(offset: int) -> None:
    """Speech softer than the offset is no silence, silence has no level, and what is sent keeps the offset."""
    line = fresh()
    pieces = [silence(PIECE_MS)] * 30 + [tone(PIECE_MS, level=0.02)] * 10 + [silence(PIECE_MS)] * 10
    heard = [list(line.captured(with_offset(piece, offset))) for piece in pieces]
    chunks = [item for items in heard for item in items if isinstance(item, Chunk)]
    levels = [item for items in heard for item in items if isinstance(item, Level)]
    assert [chunk.quiet for chunk in chunks[20:]] == [True] * 10 + [False] * 10 + [True] * 10
    assert {level.peak_dbfs for level in levels[:30] + levels[40:]} == {float("-inf")}
    assert {(round(level.dbfs), round(level.peak_dbfs)) for level in levels[30:40]} == {(-37, -34)}
    assert b"".join(chunk.pcm for chunk in chunks) == with_offset(b"".join(pieces), offset)


def test_a_peak_at_full_scale_is_cut_off_whatever_the_offset() -> None:
    """The level would be half of the scale without its offset, and the device still distorts."""
    levels = [
        item for item in fresh().captured(with_offset(tone(PIECE_MS, level=0.6), 16_000)) if isinstance(item, Level)
    ]
    assert [level.peak_dbfs >= CLIPPED_DBFS for level in levels] == [True]


@pytest.mark.parametrize("flowing", [True, False])
def test_a_pause_ends_the_sentence_or_sends_silence(flowing: bool) -> None:
    """With a heartbeat zeros flow; without, nothing does, and the piece before the pause ends its sentence."""
    line = fresh(flowing=flowing)
    line.pause()
    before = spoken(line.captured(PIECE))
    assert before == [Chunk(16000, PIECE, cut_after=not flowing, quiet=False), Paused(1050)]
    during = spoken(line.captured(PIECE))
    assert during == ([Chunk(16800, bytes(1600), quiet=True)] if flowing else [])
    line.pause()
    assert spoken(line.captured(PIECE)) == [Resumed(1050, 1100), Chunk(17600, PIECE, quiet=False)]


def test_mute_is_reported_apart_from_pause_and_a_pause_can_become_one() -> None:
    """Each has its start and its end."""
    line = fresh()
    line.pause()
    items = spoken(line.captured(PIECE))
    line.mute()
    items += spoken(line.captured(PIECE))
    line.mute()
    items += spoken(line.captured(PIECE))
    marks = [item for item in items if not isinstance(item, Chunk)]
    assert marks == [Paused(1050), Resumed(1050, 1050), Paused(1050, muted=True), Resumed(1050, 1100, muted=True)]


def test_enter_ends_the_sentence_after_the_next_piece() -> None:
    """Once."""
    line = fresh()
    line.cut()
    chunks = [*spoken(line.captured(PIECE)), *spoken(line.captured(PIECE))]
    assert [chunk.cut_after for chunk in chunks if isinstance(chunk, Chunk)] == [True, False]


def test_what_a_device_lost_is_silence_and_a_gap() -> None:
    """The times after it stay right."""
    line = fresh()
    list(line.captured(PIECE))
    items = [*line.lost(800, "overflow"), *line.captured(PIECE)]
    assert spoken(items) == [
        Chunk(16800, bytes(1600), quiet=True),
        Gap(1050, 1100, "overflow"),
        Chunk(17600, PIECE, quiet=False),
    ]


def test_an_absent_device_is_silence_and_one_gap_when_it_is_back() -> None:
    """However often the silence is topped up."""
    line = fresh()
    items = [*line.absent(2400, "gone"), *line.absent(1600, "gone"), *line.captured(PIECE)]
    marks = [item for item in spoken(items) if not isinstance(item, Chunk)]
    assert marks == [Gap(1000, 1250, "gone")]
    sizes = [item.samples for item in items if isinstance(item, Chunk)]
    assert sizes == [RATE.samples(FILL_MS), 800, 1600, 800]


def test_a_device_that_is_absent_at_the_end_leaves_its_gap() -> None:
    """The run ends, the gap is reported."""
    line = fresh()
    assert spoken([*line.absent(1600, "gone"), *line.end()])[-1] == Gap(1000, 1100, "gone")


def test_nothing_is_lost_while_nothing_was_to_be_heard() -> None:
    """A device that goes in a pause and comes back in it has cost nothing."""
    line = fresh()
    line.pause()
    items = [*line.captured(PIECE), *line.absent(8000, "gone"), *line.captured(PIECE)]
    line.pause()
    items += [*line.captured(PIECE), *line.end()]
    assert [item for item in items if isinstance(item, Gap)] == []
    assert [item for item in items if isinstance(item, Resumed)] == [Resumed(1050, 1600)]


def test_push_to_talk_begins_with_a_pause() -> None:
    """Nothing is sent before space is pressed, and the end of the talk commits."""
    line = fresh(flowing=False, push_to_talk=True)
    assert list(line.begin()) == [Paused(1000)]
    assert spoken(line.captured(PIECE)) == []
    line.pause()
    assert spoken(line.captured(PIECE)) == [Resumed(1000, 1050), Chunk(16800, PIECE, quiet=False)]
    line.pause()
    assert spoken(line.captured(PIECE)) == [Chunk(17600, PIECE, cut_after=True, quiet=False), Paused(1150)]


def test_it_is_over_after_the_asked_time_or_silence() -> None:
    """--for and --until-silence; speech begins the silence again, and so does the end of a pause."""
    line = fresh(for_ms=100)
    list(line.captured(PIECE))
    assert not line.ended
    list(line.captured(PIECE))
    assert line.ended
    quiet = fresh(until_silence_ms=2000)
    for piece in [PIECE, silence(50)] * 20 + [silence(50)] * 38:
        list(quiet.captured(piece))
    assert not quiet.ended
    list(quiet.captured(silence(50)))
    assert quiet.ended


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("heard"), st.integers(1, 30)),
        st.tuples(st.just("lost"), st.integers(1, 4000)),
        st.tuples(st.just("absent"), st.integers(0, 4000)),
        st.tuples(st.sampled_from(["pause", "mute", "cut"]), st.just(0)),
    ),
    max_size=40,
)


@given(OPERATIONS, st.booleans(), st.booleans())
def test_each_sample_has_one_place_and_one_fate(
    operations: list[tuple[str, int]], flowing: bool, push_to_talk: bool
) -> None:
    """Chunks do not overlap; what is missing between them is a pause; gaps and pauses never share a sample."""
    line = MicrophoneTimeline(RATE, 0, ListeningMode(flowing=flowing, push_to_talk=push_to_talk))
    items: list[Chunk | Event] = list(line.begin())
    for name, size in operations:
        if name == "heard":
            items += line.captured(tone(1) * size)
        elif name in {"lost", "absent"}:
            items += getattr(line, name)(size * 16, "why")
        else:
            getattr(line, name)()
    items += line.end()
    fates = ["?"] * RATE.ms(line.position)
    at = 0
    for item in items:
        if isinstance(item, Chunk):
            assert item.position >= at
            at = item.end
            mark(fates, RATE.ms(item.position), RATE.ms(item.end), ("?", "chunk"))
    assert at <= line.position
    for item in items:
        if isinstance(item, Resumed):
            mark(fates, item.begin_ms, item.end_ms, *([("chunk", "pause")] if flowing else [("?", "pause")]))
        elif isinstance(item, Gap):
            mark(fates, item.begin_ms, item.end_ms, ("chunk", "gap"))
    assert "?" not in fates


def mark(fates: list[str], begin: int, end: int, *allowed: tuple[str, str]) -> None:
    """Give each millisecond of a span its fate, which must follow from the one before."""
    for ms in range(begin, end):
        fates[ms] = dict(allowed)[fates[ms]]


def test_the_noise_floor_follows_the_room_and_speech_stands_out() -> None:
    """A fan is quiet after a while; a whisper above it is not; digital silence is always quiet."""
    floor = NoiseFloor()
    assert not any(floor.is_quiet(-50.0, 0.05) for _ in range(19))  # it still learns
    assert all(floor.is_quiet(dbfs, 0.05) for dbfs in [-50.0, -52.0, -49.0] * 20)
    assert not floor.is_quiet(-43.0, 0.05)
    assert floor.is_quiet(float("-inf"), 0.05)
    assert not floor.is_quiet(-60.0, 0.05)  # the room has been found to be far quieter
    loud = [floor.is_quiet(-40.0, 0.05) for _ in range(20 * 60)]
    assert not loud[0]
    assert loud[-1]  # the fan is on: after half a minute that is the room
