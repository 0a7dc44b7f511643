"""What a signal does while a run lasts, also where runs take place in other threads."""

import signal
from threading import Thread

from asrcli.terminal import interrupts
from asrcli.terminal.interrupts import interruptible, stop_requested


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
        interrupts._signalled_at[0] -= 2 * interrupts.TWICE_S
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            asked.append("left")
    assert asked == ["finish", "left"]
