"""Journals with arbitrary bytes: read as far as they make sense, or refused in one line."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.journal.reading import Journal
from asrcli.journal.records import EVENTS, line
from tests.support.journals import began, final, gap, session, spoken, use_session

NUMBERS = st.sampled_from([-1, 0, 1, 900, 2**53, 10**400, 1e300, float("nan"), float("inf"), 1.5])
VALUES: st.SearchStrategy[Any] = st.recursive(
    NUMBERS | st.none() | st.booleans() | st.text(max_size=5) | st.sampled_from(["\0", "\ud800", "{text:>9}", "/"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
RECORDS = ["begin", "final", "gap", "pause", "resume", "end", "run", "journal"]
FIELDS = ["begin_ms", "end_ms", "sentence", "text", "speaker", "muted", "audio_ms", "final_ms", "lost_ms", "anew", "at"]
INDEX = ["at", "position", "cut", "gap", "pause", "muted", "reason"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of which tests take copies."""
    return session(tmp_path_factory.mktemp("whole"), spoken(0, 500), [began(), final(0, 200), gap(300, 400)])


def changed(whole: Path, folder: str, name: str, data: bytes) -> Path:
    """A copy of the session, with other bytes in one of its files."""
    path = Path(shutil.copytree(whole, Path(folder) / whole.name))
    (path / name).write_bytes(data)
    return path


@settings(max_examples=150, deadline=None)
@given(keys=st.lists(st.sampled_from(["version", "asked", "sources", "service", "showing", "begun", "workspace",
    "asked.rate", "asked.model", "asked.languages", "asked.hotwords", "asked.extra", "asked.silence_ms", "asked.vad",
    "asked.top_p", "asked.threshold",
    "showing.formats", "showing.paths", "showing.template", "showing.stamp", "showing.max_line"]), max_size=3),
    values=st.lists(VALUES, min_size=3, max_size=3))  # fmt: skip
def test_no_header_is_an_internal_error(whole: Path, keys: list[str], values: list[Any]) -> None:
    """Any value in any field."""
    first, rest = (whole / EVENTS).read_bytes().split(b"\n", 1)
    header = json.loads(first)
    for key, value in zip(keys, values, strict=False):
        outer, _, inner = key.partition(".")
        if not inner:
            header[outer] = value
        elif isinstance(header[outer], dict):
            header[outer][inner] = value
    with TemporaryDirectory() as folder:
        use_session(changed(whole, folder, EVENTS, line(header) + rest))


@settings(max_examples=150, deadline=None)
@given(records=st.lists(st.tuples(st.sampled_from(RECORDS), st.dictionaries(st.sampled_from(FIELDS), VALUES))))
def test_no_event_is_an_internal_error(whole: Path, records: list[tuple[str, dict[str, Any]]]) -> None:
    """Any value in any field of any record."""
    more = b"".join(line({"type": kind, **fields}) for kind, fields in records)
    with TemporaryDirectory() as folder:
        use_session(changed(whole, folder, EVENTS, (whole / EVENTS).read_bytes() + more))


@settings(max_examples=150, deadline=None)
@given(records=st.lists(st.dictionaries(st.sampled_from(INDEX), VALUES | st.lists(NUMBERS, min_size=2, max_size=2))))
def test_no_index_is_an_internal_error(whole: Path, records: list[dict[str, Any]]) -> None:
    """Any value in any field; the audio is there all the same."""
    with TemporaryDirectory() as folder:
        path = changed(whole, folder, "0.index", b"".join(map(line, records)))
        use_session(path)
        (track,) = Journal.open(path).tracks
        assert sum(stretch.samples for stretch in track.stretches) == 500 * 16


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from([EVENTS, "0.index"]), data=st.binary(max_size=200), at=st.floats(0, 1))
def test_no_byte_is_an_internal_error(whole: Path, name: str, data: bytes, at: float) -> None:
    """Junk in the place of any part, and instead of the file."""
    before = (whole / name).read_bytes()
    place = round(at * len(before))
    for harm in (data, before[:place] + data + before[place + len(data) :], before[:place] + data + before[place:]):
        with TemporaryDirectory() as folder:
            use_session(changed(whole, folder, name, harm))


def test_a_damaged_line_of_the_index_leaves_all_audio_to_be_heard(whole: Path) -> None:
    """Where the line that places it is gone, nothing after it is known to be final."""
    with TemporaryDirectory() as folder:
        path = changed(whole, folder, "0.index", b"junk\n")
        journal = Journal.open(path)
        assert journal.unheard(journal.tracks[0]) == [(0, 500)]
        assert any("0.pcm" in damage for damage in journal.damages)
