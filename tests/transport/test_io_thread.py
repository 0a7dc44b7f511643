"""The thread of all connections: runs what others hand to it, and ends with its process."""

import threading

import pytest

from asrcli.transport import io_thread
from asrcli.transport.io_thread import IoThread

PATIENCE_S = 60.0


async def ident() -> int:
    """Which thread runs this."""
    return threading.get_ident()


def test_what_is_handed_over_runs_on_the_thread_and_nothing_after_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end waits for nothing where no connection is being closed; whoever comes later does not wait forever."""
    monkeypatch.setattr(io_thread, "GOODBYE_S", PATIENCE_S)  # this machine may be slow
    io = IoThread()
    ran = threading.Event()
    try:
        assert io.usable
        assert not io.is_current
        assert io.run(ident()) != threading.get_ident()
        seen: list[bool] = []
        io.soon(lambda: seen.append(io.is_current))
        io.soon(ran.set)
        assert ran.wait(PATIENCE_S)
        assert seen == [True]
    finally:
        io._end()
    assert not io.usable
    io.soon(ran.clear)
    with pytest.raises(RuntimeError, match="closed"):
        io.run(ident())
    assert ran.is_set()


def test_an_error_comes_back_to_whoever_waits() -> None:
    """And the thread goes on."""

    async def fails() -> None:
        raise ZeroDivisionError

    io = IoThread()
    try:
        with pytest.raises(ZeroDivisionError):
            io.run(fails())
        assert io.run(ident())
    finally:
        io._end()
