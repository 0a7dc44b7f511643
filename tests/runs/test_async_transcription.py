"""A transcription in an asyncio program: `async for` gives what `for` gives, and leaves nothing behind either."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

import asrcli
from tests.support.counted import counted, covered
from tests.support.left_behind import assert_back_to, endless, warm

CHUNKS = 40
pytestmark = pytest.mark.usefixtures("no_key")


async def events_of(talk: asrcli.Transcription) -> list[asrcli.Event]:
    """All that come."""
    return [event async for event in talk]


def test_each_event_comes_once_and_many_run_side_by_side(server: str) -> None:
    """On one loop, which waits for none of them."""
    before = warm(server)

    async def main() -> list[list[asrcli.Event]]:
        talks = [asrcli.transcribe(counted(CHUNKS), url=server, pace="max") for _ in range(5)]
        return await asyncio.gather(*map(events_of, talks))

    for events in asyncio.run(main()):
        assert covered(events, CHUNKS) == []
        assert isinstance(events[-1], asrcli.Ended)
    assert_back_to(before)


def test_the_end_stays_the_end_and_both_loops_can_take_turns(server: str) -> None:
    """What `async for` has not taken, `for` takes."""

    async def main() -> None:
        talk = asrcli.transcribe(counted(CHUNKS), url=server, pace="max")
        first = [await anext(talk)]
        events = [*first, *talk]
        assert covered(events, CHUNKS) == []
        assert await events_of(talk) == []
        assert await events_of(talk) == []

    asyncio.run(main())


def test_a_wait_that_is_cancelled_loses_no_event(server: str) -> None:
    """A program that waits for the next event only for a moment gets it later."""
    cancelled = 0

    async def main() -> list[asrcli.Event]:
        nonlocal cancelled
        talk, events = asrcli.transcribe(counted(CHUNKS), url=server, pace=4), list[asrcli.Event]()
        while True:
            try:
                events.append(await asyncio.wait_for(anext(talk), 0.002))
            except TimeoutError:
                cancelled += 1
            except StopAsyncIteration:
                return events

    events = asyncio.run(main())
    assert cancelled > 10
    assert covered(events, CHUNKS) == []
    assert sum(isinstance(event, asrcli.Ended) for event in events) == 1


def test_two_tasks_do_not_get_the_same_event(server: str) -> None:
    """The second one is told, as by an asynchronous generator; the first one gets all."""

    async def main() -> None:
        talk = asrcli.transcribe(counted(CHUNKS), url=server, pace="max")
        first = asyncio.create_task(events_of(talk))
        await asyncio.sleep(0)  # it waits for the first event now
        with pytest.raises(RuntimeError, match="another task"):
            await anext(talk)
        assert covered(await first, CHUNKS) == []

    asyncio.run(main())


@pytest.mark.parametrize("how", ["break", "raise", "cancel"])
def test_to_leave_the_loop_ends_threads_and_connections(server: str, how: str) -> None:
    """Without a word to the object, also where the wait for the next event was cancelled."""
    before = warm(server)
    heard = asyncio.Event()

    async def listen() -> None:
        async for event in asrcli.transcribe(asrcli.pcm(endless(), realtime=True), url=server, pace="max"):
            if isinstance(event, asrcli.Final):
                heard.set()
                if how == "break":
                    break
                if how == "raise":
                    raise LookupError

    async def main() -> None:
        task = asyncio.create_task(listen())
        await heard.wait()
        if how == "cancel":
            task.cancel()
        with suppress(LookupError, asyncio.CancelledError):
            await task
        del task

    asyncio.run(main())
    assert_back_to(before)


@pytest.mark.parametrize("waits", [False, True])
def test_the_end_of_the_block_ends_it(server: str, waits: bool) -> None:
    """Also in the middle of a wait for audio that never comes."""
    before = warm(server)
    ready, go_on = threading.Event(), threading.Event()

    def silent() -> Iterator[bytes]:
        yield bytes(3200)
        ready.set()
        go_on.wait(60)

    async def main() -> None:
        async with asrcli.transcribe(asrcli.pcm(silent(), realtime=True), url=server) as talk:
            waiting = asyncio.create_task(events_of(talk))
            if waits:
                await asyncio.to_thread(ready.wait, 60)
            waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        assert await events_of(talk) == []

    asyncio.run(main())
    go_on.set()
    assert_back_to(before)


def test_what_ends_the_run_is_raised_by_the_loop() -> None:
    """As the error that it is."""

    async def main() -> None:
        with pytest.raises(asrcli.ConnectFailed):
            await events_of(asrcli.transcribe(counted(1), url="ws://127.0.0.1:9", retries=0))

    asyncio.run(main())


def test_finish_waits_for_the_last_words(server: str) -> None:
    """From within the loop: the run ends in order and accounts for what it took."""

    async def main() -> asrcli.Ended | None:
        talk = asrcli.transcribe(asrcli.pcm(endless(), realtime=True), url=server)
        async for event in talk:
            if isinstance(event, asrcli.Final):
                talk.finish()
        return talk.ended

    ended = asyncio.run(main())
    assert ended is not None
    assert ended.lost_ms == 0
