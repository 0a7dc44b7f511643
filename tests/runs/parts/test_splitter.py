"""Parts of a source: together they are the source, whatever it holds and wherever it is cut."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import SAMPLE_BYTES, Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Billed, Ended, Event, Final, Gap, Notice, Usage
from asrcli.runs.parts import part_source, splitter
from asrcli.runs.parts.part_account import joined_account
from asrcli.runs.parts.part_source import PartAudio
from asrcli.runs.parts.part_store import StoredPart
from asrcli.runs.parts.splitter import split
from asrcli.runs.parts.stream_slots import FixedSlots
from tests.runs.parts.recording import WIRE, Recording


def heard(recording: Recording, split_ms: int, stored: list[StoredPart]) -> tuple[dict[int, int], list[Event], int]:
    """Every sample of all parts by its position, their events, and how many parts there are."""
    samples: dict[int, int] = {}
    events: list[Event] = []
    count = 0
    for part in split(recording, split_ms, stored, lambda: False):
        count += 1
        events += part.said
        if part.source is None:
            continue
        for item in part.source.chunks(WIRE.samples(part.source.begin_ms)):
            if not isinstance(item, Chunk):
                events.append(item)
                continue
            for number in range(item.samples):
                assert item.position + number not in samples
                samples[item.position + number] = int.from_bytes(item.pcm[2 * number : 2 * number + 2], "little")
        assert part.audio is not None
        part.audio.close()
    return samples, events, count


@given(chunks=st.integers(1, 120), size=st.integers(80, 3000), split_ms=st.integers(1000, 5000))
def test_the_parts_together_are_the_recording(chunks: int, size: int, split_ms: int) -> None:
    """Each sample is in one part, at its place, and so is what was noticed between them."""
    recording = Recording(chunks, size)
    samples, events, _ = heard(recording, split_ms, [])
    whole = [item for item in recording.chunks(WIRE.samples(1000)) if isinstance(item, Chunk)]
    assert sum(chunk.samples for chunk in whole) == len(samples)
    for chunk in whole:
        first = int.from_bytes(chunk.pcm[:SAMPLE_BYTES], "little")
        assert samples[chunk.position] == first
    assert [type(event) for event in events] == [Notice, Gap]


def test_parts_of_an_earlier_run_stay_where_they_were() -> None:
    """One that is done is not read again, one that was begun from its last final on, and the next are new."""
    recording = Recording(200)
    final = Final("1", 4000, 5000, "words")
    stored = [StoredPart(1000, 4010, [], done=True), StoredPart(4010, 7020, [final]), StoredPart(7020, 7300, [])]
    parts = list(split(recording, 3000, stored, lambda: False))
    assert [(part.begin_ms, part.end_ms) for part in parts[:3]] == [(1000, 4010), (4010, 7020), (7020, 7300)]
    assert parts[0].source is None
    assert parts[1].said == (final,)
    begins = [part.source.begin_ms for part in parts if part.source is not None]
    assert begins[:2] == [5000, 7020]
    assert len(parts) > 5
    assert parts[-1].end_ms is None
    for part in parts:
        if part.audio is not None:
            part.audio.close()
    whole = list(split(recording, 3000, [StoredPart(1000, None, [], done=True)], lambda: False))
    assert [part.source for part in whole] == [None]
    assert list(split(recording, 3000, [], lambda: True)) == []


@given(st.integers(0, 60), st.sampled_from(["read", "written", "left"]))
def test_a_part_that_nobody_gets_is_closed(good: int, ends: str) -> None:
    """Where the source breaks, the disk is full, or nobody wants more: a file that is left open is an error later."""
    made: list[PartAudio] = []

    class Kept(PartAudio):
        """It finds room for so many chunks, over all parts."""

        room = good if ends == "written" else 1000

        def __init__(self, *about: Any) -> None:
            super().__init__(*about)
            made.append(self)

        def add(self, item: Chunk | Event) -> None:
            Kept.room -= 1
            if Kept.room < 0:
                raise SourceError("r.wav", "no room")
            super().add(item)

    class Breaking(Recording):
        def chunks(self, start: int) -> Iterator[Chunk | Event]:
            yield from islice(super().chunks(start), good)
            if ends == "read":
                raise SourceError("r.wav", "is damaged")

    with patch.object(splitter, "PartAudio", Kept), patch.object(part_source, "PartAudio", Kept):
        parts = split(Breaking(60), 1000, [], lambda: False)
        got = []
        with suppress(SourceError):
            for part in parts:
                got.append(part.audio)
                if ends == "left":
                    break
        parts.close()  # type: ignore[attr-defined]
    assert [audio for audio in made if audio not in got and not audio._file.closed] == []
    for audio in got:
        assert audio is not None
        audio.close()


def test_slots_are_granted_in_order_and_never_more_than_there_are() -> None:
    """Who asked first begins first."""
    slots, begun = FixedSlots(2), list[int]()

    def begins(number: int) -> Callable[[], None]:
        return lambda: begun.append(number)

    for number in range(4):
        slots.ask(begins(number))
    assert begun == [0, 1]
    slots.give_back()
    slots.lost("it happens")
    assert begun == [0, 1, 2]
    for _ in range(3):
        slots.give_back()
    slots.ask(begins(9))
    assert begun == [0, 1, 2, 3, 9]


def test_the_account_of_the_whole_is_the_sum_of_its_parts() -> None:
    """Of delays the longest counts, of the first text the first."""
    one = Ended(1000, 900, 100, 2, 1, 1.0, 300, 50, 2000, final_ms=800, longest_outage_ms=7, model="m", wall_ms=1000)
    two = replace(one, first_text_ms=None, final_after_stop_ms=80, longest_outage_ms=9, engine="e")
    whole = joined_account([one, two], 3, 1.5, Billed(Usage(2.5), 0.25))
    assert (whole.audio_ms, whole.lost_ms, whole.wall_ms, whole.reconnects) == (2000, 200, 2000, 2)
    assert (whole.first_text_ms, whole.final_after_stop_ms, whole.longest_outage_ms) == (300, 80, 9)
    assert (whole.sentences, whole.elapsed_ms, whole.billed_s, whole.cost) == (3, 1500, 2.5, 0.25)
    assert (whole.model, whole.engine) == ("m", "e")
    assert joined_account([], 0, 0.0, Billed(Usage())).first_text_ms is None
