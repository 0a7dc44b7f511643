"""The loop wakes for its own timers and for those of asyncio, whoever makes them, and waits for nothing else."""

from collections.abc import Callable, Iterator
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest

from asrcli.transport.io_loop import IoLoop

if TYPE_CHECKING:
    import asyncio

PATIENCE_S = 30.0


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
