"""What a signal does while a run lasts, also where runs take place in other threads."""

import signal
from threading import Thread

import pytest

from asrcli.terminal import interrupts
from asrcli.terminal.interrupts import ending_signal, interruptible, stop_requested


def test_the_run_of_another_thread_does_not_forget_the_first_signal() -> None:
    """A part of a recording that begins just after Ctrl-C leaves it counted: the next one ends the program."""

    def begin() -> None:
        with interruptible(lambda: None):
            pass

    asked: list[str] = []
    with interruptible(lambda: asked.append("finish")):
        signal.raise_signal(signal.SIGINT)
        thread = Thread(target=begin)
        thread.start()
        thread.join()
        assert stop_requested(0)
        at, number = interrupts._signals[0]
        interrupts._signals[0] = at - 2 * interrupts.TWICE_S, number
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            asked.append("left")
    assert asked == ["finish", "left"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_of_a_block_is_the_one_that_ended_it(number: signal.Signals) -> None:
    """`kill` followed by an impatient Ctrl-C was an end by `kill`."""
    with interruptible(lambda: None):
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGINT)
    assert ending_signal() == number


def test_without_a_signal_an_interrupt_counts_as_ctrl_c() -> None:
    """KeyboardInterrupt comes from Ctrl-C where nothing else is known."""
    with interruptible(lambda: None):
        pass
    assert ending_signal() == signal.SIGINT
