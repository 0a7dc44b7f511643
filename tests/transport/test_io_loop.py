"""The loop wakes for its own timers and for those of asyncio, whoever makes them, and waits for nothing else."""

import socket
from collections.abc import Callable, Iterator
from functools import partial
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any

import pytest

from asrcli.transport.io_loop import IoLoop

if TYPE_CHECKING:
    import asyncio

PATIENCE_S = 60.0


@pytest.fixture
def loop() -> Iterator[IoLoop]:
    """A loop, closed at the end."""
    made = IoLoop()
    yield made
    made.close()


def until_set(loop: IoLoop, begin: Callable[["asyncio.Future[str]"], object]) -> str:
    """Run the loop until the future is set that `begin` gets; cancelled if the loop sleeps on.

    Only this thread's loop is used, without a timer of asyncio: the loop then waits for its own timers alone.
    """
    future: asyncio.Future[str] = loop.create_future()
    watch = Timer(PATIENCE_S, lambda: loop.call_soon_threadsafe(future.cancel))
    watch.start()
    try:
        loop.call_soon(begin, future)
        return loop.run_until_complete(future)
    finally:
        watch.cancel()


def test_a_timer_fires_where_no_socket_has_anything_to_say(loop: IoLoop) -> None:
    """Also one that another timer makes."""

    def again(future: "asyncio.Future[str]") -> None:
        loop.timers.later(0.001, lambda: future.set_result("fired"))

    assert until_set(loop, lambda future: loop.timers.later(0.001, lambda: again(future))) == "fired"


def test_what_a_timer_asks_for_comes_though_nothing_else_wakes_the_loop(loop: IoLoop) -> None:
    """A call in the next turn, and a timer of asyncio."""

    def soon(future: "asyncio.Future[str]") -> None:
        loop.timers.later(0.001, lambda: loop.call_soon(future.set_result, "soon"))

    def later(future: "asyncio.Future[str]") -> None:
        loop.timers.later(0.001, lambda: loop.call_later(0.001, future.set_result, "later"))

    assert [until_set(loop, soon), until_set(loop, later)] == ["soon", "later"]


def test_timers_of_both_kinds_fire_beside_each_other(loop: IoLoop) -> None:
    """Whichever is due first, none is forgotten for one of the other kind."""
    waited_for = {1, 2, 3, 4}

    def fired(future: "asyncio.Future[str]", number: int) -> None:
        waited_for.discard(number)
        if not waited_for:
            future.set_result("all")

    def begin(future: "asyncio.Future[str]") -> None:
        for number in (1, 3):
            loop.timers.later(number / 100, partial(fired, future, number))
        for number in (2, 4):
            loop.call_later(number / 100, fired, future, number)

    assert until_set(loop, begin) == "all"


def test_a_timer_that_fails_is_reported_and_ends_nothing(loop: IoLoop) -> None:
    """The handler of the loop gets its exception, as for any other call."""
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))

    def begin(future: "asyncio.Future[str]") -> None:
        loop.timers.later(0.0, lambda: 1 // 0)
        loop.timers.later(0.001, lambda: future.set_result("goes on"))

    assert until_set(loop, begin) == "goes on"
    assert [type(each["exception"]) for each in told] == [ZeroDivisionError]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets: what is sent by the first comes to the second."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield theirs, ours


def test_what_a_socket_says_is_read_where_the_loop_waits(
    loop: IoLoop, pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No turn of the loop is taken for it, in which the loop would ask for sockets again."""
    theirs, ours = pair
    asked = [0]
    said: list[int] = []  # how often the loop had asked when a byte was read
    selector = loop._selector_of_timers
    select = selector.select

    def counted(timeout: float | None = None) -> Any:
        asked[0] += 1
        return select(timeout)

    monkeypatch.setattr(selector, "select", counted)

    def begin(future: "asyncio.Future[str]") -> None:
        def read() -> None:
            ours.recv(1)
            said.append(asked[0])
            if len(said) == 3:
                loop.remove_reader(ours)
                loop.call_soon(future.set_result, f"after {len(said)}")
            else:
                theirs.send(b"x")

        loop.add_reader(ours, read)
        theirs.send(b"x")

    assert until_set(loop, begin) == "after 3"
    assert said == said[:1] * 3


def test_a_reader_that_another_one_has_removed_is_not_called(loop: IoLoop) -> None:
    """Both have something to say at the same moment, and the one that is read first closes the other."""
    pairs = [socket.socketpair(), socket.socketpair()]
    called: list[int] = []

    def begin(future: "asyncio.Future[str]") -> None:
        def read(number: int) -> None:
            called.append(number)
            for ours, _ in pairs:
                loop.remove_reader(ours)
            loop.timers.later(0.001, lambda: future.set_result("gone on"))

        for number, (ours, theirs) in enumerate(pairs):
            loop.add_reader(ours, read, number)
            theirs.send(b"x")

    assert until_set(loop, begin) == "gone on"
    assert len(called) == 1
    for one in (each for both in pairs for each in both):
        one.close()


def test_another_thread_wakes_the_loop_while_it_reads(loop: IoLoop, pair: tuple[socket.socket, socket.socket]) -> None:
    """Each call of many comes, however it falls between what a socket says without a pause."""
    theirs, ours = pair
    calls = 200

    def begin(future: "asyncio.Future[str]") -> None:
        came: list[int] = []

        def read() -> None:
            ours.recv(1)
            theirs.send(b"x")

        def call(number: int) -> None:
            came.append(number)
            if len(came) == calls:
                loop.remove_reader(ours)
                future.set_result("all")

        def ask() -> None:
            for number in range(calls):
                loop.call_soon_threadsafe(call, number)

        loop.add_reader(ours, read)
        theirs.send(b"x")
        Thread(target=ask, daemon=True).start()

    assert until_set(loop, begin) == "all"


def test_a_reader_that_fails_is_reported_and_ends_nothing(
    loop: IoLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    """The handler of the loop gets its exception."""
    theirs, ours = pair
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))

    def begin(future: "asyncio.Future[str]") -> None:
        def read() -> None:
            ours.recv(1)
            loop.remove_reader(ours)
            loop.timers.later(0.001, lambda: future.set_result("goes on"))
            raise ZeroDivisionError

        loop.add_reader(ours, read)
        theirs.send(b"x")

    assert until_set(loop, begin) == "goes on"
    assert [type(each["exception"]) for each in told] == [ZeroDivisionError]
