"""What a signal does while a run lasts, also where runs take place in other threads."""

import signal
from contextlib import suppress
from threading import Thread

import pytest

from asrcli.terminal import interrupts
from asrcli.terminal.interrupts import STOPS, interrupted_between, interruptible, stop_requested, time_left_s

ANOTHER_S = 2 * interrupts.TWICE_S  # two signals that are further apart are two requests


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


@pytest.mark.parametrize("number", STOPS)
def test_between_two_runs_every_signal_is_ctrl_c(number: signal.Signals) -> None:
    """No signal ends the process there without closing what is open, and afterwards each has its own meaning again."""
    before = [signal.getsignal(each) for each in STOPS]
    asked: list[str] = []
    with interrupted_between():
        with interruptible(lambda: asked.append("finish")):
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert asked == []
    assert [signal.getsignal(each) for each in STOPS] == before


@pytest.mark.parametrize("number", STOPS)
def test_the_same_request_sent_twice_does_not_spoil_the_end(number: signal.Signals) -> None:
    """`timeout`, and a launcher that passes Ctrl-C on, signal twice; the run may have ended in between."""
    asked: list[str] = []
    with interrupted_between():
        with interruptible(lambda: asked.append("finish")):
            signal.raise_signal(number)
        signal.raise_signal(number)
        asked.append("closed")
        interrupts._signalled_at[0] -= ANOTHER_S
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert asked == ["finish", "closed"]


def test_a_hangup_that_is_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nohup, also between two runs."""
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN if number.name == "SIGHUP" else None)
    handled: list[int] = []
    monkeypatch.setattr(signal, "signal", lambda number, _: handled.append(number))
    with interrupted_between():
        pass
    assert signal.SIGHUP not in handled
    assert handled.count(signal.SIGTERM) == 2


@pytest.mark.parametrize("number", STOPS)
@pytest.mark.parametrize("within", [True, False])
def test_only_a_sender_that_kills_soon_shortens_a_wait(number: signal.Signals, *, within: bool) -> None:
    """After SIGTERM what is waited for is bounded from the signal on; whoever presses Ctrl-C can press it again."""
    with interrupted_between():
        assert time_left_s(10.0, 5.0) == 10.0
        if within:
            with interruptible(lambda: None):
                signal.raise_signal(number)
        else:
            with suppress(KeyboardInterrupt):
                signal.raise_signal(number)
        if number == signal.SIGINT:
            assert time_left_s(10.0, 5.0) == 10.0
            return
        assert 0.0 < time_left_s(10.0, 5.0) <= 5.0
        interrupts._hurried_at[0] -= 60.0
        assert time_left_s(10.0, 5.0) == 0.0
    with interrupted_between():
        assert time_left_s(10.0, 5.0) == 10.0
