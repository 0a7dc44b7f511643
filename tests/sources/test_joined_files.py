"""Files that are joined end to end, as `cat` and radio recorders leave them: each is heard after the one before."""

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.events import Event, Gap, Notice
from asrcli.sources import joined_files
from asrcli.sources.excerpt import Clip
from asrcli.sources.file import FileSource
from tests.sources.reading import RATE, read_file, read_named_pipe
from tests.support.media_files import onsets, write_media
from tests.support.tone import encoded, silence, tone

KINDS = [("a.opus", "libopus", 48000), ("a.ogg", "flac", 16000), ("a.mp3", "libmp3lame", 44100),
         ("a.mp2", "mp2", 44100),
         ("a.flac", "flac", 16000), ("a.aac", "aac", 44100), ("a.ac3", "ac3", 48000), ("a.ts", "aac", 44100),
         ("a.mpg", "mp2", 44100), ("a.webm", "libopus", 48000), ("a.mkv", "aac", 44100), ("b.mkv", "pcm_s16le", 16000),
         ("c.mkv", "libmp3lame", 44100), ("a.m4a", "aac", 44100), ("a.mov", "pcm_s16le", 16000),
         ("a.flv", "aac", 44100),
         ("a.wav", "pcm_s16le", 16000), ("b.wav", "pcm_s16le", 44100), ("c.wav", "pcm_alaw", 8000),
         ("a.aiff", "pcm_s16be", 16000), ("a.au", "pcm_s16be", 16000),
         ("a.caf", "pcm_s16le", 16000), ("a.w64", "pcm_s16le", 44100), ("a.avi", "libmp3lame", 44100)]  # fmt: skip
LIVE = {"a.webm": {"live": "1"}, "c.mkv": {"live": "1"}, "a.m4a": {"movflags": "frag_keyframe+empty_moov"}}
PART_MS = 1200


def check(items: list[Chunk | Event], count: int) -> None:
    """Each part is heard once at its place; nothing is missing or damaged."""
    expected = [PART_MS * number for number in range(count)]
    assert onsets(items, 16000) == pytest.approx(expected, abs=60 * count)
    assert [item for item in items if isinstance(item, Gap | Notice)] == []


@pytest.mark.parametrize(
    ("name", "codec", "rate", "options"),
    [*((*kind, {}) for kind in KINDS), *((*kind, LIVE[kind[0]]) for kind in KINDS if kind[0] in LIVE)],
)
def test_any_number_of_files_follow_each_other(
    tmp_path: Path, name: str, codec: str, rate: int, options: dict[str, Any]
) -> None:
    """On a disk and through a pipe: each in its place, as long as all together, and nobody refuses what is there."""
    one = encoded(tmp_path / f"one{name}", codec, tone(400, rate) + silence(PART_MS - 400, rate), rate, **options)
    data, path = one.read_bytes(), tmp_path / name
    for count in (1, 2, 3, 4):
        path.write_bytes(data * count)
        check(read_file(str(path)), count)
        check(read_named_pipe(tmp_path / f"{count}{name}", data * count), count)
        assert FileSource(str(path), RATE).duration_ms == pytest.approx(PART_MS * count, abs=80 * count)
        behind = FileSource(str(path), RATE, Clip(PART_MS * count - 500))
        assert any(isinstance(item, Chunk) for item in behind.chunks(0))


@pytest.mark.parametrize("names", [("a.webm", "b.mkv", "c.mkv"), ("b.mkv", "a.mkv", "a.webm", "b.mkv")])
def test_the_form_may_change_from_part_to_part(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Another codec, rate and number of channels in the next part ends nothing."""
    known, data = {name: (codec, rate) for name, codec, rate in KINDS}, b""
    for number, name in enumerate(names):
        codec, rate = known[name]
        pcm = tone(400, rate) + silence(PART_MS - 400, rate)
        layout = "stereo" if number % 2 else "mono"
        data += encoded(tmp_path / f"{number}{name}", codec, pcm, rate, layout=layout).read_bytes()
    path = tmp_path / "all.mkv"
    path.write_bytes(data)
    check(read_file(str(path)), len(names))
    check(read_named_pipe(tmp_path / "pipe.mkv", data), len(names))


def test_damage_between_parts_hides_none(tmp_path: Path) -> None:
    """What is no element is passed over up to the next beginning."""
    rate = 48000
    pcm = tone(400, rate) + silence(PART_MS - 400, rate)
    one = encoded(tmp_path / "one.webm", "libopus", pcm, rate, live="1").read_bytes()
    data = one + bytes(5000) + one + b"\xff" * 70_000 + one
    path = tmp_path / "a.webm"
    path.write_bytes(data)
    assert len(onsets(read_file(str(path)), 16000)) == 3
    assert len(onsets(read_named_pipe(tmp_path / "pipe.webm", data), 16000)) == 3


def test_films_with_holes_are_joined_too(tmp_path: Path) -> None:
    """The holes of each part are where they are in it."""
    one = write_media(
        tmp_path / "one.mkv",
        "aac",
        [(0, tone(400, 48000)), (2000, tone(400, 48000) + silence(600, 48000))],
        length_ms=3000,
    )
    path = tmp_path / "a.mkv"
    path.write_bytes(one.read_bytes() * 3)
    found = onsets(read_file(str(path)), 16000)
    assert [after - before for before, after in pairwise(found)][::2] == pytest.approx([2000] * 3, abs=50)


ELEMENTS = st.lists(
    st.tuples(st.sampled_from([b"\xec", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75"]), st.binary(max_size=300)), max_size=4
)


def element(name: bytes, data: bytes) -> bytes:
    """An element of Matroska with a length of four bytes."""
    return name + (len(data) | 0x10000000).to_bytes(4) + data


@st.composite
def matroska(draw: st.DrawFn) -> bytes:
    """The skeleton of a Matroska file, whose segment may have no length."""
    inside = b"".join(element(*each) for each in draw(ELEMENTS))
    head = element(b"\x1a\x45\xdf\xa3", b"\x42\x82\x84webm")
    if draw(st.booleans()):
        return head + element(b"\x18\x53\x80\x67", inside)
    return head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + inside


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(matroska(), min_size=1, max_size=4), st.data())
def test_parts_are_taken_apart_where_they_were_joined(files: list[bytes], data: st.DataObject) -> None:
    """Whatever is in them and however little comes at once; no byte is lost, on a disk as from a pipe."""
    stream = io.BytesIO(b"".join(files))
    assert [stream.getvalue()[begin:end] for begin, end in joined_files.file_spans(stream)] == files
    stream.seek(0)
    links = joined_files.links_of(lambda size: stream.read(min(size, data.draw(st.integers(1, 50)))), files[0][:16])
    assert links is not None
    assert list(linked(links)) == files


@given(st.sampled_from([b"\x1a\x45\xdf\xa3", b"FLV\x01", b"\0\0\0\x08ftyp", b"FORM"]), st.binary(max_size=2000))
def test_nothing_is_lost_of_what_makes_no_sense(begin: bytes, rest: bytes) -> None:
    """All bytes go through, and it ends."""
    stream = io.BytesIO(begin + rest)
    found = joined_files.file_spans(stream)
    assert [found[0][0], found[-1][1]] == [0, len(begin + rest)]
    assert all(before[1] == after[0] for before, after in pairwise(found))
    stream.seek(0)
    links = joined_files.links_of(stream.read, (begin + rest)[:16])
    assert links is not None
    assert b"".join(linked(links)) == begin + rest


def linked(links: joined_files.Links) -> Iterator[bytes]:
    """Each of the files."""
    while True:
        yield b"".join(iter(lambda: links.read(77), b""))
        if not links.go_on():
            return


HOUR_S = 3600
CLOCK_ENDS_S = 2**33 // 90_000  # of MPEG: then it begins again at 0


@pytest.mark.parametrize("name", ["a.ts", "a.mpg"])
@pytest.mark.parametrize(
    "begins_s",
    [
        (10 * HOUR_S, 100),
        (100, 10 * HOUR_S),
        (100, 100),
        (CLOCK_ENDS_S - 1, 2 * HOUR_S),
        (20 * HOUR_S, 20 * HOUR_S - 90),
    ],
)
def test_the_clock_of_a_broadcast_may_begin_anywhere_in_each_of_its_programmes(
    tmp_path: Path, name: str, begins_s: tuple[int, int]
) -> None:
    """Hours between two programmes that were recorded one after the other are no sound that is missing."""
    codec = {"a.ts": "aac", "a.mpg": "mp2"}[name]
    sound = silence(500) + tone(500) + silence(1000)
    data = b""
    for number, begin_s in enumerate(begins_s):
        whole = tmp_path / f"{number}{name}"
        data += write_media(whole, codec, [(0, sound)], rate=16000, output_ts_offset=str(begin_s)).read_bytes()
    path = tmp_path / name
    path.write_bytes(data)
    items = read_file(str(path))
    assert not [item for item in items if isinstance(item, Gap)]
    assert onsets(items, 16000) == [pytest.approx(at, abs=150) for at in (500, 2500)]


def test_the_clock_of_a_broadcast_may_run_over_in_the_middle(tmp_path: Path) -> None:
    """After 26.5 hours it begins again at 0: nothing is missing there."""
    sound = silence(500) + tone(500) + silence(2000) + tone(500)
    path = write_media(tmp_path / "a.ts", "aac", [(0, sound)], rate=16000, output_ts_offset=str(CLOCK_ENDS_S - 2))
    items = read_file(str(path))
    assert not [item for item in items if isinstance(item, Gap)]
    assert onsets(items, 16000) == [pytest.approx(at, abs=150) for at in (500, 3000)]
