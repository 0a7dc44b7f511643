"""Older audio of a session is in a temporary file, in memory where that cannot be, and nowhere else."""

import tempfile
import tracemalloc
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.engine.audio_store import AudioStore, SpillFile
from tests.support.recordings import room_for

if TYPE_CHECKING:
    from asrcli.recovery.replay import Stored


def test_a_spill_is_a_file_that_goes_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Bytes stay in memory if there is no place for the file."""
    with closing(SpillFile()) as spill:
        first, second = spill.put(b"one"), spill.put(b"two!")
        assert (second.load(), first.load(), second.load()) == (b"two!", b"one", b"two!")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert SpillFile().put(b"three").load() == b"three"


@given(st.lists(st.tuples(st.integers(1, 20_000), st.booleans()), min_size=1, max_size=12), st.integers(0, 60_000))
def test_a_full_disk_takes_nothing_from_what_was_kept(puts: list[tuple[int, bool]], room: int) -> None:
    """Wherever in a piece the disk is full: that piece stays in memory, and all others can be read and freed."""
    kept: list[tuple[bytes, Stored]] = []
    with room_for(room), closing(SpillFile()) as spill:
        for number, (size, frees) in enumerate(puts):
            data = bytes([number]) * size
            kept.append((data, spill.put(data)))
            assert all(stored.load() == expected for expected, stored in kept)
            if frees:
                kept.pop(0)[1].free()
        for _, stored in kept:
            stored.free()


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=50), st.integers(1, 4)), min_size=1, max_size=60))
def test_a_spill_uses_its_places_again(puts: list[tuple[bytes, int]]) -> None:
    """Places are used again: the file is no longer than what is kept at once, and empty when nothing is."""
    with closing(SpillFile()) as spill:
        there: deque[tuple[bytes, Stored]] = deque()
        most = 0
        for data, keep in puts:
            there.append((data, spill.put(data.ljust(50, b"."))))
            most = max(most, len(there))
            while len(there) > keep:
                expected, stored = there.popleft()
                assert stored.load() == expected.ljust(50, b".")
                stored.free()
        assert spill.size_bytes <= 50 * most
        for expected, stored in there:
            assert stored.load() == expected.ljust(50, b".")
            stored.free()
        assert spill.size_bytes == 0


def test_an_hour_that_waits_costs_little_memory() -> None:
    """During an outage the samples are on the disk, and a chunk takes a few bytes of memory."""
    with closing(AudioStore(0, 16000)) as store:
        pcm = bytes(1600)
        for number in range(7_000):  # more than is kept in memory
            store.add(Chunk(number * 800, bytes(pcm)))
        tracemalloc.start()
        for number in range(7_000, 7_000 + 72_000):
            store.add(Chunk(number * 800, bytes(pcm)))
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert grown < 4_000_000 + 2 * 16000 * 10 * 2
