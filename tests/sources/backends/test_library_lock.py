"""The lock of a library that may hang: one thread at a time, and no thread waits forever."""

from threading import Event, Thread

import pytest

from asrcli.sources.backends.library_lock import LibraryLock
from tests.support.device import PATIENCE_S, Clock


def held(lock: LibraryLock) -> tuple[Thread, Event, Event]:
    """A thread that holds the lock until it is let go; the last event is set when it has left."""
    inside, go, left = Event(), Event(), Event()

    def hold() -> None:
        with lock:
            inside.set()
            assert go.wait(PATIENCE_S)
        left.set()

    thread = Thread(target=hold, daemon=True)
    thread.start()
    assert inside.wait(PATIENCE_S)
    return thread, go, left


def test_the_next_thread_waits_until_the_lock_is_released() -> None:
    """As with any lock, as long as nobody hangs."""
    lock = LibraryLock(8.0, Clock())
    _, go, _ = held(lock)
    second = Event()

    def wait() -> None:
        with lock:
            second.set()

    Thread(target=wait, daemon=True).start()
    assert not second.wait(0.3)
    go.set()
    assert second.wait(PATIENCE_S)


def test_a_thread_that_hangs_loses_the_lock_and_does_not_release_it_for_another_thread() -> None:
    """The next thread gets the lock. If the hung thread goes on later, that thread keeps it."""
    clock = Clock()
    lock = LibraryLock(8.0, clock)
    _, go, left = held(lock)
    clock.now = 8.0
    with lock:
        go.set()
        assert left.wait(PATIENCE_S)
        third = Event()

        def wait() -> None:
            with lock:
                third.set()

        Thread(target=wait, daemon=True).start()
        assert not third.wait(0.3)
    assert third.wait(PATIENCE_S)


def test_an_error_releases_the_lock() -> None:
    """An open that fails blocks nobody."""
    lock = LibraryLock(8.0, Clock())
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with lock:
        pass
