"""Damaged pages of Ogg: libav passes them over, and where they are the last ones it says nothing at all."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import SourceError
from asrcli.core.events import Gap, Notice
from asrcli.sources.file import FileSource
from tests.support.tone import encoded, tone

RATE = Format(16000)


@pytest.mark.parametrize(("name", "codec"), [("a.opus", "libopus"), ("a.ogg", "flac")])
@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damaged_page_of_an_ogg_is_passed_over_in_silence(
    tmp_path: Path, name: str, codec: str, data: st.DataObject
) -> None:
    """However many are damaged and wherever, up to the end: what has no sound is a gap, and none is too long.

    What libav cannot find its way through ends the run with an error, as for every file.
    """
    path = tmp_path / name
    if not path.exists():
        encoded(path, codec, tone(10_000, 16000), rate=16000)
    whole = path.read_bytes()
    pages = [found.start() for found in re.finditer(b"OggS", whole)]
    first = data.draw(st.integers(3, len(pages) - 1), "first damaged page")
    last = data.draw(st.integers(first, len(pages) - 1), "last damaged page")
    what = data.draw(st.sampled_from(["sound", "clock", "mark"]))
    damaged = bytearray(whole)
    for at, end in zip(pages[first : last + 1], [*pages, len(whole)][first + 1 :], strict=False):
        if what == "sound":
            begin = at + 27 + whole[at + 26]
            damaged[begin:end] = bytes((n * 197 + 91) % 251 for n in range(end - begin))
        elif what == "clock":
            damaged[at + 6 : at + 14] = data.draw(st.binary(min_size=8, max_size=8))
        else:
            damaged[at : at + 4] = b"oggs"
    harmed = tmp_path / f"harmed-{name}"
    harmed.write_bytes(damaged)
    items: list[object] = []
    try:
        items.extend(FileSource(str(harmed), RATE).chunks(0))
    except SourceError as exc:
        assert "cannot be read any further" in str(exc)  # noqa: PT017  not every damage is one
        return
    end_ms = max(
        RATE.ms(item.end) if isinstance(item, Chunk) else item.end_ms for item in items if isinstance(item, Chunk | Gap)
    )
    told = any(isinstance(item, Notice) for item in items)
    assert end_ms <= 10_100
    if last < len(pages) - 1 or what == "sound":  # else nothing says how long the sound was
        assert end_ms >= 9_700
    else:
        assert end_ms >= 9_700 or told


@pytest.mark.parametrize("page", [3, 8, 11])
def test_a_page_of_sound_whose_clock_reads_zero_is_no_header(tmp_path: Path, page: int) -> None:
    """The sound after it keeps its place: the hole is as long as the page."""
    whole = bytearray(encoded(tmp_path / "a.opus", "libopus", tone(10_000, 16000), rate=16000).read_bytes())
    at = [found.start() for found in re.finditer(b"OggS", whole)][page]
    whole[at + 6 : at + 14] = bytes(8)
    harmed = tmp_path / "harmed.opus"
    harmed.write_bytes(whole)
    items = list(FileSource(str(harmed), RATE).chunks(0))
    (gap,) = (item for item in items if isinstance(item, Gap))
    sound_ms = RATE.ms(max(item.end for item in items if isinstance(item, Chunk)))
    assert 9_990 <= max(sound_ms, gap.end_ms) <= 10_010
    assert (page - 2) * 1000 <= gap.begin_ms < gap.end_ms <= min(10_010, (page - 1) * 1000 + 20)
