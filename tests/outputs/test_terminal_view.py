"""The live line: exact in cells, cropped from the left, and never over printed text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import ConsoleDimensions

from asrcli.core.events import Began, Event, Final, Finished, Gap, Level, Notice, Partial, Progress
from asrcli.outputs.status_bar import MicrophoneStatusBar
from asrcli.outputs.text_fitting import fit_tail
from tests.outputs.screen import BEGAN, ENDED, Screen

ERASED = "\r\x1b[2K"
SCRIPT = "ab 天气好，e\u0301🎙한"
TEXTS = st.text(st.sampled_from(SCRIPT), max_size=60)


@given(TEXTS, TEXTS, st.integers(2, 80))
def test_the_tail_never_exceeds_its_cells_and_is_an_end_of_the_text(settled: str, unsettled: str, cells: int) -> None:
    """Two-cell characters are not halved; no word is lost that has room."""
    left, right = fit_tail(settled, unsettled, cells)
    assert cell_len(left + right) <= cells
    whole, shown = settled + unsettled, (left + right)
    if cell_len(whole) <= cells:
        assert (left, right) == (settled, unsettled)
    else:
        assert shown.startswith("…")
        assert whole.endswith(shown[1:])
        words = re.findall(r"\s*[^\s天气好，한]*\s*", whole)  # one that does not fit is left out as a whole
        assert cell_len(shown) >= cells - 2 - max(map(cell_len, words))
        assert unsettled.endswith(right)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (20, ("今天天气", "很好")),
        (12, ("今天天气", "很好")),
        (11, ("…天天气", "很好")),
        (6, ("…", "很好")),
        (5, ("…", "很好")),
        (4, ("…", "好")),
        (2, ("…", "")),
    ],
)
def test_chinese_is_cropped_by_cells_and_not_by_characters(cells: int, shown: tuple[str, str]) -> None:
    """Twelve cells hold six of these characters."""
    assert fit_tail("今天天气", "很好", cells) == shown


def test_finals_are_printed_once_and_above_the_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The final is plain text on a line of its own; then the open sentence is drawn again."""
    screen = Screen(monkeypatch)
    screen.handle(BEGAN, Partial("1", 0, "good ", "mor"))
    assert "good morning" in screen.handle(Final("1", 0, 900, "good morning"))
    later = screen.handle(Partial("2", 900, "", "and"), Progress(5000), Finished(), ENDED)
    screen.terminal.close()
    assert "good morning" not in later


def test_unsettled_words_are_dim_and_settled_ones_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may still change looks so."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    drawn = Screen(monkeypatch).handle(BEGAN, Partial("1", 0, "settled ", "open"))
    assert "settled \x1b[2mopen\x1b[0m" in drawn


def test_no_color_switches_colours_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR is honoured: no colour code at all, in the bar, in gaps and in notices."""
    events = BEGAN, Progress(5000), Partial("1", 0, "a ", "b"), Gap(0, 1, "x"), Notice("warning", "w")
    colour = re.compile(r"\x1b\[(\d+;)*(3[0-8]|4[0-8]|9[0-7])[;m]")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colour.search(Screen(monkeypatch, 80).handle(*events))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour.search(Screen(monkeypatch, 80).handle(*events))


def test_no_line_of_the_live_view_is_wider_than_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 20 columns as at 200, with Chinese: a line that wraps would leave rests behind."""
    for columns in (20, 40, 80, 200):
        screen = Screen(monkeypatch, columns)
        drawn = screen.handle(BEGAN, Progress(5000), Partial("1", 0, "天气" * 80, "好" * 30))
        lines = re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn))
        assert max(map(cell_len, lines)) < columns


def test_a_terminal_that_gets_narrower_is_cleared_of_what_it_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines that have become four are taken away as four; what stands above them is not touched."""
    for folds in (True, False):
        screen = Screen(monkeypatch, 80, folds=folds)
        screen.handle(BEGAN, Progress(5000), Partial("1", 0, "", "x" * 70))
        screen.terminal._console.width = 40
        drawn = screen.handle(Partial("1", 0, "", "x" * 71))
        assert drawn.startswith(ERASED + "\x1b[A\x1b[2K" * 3 + "\n") is folds
        assert not screen.handle(Partial("1", 0, "", "x" * 72)).startswith(ERASED + "\x1b[A")
        screen.terminal._console.width = 80
        assert "\x1b[A" not in screen.handle(Partial("1", 0, "", "x" * 73))


def test_a_terminal_that_gets_narrower_and_low_keeps_no_old_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that erases all of its screen at once moves it to what can be scrolled back to."""
    screen = Screen(monkeypatch, 80)
    screen.handle(BEGAN, Progress(5000), Partial("1", 0, "", "x" * 70))
    screen.terminal._console.size = ConsoleDimensions(20, 6)
    drawn = screen.handle(Partial("1", 0, "", "x" * 71))
    assert drawn.startswith("\r\x1b[2K" + "\x1b[A\x1b[2K" * 5 + "\n")
    assert "\x1b[J" not in drawn


def test_the_bar_tells_position_speed_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five of ten seconds sent in 0.2 s of the clock."""
    assert "00:05/00:10 25.0x ETA 00:05" in Screen(monkeypatch, 80).handle(BEGAN, Progress(5000))
    unknown = Screen(monkeypatch, 80).handle(Began("-", "m", "t", 0), Progress(5000))
    assert "00:05 25.0x" in unknown
    assert "ETA" not in unknown
    narrow = Screen(monkeypatch, 20).handle(BEGAN, Progress(5000))
    assert "00:05/00:10 25.0x" in narrow
    assert "ETA" not in narrow


def test_escape_sequences_in_text_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service cannot clear the screen or move the cursor."""
    hostile = "\x1b[2J\x1b]0;title\x07"
    drawn = Screen(monkeypatch).handle(
        BEGAN,
        Partial("1", 0, hostile, hostile),
        Final("1", 0, 1, hostile),
        Gap(0, 1, hostile),
        Notice("warning", hostile),
    )
    assert "\x1b[2J" not in drawn
    assert "\x1b]0" not in drawn


def test_only_what_was_asked_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """-v brings information, -vv everything."""
    for level, heard in ((0, "W"), (1, "WI"), (2, "WID")):
        screen = Screen(monkeypatch, level=level)
        said = screen.handle(Notice("warning", "W!"), Notice("info", "I!"), Notice("debug", "D!"))
        assert "".join(letter for letter in "WID" if f"{letter}!" in said) == heard


def test_the_account_closes_the_run_and_the_cursor_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happened: close may be called again."""
    screen = Screen(monkeypatch, 100)
    drawn = screen.handle(BEGAN, Progress(1000), ENDED)
    screen.terminal.close()
    assert "captured 10.00 s · final 0.00 s · silence 10.00 s" in drawn
    assert screen.file.getvalue().count("\x1b[?25h") == screen.file.getvalue().count("\x1b[?25l")


def test_a_terminal_that_is_gone_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its window was closed: the other outputs, and the account, still get all there is."""
    screen = Screen(monkeypatch)
    screen.handle(BEGAN, Partial("1", 0, "good ", "mor"))

    def gone(text: str) -> int:
        raise OSError(5, f"Input/output error under {len(text)} characters")

    monkeypatch.setattr(screen.file, "write", gone)
    screen.handle(Final("1", 0, 900, "good morning"), Progress(2000), ENDED)
    screen.terminal.close()


def test_in_the_background_nothing_is_drawn_and_sentences_still_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shell shows there is the shell's."""
    screen = Screen(monkeypatch)
    screen.handle(BEGAN, Partial("1", 0, "", "good"))
    screen.terminal._may_draw = lambda: False
    screen.handle(Progress(1000))
    drawn = screen.handle(Partial("1", 0, "", "good mor"), Progress(2000), Final("1", 0, 900, "good morning"))
    assert "good morning" in drawn
    assert "good mor\x1b" not in drawn
    screen.terminal._may_draw = lambda: True
    assert "evening" in screen.handle(
        Partial("2", 900, "", "evening"), Progress(3000), Partial("2", 900, "", "evenings")
    )


def test_what_several_devices_say_is_labelled_apart_and_has_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line each, also while one of them is silent."""
    screen = Screen(monkeypatch, 60, bar=MicrophoneStatusBar(keys=False))
    drawn = screen.handle(
        Level(900, -20.4, -3.0, "mic"),
        Level(900, -41.0, -9.0, "monitor"),
        Partial("mic:1", 0, "", "i would like", speaker="mic"),
        Partial("monitor:1", 0, "good ", "morning", speaker="monitor"),
    )
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn).splitlines()
    assert "mic -20 dBFS: i would like" in last
    assert "monitor -41 dBFS: good morning" in last


def test_a_live_view_that_was_taken_away_erases_nothing_when_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another program wrote meanwhile stays: the reader of our pipe, or the shell after Ctrl-Z."""
    screen = Screen(monkeypatch)
    screen.terminal._finals = False
    screen.handle(BEGAN, Progress(1000), Progress(1100), Partial("1", 0, "", "good"))
    gone = screen.handle(Final("1", 0, 900, "good morning"))
    assert "good morning" not in gone
    assert "\x1b[?25h" in gone
    back = screen.handle(Progress(2000), Progress(2100), Progress(2200), Partial("2", 900, "", "and"))
    assert "and" in back
    assert "\x1b[2K" not in back.split("and")[0].split("\x1b[?25l")[-1].split("\n")[0]
    screen.terminal.leave()
    assert screen.file.getvalue().count("\x1b[?25h") == screen.file.getvalue().count("\x1b[?25l")


def test_after_ctrl_z_the_live_line_comes_back_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no event follows for long: the service does not answer. It comes once, and only if it was there."""
    screen = Screen(monkeypatch)

    def continued() -> str:
        """What is drawn after `fg`."""
        before = len(screen.file.getvalue())
        screen.terminal.draw_again()
        return screen.file.getvalue()[before:]

    screen.terminal.leave()
    assert continued() == ""
    assert "connecting" in screen.handle(Progress(0))
    assert continued() == ""
    screen.terminal.leave()
    with monkeypatch.context() as patch:
        patch.setattr(screen.terminal, "_may_draw", lambda: False)  # it goes on in the background
        assert continued() == ""
    assert continued().count("connecting") == 1
    assert continued() == ""
    assert "good" in screen.handle(BEGAN, Progress(1000), Partial("1", 0, "", "good"))
    screen.terminal.close()
    assert screen.file.getvalue().count("\x1b[?25h") == screen.file.getvalue().count("\x1b[?25l")


def test_a_signal_while_something_is_drawn_leaves_it_to_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich is in the middle of a line then."""
    screen = Screen(monkeypatch)
    screen.handle(Progress(0))

    def stopped(_: Event) -> None:
        screen.terminal.leave()
        before = len(screen.file.getvalue())
        screen.terminal.draw_again()
        assert len(screen.file.getvalue()) == before

    with monkeypatch.context() as patch:
        patch.setattr(screen.terminal, "_print_event", stopped)
        screen.handle(BEGAN)
    assert "ETA" in screen.handle(Progress(1000), Progress(2000))
