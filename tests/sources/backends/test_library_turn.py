"""The lock of a library that may hang: one thread at a time, and no thread waits for ever."""

from threading import Event, Thread

import pytest

from asrcli.sources.backends.library_turn import LibraryTurn
from tests.support.device import PATIENCE_S, Clock


def held(turn: LibraryTurn) -> tuple[Thread, Event, Event]:
    """A thread in its turn until it is let go; the last event is set when it has left."""
    inside, go, left = Event(), Event(), Event()

    def hold() -> None:
        with turn:
            inside.set()
            assert go.wait(PATIENCE_S)
        left.set()

    thread = Thread(target=hold, daemon=True)
    thread.start()
    assert inside.wait(PATIENCE_S)
    return thread, go, left


def test_the_next_one_waits_until_the_turn_is_given_back() -> None:
    """As with any lock, as long as nobody hangs."""
    turn = LibraryTurn(8.0, Clock())
    _, go, _ = held(turn)
    second = Event()

    def wait() -> None:
        with turn:
            second.set()

    Thread(target=wait, daemon=True).start()
    assert not second.wait(0.3)
    go.set()
    assert second.wait(PATIENCE_S)


def test_a_caller_that_hangs_loses_its_turn_and_does_not_end_that_of_another() -> None:
    """Later tries go on; the hung thread comes to itself and takes nothing away."""
    clock = Clock()
    turn = LibraryTurn(8.0, clock)
    _, go, left = held(turn)
    clock.now = 8.0
    with turn:
        go.set()
        assert left.wait(PATIENCE_S)
        third = Event()

        def wait() -> None:
            with turn:
                third.set()

        Thread(target=wait, daemon=True).start()
        assert not third.wait(0.3)
    assert third.wait(PATIENCE_S)


def test_an_error_gives_the_turn_back() -> None:
    """An open that fails blocks nobody."""
    turn = LibraryTurn(8.0, Clock())
    with pytest.raises(ZeroDivisionError), turn:
        raise ZeroDivisionError
    with turn:
        pass
