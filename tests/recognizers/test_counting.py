"""The counting recognizer: its transcript is exactly the audio that it received, in pieces of any size."""

import struct
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.event_placement import shift_event
from asrcli.core.events import Event, Final, Gap, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.counting import CountingSession, chunk
from tests.support.counted import counted, covered, spans

WHOLE = 1600
PCM = counted(24)
SIZES = st.lists(st.integers(0, 9000), max_size=30)


def heard(pcm: bytes, sizes: list[int], *, vad: bool = True, rate: int = 16000) -> list[Event]:
    """What a session says to pieces of these many bytes, then the rest; in manual mode each of them is committed."""
    session, said = CountingSession(RecognitionSettings("m", rate=rate, vad=vad)), list[Event]()
    for size in [*sizes, len(pcm)]:
        piece, pcm = pcm[:size], pcm[size:]
        said += session.feed(piece)
        said += [] if vad or not piece else session.commit()
    return said + list(session.finish())


def finals(said: list[Event]) -> list[Final]:
    """The finals alone."""
    return [event for event in said if isinstance(event, Final)]


def by_hand(index: int, samples: int) -> bytes:
    """A chunk as the module's text describes it, sample by sample."""
    low, high = index % 8192, index // 8192
    words = []
    for o in range(samples):
        figures = [
            low,
            o // 4 ^ (low * 2731 + high * 1013 + 77) % 8192,
            high ^ low * 5021 % 8192,
            (low * 6151 + high * 3571 + 4097) % 8192,
        ]
        words.append((o % 4) << 14 | figures[o % 4] << 1 | 1)
    return struct.pack(f"<{samples}H", *words)


@pytest.mark.parametrize("index", [0, 1, 8191, 8192, 1_000_000, (1 << 24) - 1])
@pytest.mark.parametrize("samples", [800, 1600, 2205, 4800])
def test_the_audio_is_what_its_description_says(index: int, samples: int) -> None:
    """Anyone can make it."""
    assert chunk(index, samples) == by_hand(index, samples)


def test_five_chunks_are_a_sentence() -> None:
    """Started, a partial for each chunk, stopped, final with the times of each chunk."""
    assert heard(PCM[: 6 * 3200], [])[:8] == [
        SpeechStarted("1", 0),
        *[
            Partial("1", 0, " ".join(map(str, range(n))), f" {n}" if n else "0", words(n + 1))
            for n in range(5)
        ],
        SpeechStopped("1", 500),
        Final("1", 0, 500, "0 1 2 3 4", words(5)),
    ]  # fmt: skip


def words(count: int) -> tuple[Word, ...]:
    """The first words there are."""
    return tuple(Word(str(n), 100 * n, 100 * n + 100) for n in range(count))


@given(SIZES)
def test_the_size_of_the_pieces_changes_nothing(sizes: list[int]) -> None:
    """Odd ones too: a sample may come in halves."""
    assert heard(PCM, sizes) == heard(PCM, [])


@pytest.mark.parametrize("size", range(1, 3300, 118))
def test_every_odd_size_is_heard(size: int) -> None:
    """The transcript is the list of all chunks, each once."""
    assert covered(heard(PCM, [size] * (len(PCM) // size)), 24) == []


@given(st.lists(st.integers(1, 4000), max_size=40), st.sampled_from([8000, 16000]))
def test_in_manual_mode_each_commit_has_what_came_since_the_last(samples: list[int], rate: int) -> None:
    """Parts of chunks in either utterance are told apart, and belong together."""
    pcm = counted(24, rate)
    said = heard(pcm, [2 * size for size in samples], vad=False, rate=rate)
    assert all(isinstance(event, Partial | Final) for event in said)
    assert [final.key for final in finals(said)] == [str(n) for n in range(1, len(finals(said)) + 1)]
    assert all(before.end_ms == after.begin_ms for before, after in pairwise(finals(said)))
    named = [span for final in finals(said) for span in spans(final.text, rate)]
    assert (named[0].begin, named[-1].end) == (0, len(pcm) // 2)
    assert all(before.end == after.begin for before, after in pairwise(named))


@given(st.lists(st.integers(10, 24 * WHOLE - 10), min_size=1, max_size=6), st.sampled_from([8000, 16000, 22050, 44100]))
def test_audio_that_is_cut_anywhere_and_goes_on_in_another_task_is_whole(cuts: list[int], rate: int) -> None:
    """Task after task, each shifted to where it begins: no sample is missing, none comes twice."""
    pcm, whole, said = counted(24, rate), rate // 10, list[Event]()
    cuts = [0, *sorted({cut * whole // WHOLE for cut in cuts}), len(pcm) // 2]
    for begin, end in pairwise(cuts):
        if end - begin < 10:  # too short to name its place
            return
        task = heard(pcm[2 * begin : 2 * end], [777, 3200], rate=rate)
        said += [shift_event(event, begin * 1000 // rate) for event in task]
    assert covered(said, 24, rate) == []
    for begin, end in pairwise(cuts[1:]):
        assert covered(
            [shift_event(e, begin * 1000 // rate) for e in heard(pcm[2 * begin : 2 * end], [], rate=rate)], 24
        )


def test_a_replay_from_before_the_end_is_seen_as_what_it_is() -> None:
    """The part that comes again is named to the sample, so that it can be taken out."""
    first = finals(heard(PCM[: 2 * 5 * WHOLE], []))
    second = [shift_event(event, 450) for event in finals(heard(PCM[2 * 7200 :], []))]
    assert second[0] == Final("1", 450, 900, "4[800:1600] 5 6 7 8", second[0].words)  # type: ignore[union-attr]
    assert covered([*first, *second], 24) == ["4[800] to 4[1600]: again"]
    assert covered([*first, *second], 24, again_ms=50) == []


def test_silence_ends_a_sentence_and_is_no_chunk() -> None:
    """Wherever it begins; the times stay those of the audio."""
    silent = {3, 4, 11}
    said = heard(counted(15, silent=silent), [100] * 30)
    assert [(final.text, final.begin_ms, final.end_ms) for final in finals(said)] == [
        ("0 1 2", 0, 300), ("5 6 7 8 9", 500, 1000), ("10", 1000, 1100), ("12 13 14", 1200, 1500),
    ]  # fmt: skip
    assert covered(said, 15, silent=silent) == []
    assert heard(bytes(32001), [7]) == []
    in_a_chunk = PCM[:2000] + bytes(600) + PCM[2600:6400]
    assert [final.text for final in finals(heard(in_a_chunk, []))] == ["0[0:1000]", "0[1300:1600] 1"]


def test_audio_that_was_left_out_or_sent_twice_is_reported() -> None:
    """Within one task, where it cannot be a new beginning."""
    without = PCM[: 3 * 3200] + PCM[5 * 3200 + 222 : 7 * 3200]
    assert [final.text for final in finals(heard(without, []))] == ["0 1 2 5[111:1600] 6"]
    twice = PCM[:6400] + PCM[3200:9600]
    assert [final.text for final in finals(heard(twice, []))] == ["0 1 1 2"]


def test_what_is_no_counted_audio_is_named_by_its_length() -> None:
    """Nobody takes it for a chunk."""
    noise = Random(1).randbytes(500)
    assert [final.text for final in finals(heard(PCM[:3200] + noise + PCM[3200:6400], [33] * 99))] == ["0 ?[250] 1"]
    assert finals(heard(PCM[6:14], []))[0].text == "?[4]"  # a piece of a group on either side
    assert finals(heard(PCM[:8], []))[0].text == "0[0:4]"


def test_what_was_cleared_was_never_said() -> None:
    """And the next commit begins after it."""
    session = CountingSession(RecognitionSettings("m", vad=False))
    assert list(session.feed(PCM[:6400])) == []
    session.clear()
    list(session.feed(PCM[6400:9600]))
    assert list(session.commit())[-1] == Final("1", 200, 300, "2", (Word("2", 200, 300),))
    list(session.feed(PCM[9600:12800]))
    assert list(session.finish()) == []


WRONG = {
    "one is missing": ([Final("1", 0, 100, "0"), Final("2", 200, 300, "2")], "1[0] to 1[1600]: missing"),
    "the last is missing": ([Final("1", 0, 200, "0 1")], "2[0] to 2[1600]: missing"),
    "one comes twice": ([Final("1", 0, 200, "0 1"), Final("1", 100, 300, "1 2")], "1[0] to 1[1600]: again"),
    "a part comes twice": ([Final("1", 0, 300, "0 1[0:801] 1[800:1600] 2")], "1[800] to 1[801]: again"),
    "out of order": ([Final("1", 0, 200, "1 0"), Final("1", 200, 300, "2")], "0[0] to 0[1600]: missing"),
    "too early": ([Final("1", 0, 100, "0"), Final("2", 50, 300, "1 2")], "1[0] to 2[1600]: its begin is -50 ms off"),
    "too late": ([Final("1", 0, 302, "0 1 2")], "0[0] to 2[1600]: its end is +2 ms off"),
    "a word too late": (
        [Final("1", 0, 300, "0 1 2", (Word("0", 0, 100), Word("1", 110, 200), Word("2", 200, 300)))],
        "1[0] to 1[1600]: its begin is +10 ms off",
    ),
    "other words": ([Final("1", 0, 300, "0 1 2", (Word("0", 0, 100),))], "final at 0 ms: its words are not its text"),
    "noise": ([Final("1", 0, 300, "0 ?[1600] 2")], "final at 0 ms: ?[1600] is no counted audio"),
    "never sent": ([Final("1", 0, 400, "0 1 2 3")], "3[0] to 3[1600]: was never sent"),
    "a gap": ([Final("1", 0, 100, "0"), Gap(100, 300, "lost")], "gap from 100 to 300 ms"),
}


@pytest.mark.parametrize(("said", "problem"), WRONG.values(), ids=WRONG)
def test_the_proof_finds_what_is_wrong(said: list[Event], problem: str) -> None:
    """A proof that cannot fail proves nothing."""
    assert [found for found in covered(said, 3) if found.startswith(problem)]


def test_a_gap_counts_where_it_is_asked_for() -> None:
    """Each sample is in a final, or a gap names it; and JSON Lines say the same as events."""
    said: list[Final | Gap] = [Final("1", 0, 100, "0"), Gap(100, 200, "lost"), Final("2", 200, 300, "2")]
    texts = [{"text": "0"}, {}, {"text": "2"}]
    lines: list[dict[str, Any]] = [
        {"type": type(event).__name__.lower(), "begin_ms": event.begin_ms, "end_ms": event.end_ms} | text
        for event, text in zip(said, texts, strict=True)
    ]
    assert covered(said, 3, gaps=True) == covered([{"type": "begin"}, *lines], 3, gaps=True) == []
    assert covered(lines, 3) == covered(said, 3) == ["gap from 100 to 200 ms"]
    assert covered([said[0], Gap(100, 180, "lost"), said[2]], 3, gaps=True) == ["1[1280] to 1[1600]: missing"]


def test_in_manual_mode_silence_may_surround_what_is_named() -> None:
    """An utterance begins where the last was committed."""
    assert covered([Final("1", 0, 300, "1")], 4, silent={0, 2, 3}) == []
    assert covered([Final("1", 0, 300, "1")], 4, silent={0, 3})
