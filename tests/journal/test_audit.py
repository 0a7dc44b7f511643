"""The audit of a session agrees with the account of its run, and finds each deviation."""

from dataclasses import replace
from pathlib import Path

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.events import Ended, Event, Resumed
from asrcli.journal.audit import audit
from asrcli.journal.reading import Journal
from asrcli.journal.writing import JournalWriter
from tests.support.journals import HEADER, Given, began, final, gap, hear, session, spoken

PAUSE = Resumed(1000, 3000)
ITEMS: list[Chunk | Event] = [*spoken(0, 1000), PAUSE, *spoken(3000, 6000)]
SAID: list[Event] = [began(), final(100, 900), PAUSE, final(3100, 4000), gap(4500, 5000)]
END = Ended(4000, 3500, 500, 2, 0, None, None, None, 6000, 2000, 1700)


def test_a_pause_before_the_first_audio_and_one_after_the_last_are_counted(tmp_path: Path) -> None:
    """As in push to talk, which begins and ends with a pause. They are no captured audio."""
    pauses = [Resumed(0, 1000), Resumed(3000, 4500)]
    items: list[Chunk | Event] = [pauses[0], *spoken(1000, 3000), pauses[1]]
    said: list[Event] = [began(), pauses[0], final(1100, 2900), pauses[1]]
    end = Ended(2000, 2000, 0, 1, 0, None, None, None, 4500, 2500, 1800)
    found = audit(Journal.open(session(tmp_path, items, [*said, end])))
    assert (found.captured_ms, found.final_ms, found.paused_ms) == (2000, 1800, 2500)
    assert found.problems == ()


def test_every_second_is_counted_once(tmp_path: Path) -> None:
    """Captured is final, silence, lost and not heard yet; the pause is none of it."""
    found = audit(Journal.open(session(tmp_path, [*ITEMS, gap(4500, 5000)], [*SAID, END])))
    assert (found.captured_ms, found.final_ms, found.silence_ms, found.lost_ms) == (4000, 1700, 1800, 500)
    assert (found.unheard_ms, found.paused_ms, found.sentences) == (0, 2000, 2)
    assert found.problems == ("0.50 s of audio are lost",)
    assert found.line() == (
        "captured 4.00 s · final 1.70 s · silence 1.80 s · lost 0.50 s · paused 2.00 s · 2 sentences"
    )


@pytest.mark.parametrize("begin_ms", [2000, 2500, 3100])
def test_a_sentence_over_a_gap_of_the_device_does_not_make_audio_of_it(tmp_path: Path, begin_ms: int) -> None:
    """The account of the run says the same: what was said while the device was gone is lost."""
    deaf = gap(2000, 3000)
    items: list[Chunk | Event] = [*spoken(0, 2000), deaf, *spoken(3000, 4000)]
    final_ms = 4000 - max(begin_ms, 3000)
    silence_ms = 3000 - final_ms
    end = Ended(4000, 3000, 1000, 1, 0, None, None, None, 4000, 0, final_ms, silence_ms)
    found = audit(Journal.open(session(tmp_path, items, [began(), deaf, final(begin_ms, 4000), end])))
    assert (found.captured_ms, found.final_ms, found.silence_ms, found.lost_ms) == (4000, final_ms, silence_ms, 1000)
    assert found.problems == ("1.00 s of audio are lost",)


def test_audio_that_was_not_transcribed_is_in_the_line(tmp_path: Path) -> None:
    """A run that was killed leaves audio that no text, gap or end accounts for."""
    found = audit(Journal.open(session(tmp_path, spoken(0, 3000), [began(), final(0, 1000)])))
    assert (found.captured_ms, found.final_ms, found.unheard_ms) == (3000, 1000, 2000)
    assert " · not heard yet 2.00 s · " in found.line()


@pytest.mark.parametrize("late_ms", [0, 1000])
def test_two_devices_are_one_time_and_twice_the_audio(tmp_path: Path, late_ms: int) -> None:
    """As the account of the run says it; what became of the audio adds up to the audio. One device may come late."""
    writing = JournalWriter()
    first = writing.kept(Given([*spoken(0, 1000), PAUSE, *spoken(3000, 6000)], "mic"))
    other = writing.kept(Given([*spoken(late_ms, 1000), PAUSE, *spoken(3000, 6000)], "monitor"))
    writing.open(tmp_path, lambda: "20261124-230501-a1b2", HEADER, lambda: None)
    for source in (first, other):
        list(source.chunks(0))
    pauses = [replace(PAUSE, speaker="mic"), replace(PAUSE, speaker="monitor")]
    said = [replace(final(3100, 5900), speaker=speaker) for speaker in ("mic", "monitor")]
    hear(writing.recorder, [began(0, "mic"), began(late_ms, "monitor"), *pauses, *said])
    path = writing.path
    writing.close()
    assert path is not None
    journal = Journal.open(path)
    found = audit(journal)
    assert (found.wall_ms, found.at_once, found.captured_ms) == (4000, 2, 8000 - late_ms)
    assert journal.captured_ms == 6000
    assert found.captured_ms == found.final_ms + found.silence_ms + found.lost_ms + found.unheard_ms
    audio = f"{(8000 - late_ms) / 1000:.2f}"
    assert found.line().startswith(f"captured 4.00 s · 2 devices, {audio} s of audio · final 5.60 s")


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([*SAID, END], "0.50 s have no text yet: asr resume gets it"),  # the audio of that gap is there
        ([*SAID[:-1]], "2.00 s have no text yet: asr resume gets it"),
        (
            [*SAID[:-1], replace(END, lost_ms=0, audio_ms=9000)],
            "captured: the journal holds 4.00 s, the run said 9.00 s",
        ),
        ([*SAID[:-1], replace(END, lost_ms=500)], "lost: the journal holds 0.00 s, the run said 0.50 s"),
        ([*SAID[:-1], replace(END, lost_ms=0, sentences=3)], "sentences: the journal holds 2, the run said 3"),
        ([*SAID[:-1], replace(END, lost_ms=0, final_ms=0)], "final: the journal holds 1.70 s, the run said 0.00 s"),
        ([began(), final(0, 7000)], "there is text up to 7.00 s, but audio up to 6.00 s only"),
        ([*SAID[:-1], replace(END, lost_ms=0)], ""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, events: list[Event], problem: str) -> None:
    """One problem each."""
    found = audit(Journal.open(session(tmp_path, ITEMS, events)))
    assert found.problems == ((problem,) if problem else ())


def test_a_repeated_number_and_a_damaged_line_are_reported(tmp_path: Path) -> None:
    """Both are said."""
    path = session(tmp_path, ITEMS, [*SAID[:-1], replace(END, lost_ms=0)])
    lines = (path / "events.jsonl").read_bytes().splitlines(keepends=True)
    (path / "events.jsonl").write_bytes(b"".join([*lines[:3], lines[2], b"junk\n", *lines[3:]]))
    assert audit(Journal.open(path)).problems[:3] == (
        "1 line of events.jsonl cannot be read",
        "4.20 s have no text yet: asr resume gets it",  # the line may have been a gap, or the text of what follows
        "sentence 1 is there 2 times",
    )
