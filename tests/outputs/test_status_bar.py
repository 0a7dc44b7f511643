"""The status bars of a microphone and of a file: their text in each state, always within the width of the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from asrcli.core.events import (
    Absent,
    Began,
    Event,
    Final,
    Level,
    Partial,
    Paused,
    Progress,
    Reconnecting,
    Resumed,
    Word,
)
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.status_bar import REST, FileStatusBar, MicrophoneStatusBar

BEGAN = Began("mic", "m", "t", 0)
LEVEL = Level(5000, -23.4, -3.0)


def drawn(*events: Event, cells: int = 80, keys: bool = False) -> str:
    """The bar after these events."""
    bar, transcript = MicrophoneStatusBar(keys=keys), Transcript()
    for event in events:
        transcript = fold(transcript, event)
        assert bar.handle(event)
    console = Console(width=200, no_color=True, file=None)
    return "".join(segment.text for segment in bar.draw(console, transcript, cells))


LOUD = Level(5000, -4.0, 0.0)


@pytest.mark.parametrize(
    ("events", "colours"),
    [
        ([BEGAN], {REST}),
        ([BEGAN, LEVEL], {"green", REST}),
        ([BEGAN, Level(5000, 0.0, -0.2)], {"green"}),
        ([BEGAN, LOUD], {"red", REST}),
        ([BEGAN, LOUD, LEVEL], {"green", REST}),
        ([BEGAN, LOUD, Absent(5000, "gone")], {REST}),
        ([BEGAN, LEVEL, Level(5000, -40.0, 0.0, speaker="Anna")], {"red", REST}),
    ],
)
def test_the_meter_is_red_only_while_a_device_is_too_loud(events: list[Event], colours: set[str]) -> None:
    """A person who speaks as they should sees no colour of an error. A terminal chooses the shades of these names."""
    bar = MicrophoneStatusBar(keys=False)
    for event in events:
        bar.handle(event)
    console = Console(width=200, color_system="standard", force_terminal=True)
    segments = [segment for segment in bar.draw(console, Transcript(), 80) if segment.text.strip("━╸╺") == ""]
    shown = {segment.style.color.name for segment in segments if segment.style and segment.style.color}
    assert shown == colours


@pytest.mark.parametrize(
    ("events", "begins"),
    [
        ([], "connecting 00:00"),
        ([LEVEL], "connecting 00:05 -23 dBFS"),
        ([BEGAN, LEVEL, Progress(4600)], "listening 00:05 -23 dBFS lag 0.4 s"),
        ([BEGAN, LEVEL, Paused(5000)], "paused 00:05 -23 dBFS "),
        ([BEGAN, LEVEL, Paused(5000, muted=True)], "muted 00:05 -23 dBFS "),
        ([BEGAN, LEVEL, Paused(5000), Resumed(5000, 6000)], "listening 00:05"),
        ([BEGAN, LEVEL, Absent(5000, "gone")], "no microphone 00:05 "),
        ([BEGAN, LEVEL, Absent(5000, "gone"), Paused(5000), Progress(9000)], "no microphone 00:09"),
        ([BEGAN, LEVEL, Absent(5000, "gone"), LEVEL], "listening 00:05 -23 dBFS"),
        ([BEGAN, LEVEL, Reconnecting(4, 100, "broke")], "reconnecting (4) 00:05"),
        ([BEGAN, LEVEL, Reconnecting(4, 100, "broke"), Progress(5000)], "listening 00:05"),
        ([BEGAN, Level(5000, float("-inf"), float("-inf"))], "listening 00:05 -99 dBFS"),
    ],
)
def test_the_state_comes_first(events: list[Event], begins: str) -> None:
    """And the time; a device that is gone is never said to be listened to."""
    assert drawn(*events).startswith(begins)


def test_the_lag_is_that_of_the_words_where_the_wire_tells_their_times() -> None:
    """Where it does not, none is made up."""
    spoken = Partial("1", 3000, "", "hello", (Word("hello", 3000, 3500),))
    assert "lag 1.5 s" in drawn(BEGAN, LEVEL, Progress(5000), spoken)
    assert "lag" not in drawn(BEGAN, LEVEL, Progress(5000), Partial("1", 3000, "", "hello"))


@pytest.mark.parametrize("away", [Paused(5000), Paused(5000, muted=True), Absent(5000, "gone")])
def test_there_is_a_lag_in_a_pause_only_while_a_sentence_is_open(away: Event) -> None:
    """Nothing new is to be sent then, so audio that was not sent is no lag; the last words may still come."""
    spoken = Partial("1", 3000, "", "hello", (Word("hello", 3000, 3500),))
    assert "lag" not in drawn(BEGAN, LEVEL, Progress(4600), away)
    assert "lag 1.5 s" in drawn(BEGAN, LEVEL, Progress(4600), spoken, away)


def test_two_devices_have_two_levels() -> None:
    """Each state and each level says whose it is."""
    levels = [Level(5000, -20.0, -3.0, "mic"), Level(5000, -40.0, -9.0, "monitor")]
    line = drawn(BEGAN, *levels, Paused(5000, speaker="mic"))
    assert line.startswith("mic paused 00:05 mic -20 dBFS monitor -40 dBFS")


@given(st.integers(10, 200), st.booleans())
def test_it_never_needs_more_cells_than_there_are(cells: int, keys: bool) -> None:
    """From the narrowest screen on, whatever the devices are called."""
    assert cell_len(drawn(BEGAN, LEVEL, Progress(4600), Paused(1, speaker="mic"), cells=cells, keys=keys)) <= cells
    both = [Level(5000, -20.0, -3.0, name) for name in ("会议室麦克风", "👩‍👩‍👧 monitor")]
    gone = Paused(1, speaker="会议室麦克风")
    assert cell_len(drawn(BEGAN, *both, gone, Progress(4600), cells=cells, keys=keys)) <= cells


def of_a_file(*events: Event, pace: float | None, at_s: float = 0.5, cells: int = 80) -> str:
    """The figures of a file at this time after the first event; empty where nothing is to be drawn."""
    times = iter([0.0])
    bar, transcript = FileStatusBar(lambda: next(times, at_s), pace=pace), Transcript()
    shown = False
    for event in events:
        transcript = fold(transcript, event)
        shown = bar.handle(event)
    console = Console(width=200, no_color=True, file=None)
    return "".join(segment.text for segment in bar.draw(console, transcript, cells)) if shown else ""


@pytest.mark.parametrize("cells", [80, 4])
def test_a_file_says_that_the_service_is_called(cells: int) -> None:
    """Until it listens; nobody needs to know where it answers before anything is drawn."""
    assert of_a_file(Progress(0), pace=1.0, cells=cells) == "connecting"[:cells]
    assert of_a_file(pace=1.0) == ""
    assert "connecting" not in of_a_file(Progress(0), Began("a.wav", "m", "t", 0, 10_000), Progress(100), pace=1.0)


def test_no_file_ends_earlier_than_its_pace_allows() -> None:
    """Audio that was due before the service listened goes out at once; what comes after it does not."""
    began = Began("a.wav", "m", "t", 0, 10_000)
    assert "00:02/00:10 4.0x ETA 00:08" in of_a_file(began, Progress(2000), pace=1.0)
    assert "00:02/00:10 4.0x ETA 00:04" in of_a_file(began, Progress(2000), pace=2.0)
    assert "00:02/00:10 2.0x ETA 00:08" in of_a_file(began, Progress(2000), pace=1.0, at_s=1.0)
    assert "00:02/00:10 4.0x ETA 00:02" in of_a_file(began, Final("1", 0, 2000, "word"), pace=None)
