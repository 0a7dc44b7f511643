"""Which signals a worker process of a recognizer leaves to its parent."""

import signal

import pytest

from asrcli.recognizers.worker import leave_signals_to_parent


def test_ctrl_c_and_ctrl_break_end_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console of Windows sends both to every process in it, and the parent still waits for the last results."""
    number = signal.SIGUSR2
    monkeypatch.setattr(signal, "SIGBREAK", number, raising=False)
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, number)}
    try:
        leave_signals_to_parent()
        assert [signal.getsignal(each) for each in before] == [signal.SIG_IGN, signal.SIG_IGN]
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
