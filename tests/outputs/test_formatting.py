"""Text for people: times, and no control characters that a terminal would obey."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Ended, Final, Gap
from asrcli.core.printable import harmless
from asrcli.outputs.formatting import account, block, clock, folded, line, spoken_text, wall_clock


@given(st.text())
def test_no_text_from_outside_can_steer_a_terminal(text: str) -> None:
    """No control character, no line end, no direction override; everything else stays."""
    shown = harmless(text)
    assert not [char for char in shown if unicodedata.category(char) == "Cc" or char in "\u2028\u2029\u202e\u2066"]
    assert harmless(shown) == shown
    assert "".join(shown.split()) == "".join(
        char for char in "".join(text.split()) if char in shown and not unicodedata.category(char).startswith("Cc")
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("red \x1b[31mred", "red [31mred"),
        ("bell\a back\b", "bell back"),
        ("two\nlines\r\nmore\tmore", "two lines  more more"),
        ("c1 \x9b31m", "c1 31m"),
        ("שלום עולם", "שלום עולם"),
        ("👩‍👩‍👧 天气 é", "👩‍👩‍👧 天气 é"),
    ],
)
def test_text_of_every_script_stays_whole(text: str, shown: str) -> None:
    """Hebrew, joined emoji, Chinese and accents lose nothing."""
    assert harmless(text) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "00:00.000"),
        (3_770, "00:03.770"),
        (59_999, "00:59.999"),
        (60_000, "01:00.000"),
        (3_599_999, "59:59.999"),
        (3_600_000, "1:00:00.000"),
        (36_000_001, "10:00:00.001"),
    ],
)
def test_times_read_as_on_a_clock(ms: int, shown: str) -> None:
    """Hours appear when there are any."""
    assert clock(ms) == shown


def test_sentences_and_gaps_have_their_times() -> None:
    """A gap stands where the words would, and says why; times are of the audio or of the day."""
    final, gap = Final("1", 700, 3800, "good\nmorning"), Gap(0, 1500, "lost\x1b")
    noon = wall_clock(datetime(2026, 11, 24, 11, 59, 59, 500_000, UTC))
    assert line(final, clock) == "[00:00.700 → 00:03.800] good morning"
    assert line(final, noon) == "[12:00:00.200 → 12:00:03.300] good morning"
    assert line(final, None) == "good morning"
    assert line(gap, None) == "[gap 00:00.000 → 00:01.500: lost]"
    assert line(gap, noon) == "[gap 11:59:59.500 → 12:00:01.000: lost]"
    assert (spoken_text(final), spoken_text(gap)) == ("good morning", "[gap: lost]")


def test_what_belongs_to_a_sentence_stands_below_it() -> None:
    """Under its text where times stand before that; nothing there, no line."""
    both = Final("1", 700, 3800, "早上好", translation="good\nmorning", translated_into="en", heard="早上\x1b好")
    assert block(both, None) == "早上好\n→ good morning\n  heard: 早上好"
    indent = " " * len("[00:00.700 → 00:03.800] ")
    assert block(both, clock).splitlines() == [
        "[00:00.700 → 00:03.800] 早上好", f"{indent}→ good morning", f"{indent}heard: 早上好",
    ]  # fmt: skip
    assert block(Final("1", 700, 3800, "早", speaker="mic", translation="m"), None) == "mic: 早\n→ m"
    for event in (Final("1", 700, 3800, "早", translation=" "), Gap(0, 9, "x")):
        assert block(event, clock) == line(event, clock)


def test_the_account_names_what_is_known_and_leaves_out_the_rest() -> None:
    """Seconds on the first line, delays and bill on the second."""
    full = Ended(18_185, 18_185, 0, 4, 0, 19, 140, 650, 9_000, final_ms=13_000)
    assert account(full) == [
        "captured 18.18 s · final 13.00 s · silence 5.18 s · lost 0.00 s · 4 sentences · 2.0x real time",
        "first text after 0.14 s · last final 0.65 s after the end · billed 19 s",
    ]
    bare = Ended(1000, 0, 1000, 1, 0, None, None, None, 0)
    assert account(bare) == ["captured 1.00 s · final 0.00 s · silence 0.00 s · lost 1.00 s · 1 sentence"]
    rough = Ended(60_000, 60_000, 0, 1, 3, None, None, None, 0, 5_000, 40_000, 12_100)
    (line_,) = account(rough)
    assert line_.startswith("captured 60.00 s · final 40.00 s · silence 20.00 s · lost 0.00 s · paused 5.00 s · ")
    assert line_.endswith("1 sentence · 3 reconnects (longest outage 12.1 s)")


def test_sources_that_are_heard_at_once_have_one_time_and_are_counted() -> None:
    """A minute with two devices is a minute, and what became of the two minutes of audio adds up; so is its speed."""
    both = Ended(120_000, 120_000, 0, 1, 0, None, None, None, 30_000, final_ms=50_000, wall_ms=60_000, at_once=2)
    parts = "2 {}, 120.00 s of audio · final 50.00 s · silence 70.00 s · lost 0.00 s · 1 sentence"
    assert account(both) == ["captured 60.00 s · " + parts.format("channels") + " · 2.0x real time"]
    assert account(replace(both, live=True)) == ["captured 60.00 s · " + parts.format("devices")]


def test_a_run_without_audio_has_no_speed() -> None:
    """`asr resume` may only have to write a transcript again."""
    assert "real time" not in account(Ended(0, 0, 0, 4, 0, None, None, None, 300))[0]


def test_the_recognizer_behind_a_local_server_is_named_beside_the_model() -> None:
    """Once where both are the same; without control characters, since it comes from elsewhere."""
    ended = replace(Ended(900, 900, 0, 0, 0, None, None, None, 0), model="fun-asr-realtime")
    assert account(ended)[1] == "heard by fun-asr-realtime"
    assert account(replace(ended, engine="a\x1b[2J"))[1] == "heard by fun-asr-realtime · engine a[2J"
    assert account(replace(ended, engine="fun-asr-realtime"))[1] == "heard by fun-asr-realtime"


@pytest.mark.parametrize(("audio_ms", "lost_ms"), [(0, 0), (900, 900)])
def test_nobody_is_said_to_have_heard_what_nobody_heard(audio_ms: int, lost_ms: int) -> None:
    """A run that is ended while it dials: the service may not even be there."""
    ended = Ended(audio_ms, audio_ms - lost_ms, lost_ms, 0, 0, None, None, None, 0, model="m", engine="e")
    assert len(account(ended)) == 1
    assert account(replace(ended, sentences=1))[1] == "heard by m · engine e"


@given(st.integers(0, 30_000), st.integers(0, 9), st.integers(0, 30_000))
def test_the_rounded_seconds_of_an_account_add_up(final_ms: int, silence_ms: int, lost_ms: int) -> None:
    """Two figures that are rounded up leave no silence below zero."""
    audio_ms = final_ms + silence_ms + lost_ms
    (said, *_) = account(Ended(audio_ms, audio_ms - lost_ms, lost_ms, 1, 0, None, None, None, 0, final_ms=final_ms))
    captured, final, silence, lost = (Decimal(each) for each in re.findall(r"(-?[\d.]+) s", said)[:4])
    assert min(final, silence, lost) >= 0
    assert captured == final + silence + lost


def test_the_account_breaks_between_its_parts() -> None:
    """On a narrow screen no figure is torn."""
    assert folded("asr: captured 18.18 s · silence 18.18 s · lost 0.00 s", 30) == [
        "asr: captured 18.18 s",
        "silence 18.18 s · lost 0.00 s",
    ]
    assert folded("asr: one", 3) == ["asr: one"]
