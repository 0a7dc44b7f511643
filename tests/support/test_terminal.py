"""The terminal of the tests: what a program writes to it is what a person would see."""

import os
import sys
import textwrap

import pytest

from tests.support.terminal import CTRL_C, Terminal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are of POSIX")


def program(text: str, *, columns: int = 80, lines: int = 24, piped: bool = False) -> Terminal:
    """A small Python program on a terminal."""
    command = [sys.executable, "-c", textwrap.dedent(text)]
    return Terminal(command, columns=columns, lines=lines, piped=piped)


SIZES = """
    import os, sys
    streams = (sys.stdin, sys.stdout, sys.stderr)
    print([stream.isatty() and tuple(os.get_terminal_size(stream.fileno())) for stream in streams], file=sys.stderr)
"""
SIZES_AND_TEXT = f"""{SIZES}
    print('你好')
    sys.exit(3)
"""


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 12)])
def test_all_three_streams_are_a_terminal_of_that_size(columns: int, lines: int) -> None:
    """And nothing in the environment says otherwise."""
    with program(SIZES, columns=columns, lines=lines) as terminal:
        assert terminal.finish() == 0
        assert "".join(terminal.rows()) == str([(columns, lines)] * 3)
        assert len(terminal.rows()) == lines
        assert terminal.scrolled() == []


def test_output_can_be_a_pipe_while_the_rest_is_the_terminal() -> None:
    """As in `asr mic | grep`: status on the screen, text in the pipe."""
    with program(SIZES_AND_TEXT, piped=True) as terminal:
        terminal.wait_for_piped("你好\n")
        assert terminal.finish() == 3
        assert terminal.rows()[0] == "[(80, 24), False, (80, 24)]"
        assert terminal.piped == "你好\n"


def test_keys_are_read_and_echoed_as_typed() -> None:
    """A line goes in with Return; the terminal's echo shows it."""
    with program("print('heard', input('name? '))") as terminal:
        terminal.wait_for("name?")
        terminal.send("ann\r")
        assert terminal.finish() == 0
        assert terminal.rows()[:3] == ["name? ann", "heard ann", ""]


def test_ctrl_c_interrupts() -> None:
    """The kernel makes a signal of the key."""
    waits = """
        import time
        try:
            print("waiting", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted")
    """
    with program(waits) as terminal:
        terminal.wait_for("waiting")
        terminal.send(CTRL_C)
        terminal.wait_for("^Cinterrupted")
        assert terminal.finish() == 0


def test_wide_characters_take_two_cells_and_are_never_cut_in_half() -> None:
    """41 cells of Chinese in 40 columns: the last character goes to the next line as a whole."""
    with program("print('a' + '中' * 20); print('中中中\\ra中\\r')", columns=40, lines=12) as terminal:
        assert terminal.finish() == 0
        assert terminal.rows()[:3] == ["a" + "中" * 19, "中", "a中 中"]


def test_characters_after_a_joined_one_are_there() -> None:
    """A family of one cell sequence does not swallow the rest of the line."""
    with program("print('👩\\u200d👧 e\\u0301 ok')") as terminal:
        assert terminal.finish() == 0
        assert terminal.rows()[0] == "👩👧 é ok"


def test_a_line_that_is_drawn_again_is_seen_once_and_what_scrolls_away_is_kept() -> None:
    """A live line below finished ones: overwritten, not repeated; the finished ones leave at the top, in order."""
    live = """
        import sys
        for number in range(15):
            sys.stdout.write(f"\\r\\x1b[2K\\x1b[2msentence {number}")
            sys.stdout.write(f"\\r\\x1b[2K\\x1b[0mSentence {number}.\\n")
    """
    with program(live, columns=40, lines=12) as terminal:
        assert terminal.finish() == 0
        assert terminal.scrolled() == [f"Sentence {number}." for number in range(4)]
        assert terminal.rows() == [*(f"Sentence {number}." for number in range(4, 15)), ""]


def test_a_new_size_reaches_the_program() -> None:
    """SIGWINCH, and the size asked for afterwards is the new one; what no longer fits above is kept."""
    asks = """
        import os, signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
        print(*range(14), "ready", sep="\\n", flush=True)
        signal.sigwait([signal.SIGWINCH])
        print(*os.get_terminal_size())
    """
    with program(asks) as terminal:
        terminal.wait_for("ready")
        terminal.resize(40, 12)
        assert terminal.finish() == 0
        assert terminal.scrolled() == [*map(str, range(5))]
        assert terminal.rows() == [*map(str, range(5, 14)), "ready", "40 12", ""]


@pytest.mark.parametrize(("tidy", "left"), [("termios.tcsetattr(0, termios.TCSANOW, found)", True), ("", False)])
def test_it_tells_whether_the_terminal_is_left_as_it_was_found(tidy: str, *, left: bool) -> None:
    """A program that turns echo off must turn it on again, and show the cursor it has hidden."""
    text = f"""
        import sys, termios, tty
        found = termios.tcgetattr(0)
        tty.setcbreak(0)
        print("\\x1b[?25lkey?", flush=True)
        sys.stdin.read(1)
        print("\\x1b[?25h" if {left} else "")
        {tidy}
    """
    with program(text) as terminal:
        terminal.wait_for("key?")
        assert not terminal.left_as_found
        assert not terminal.cursor_shown
        terminal.send("q")
        assert terminal.finish() == 0
        assert (terminal.left_as_found, terminal.cursor_shown) == (left, left)


def test_waiting_for_what_never_comes_ends_with_the_program() -> None:
    """Not with patience; and the failure shows the screen."""
    with program("print('something else')") as terminal:
        with pytest.raises(AssertionError, match="something else"):
            terminal.wait_for("it")
        assert terminal.finish() == 0


def test_much_output_holds_nobody_up() -> None:
    """Whoever looks at the screen late sees it all the same: it is read all the time."""
    with program("for number in range(3000): print(number)\nopen(0, 'rb', buffering=0).read(1)") as terminal:
        terminal.wait_for("2999")
        terminal.process.kill()
        assert terminal.finish() == -9
