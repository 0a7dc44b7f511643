"""A window whose width is changed while the live view is drawn: finals stay, and rows of it stay nowhere."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.events import Event, Final, Level, Partial, Progress
from tests.outputs.reflowing_terminal import HEIGHT, Reflowing, Watched

WORDS = ["the", "committee", "has", "read", "今天天气很好", "한국", "annex"]
LEVEL = Level(0, -20.0, -10.0)
BAR = "connecting"
REST = [LEVEL] * 20  # a second
# A pull at the edge of a window: widths that follow each other at once. Then it is left alone.
PULLS = st.lists(st.lists(st.integers(20, 100), min_size=1, max_size=12), min_size=1, max_size=4)


def spoken(number: int, words: Sequence[str]) -> list[Event]:
    """A sentence with its number, which grows word by word while levels come."""
    texts = [" ".join([f"#{number}", *words[:count]]) for count in range(len(words) + 1)]
    events: list[Event] = []
    for text in texts:
        events += [Partial(str(number), 0, "", text), LEVEL]
    return [*events, Final(str(number), 0, 900, texts[-1])]


def finals(events: Sequence[Event]) -> str:
    """What the finals say, without spaces."""
    return "".join(event.text for event in events if isinstance(event, Final)).replace(" ", "")


def written(lines: Sequence[str]) -> str:
    """The lines as one text without spaces: a terminal, and the view itself, break lines between words."""
    return "".join(lines).replace(" ", "")


@settings(max_examples=60, deadline=None)
@given(PULLS, st.lists(st.lists(st.sampled_from(WORDS), max_size=30), min_size=1, max_size=4), st.integers(1, 5))
def test_no_final_is_ever_erased(pulls: list[list[int]], said: list[list[str]], lag: int) -> None:
    """Whatever the widths are, and although the terminal tells them up to a quarter of a second late."""
    watched = Watched(80, lag)
    shown: list[Event] = [*REST]
    watched.handle(*shown)
    for number, pull in enumerate(pulls):
        events = spoken(number, said[number % len(said)])
        for place, event in enumerate(events):
            if place < len(pull):
                watched.resize(pull[place])
            watched.handle(event)
        watched.handle(*REST)
        shown += events
    lines = watched.handle(*spoken(99, ["end"]))
    whole = written(lines)
    for number in range(len(pulls)):
        said_then = finals([event for event in shown if isinstance(event, Final) and event.key == str(number)])
        assert said_then in whole, lines


@settings(max_examples=60, deadline=None)
@given(PULLS, st.lists(st.sampled_from(WORDS), max_size=20))
def test_after_a_resize_there_is_one_live_line(pulls: list[list[int]], words: list[str]) -> None:
    """On a terminal that is tall enough and tells its width at once, nothing of what it folded is left."""
    watched = Watched(80)
    watched.handle(*REST, *(Final("0", 0, 900, "filled") for _ in range(HEIGHT)), *spoken(1, words)[:-1])
    for pull in pulls:
        for columns in pull:
            watched.resize(columns)
            lines = watched.handle(LEVEL)
        lines = watched.handle(*REST)
        assert sum(BAR in line for line in lines) == 1, lines
        assert sum("#1" in line for line in lines) <= 1, lines


def test_sentences_come_although_the_window_is_pulled_at_all_the_time() -> None:
    """They wait for the end of that for two seconds at most."""
    watched = Watched(80)
    watched.handle(*REST, Final("1", 0, 900, "good morning"))
    for number in range(60):
        watched.resize(40 + number % 30)
        lines = watched.handle(LEVEL if number else Final("2", 900, 1800, "and welcome"))
        assert (BAR in written(lines)) is True
    assert "and welcome" in written(lines).replace("andwelcome", "and welcome")


def test_nothing_waits_where_no_other_event_may_follow() -> None:
    """Without a microphone there are no levels: the next event after a final may be an hour away."""
    watched = Watched(80)
    watched.handle(Progress(0), Progress(100), Progress(200))
    watched.resize(60)
    assert "good morning" in watched.handle(Final("1", 0, 900, "good morning"))


def test_what_the_reader_of_our_pipe_wrote_stays() -> None:
    """The live line is gone while it writes; what is known of that line is of no use afterwards."""
    watched = Watched(80, finals=False)
    watched.handle(*REST, *spoken(1, ["committee"] * 10))
    watched.terminal.feed("one\ntwo\nthree\n")
    watched.resize(30)
    lines = watched.handle(*[LEVEL] * 4, Final("2", 900, 1800, "and welcome"), *REST)
    assert lines[:3] == ["one", "two", "three"]


def test_the_reader_of_our_pipe_has_a_row_of_its_own_at_once() -> None:
    """It prints what it reads without asking whether our window is at rest."""
    watched = Watched(80, finals=False)
    watched.handle(*REST, *spoken(1, ["committee"] * 10)[:-1])
    watched.resize(70)
    watched.handle(LEVEL, Final("1", 0, 900, "good morning"))
    watched.terminal.feed("one\n")
    assert "one" in watched.handle(*REST)


def test_what_was_folded_is_erased_before_the_reader_of_our_pipe_writes() -> None:
    """A final removes the live line, also on a window that got narrower since that line was drawn."""
    watched = Watched(80, finals=False)
    watched.terminal.feed("before\n" * HEIGHT)
    watched.handle(*[Progress(0)] * 20, *[event for event in spoken(1, ["committee"] * 10)[:-1] if event != LEVEL])
    watched.resize(30)
    lines = watched.handle(Final("1", 0, 900, "good morning"))
    assert not any("#1" in line or BAR in line for line in lines)


def test_the_reflowing_terminal_folds_and_unfolds() -> None:
    """The terminal of these tests does as tmux does: two rows that were one are one again."""
    terminal = Reflowing(20)
    terminal.feed("good morning everyone\r\nand\r\x1b[2Kor")
    assert terminal.lines() == ["good morning everyone", "or"]
    terminal.resize(5)
    terminal.feed("\r\x1b[2K\x1b[1A\x1b[2K")
    assert terminal.lines() == ["good morning everyone"[:20]]
    terminal.resize(40)
    assert terminal.lines() == ["good morning everyone"[:20]]
    terminal.feed("\n" * HEIGHT + "x\x1b[99A\r\x1b[2K")
    assert terminal.lines()[0] == "good morning everyone"[:20]
