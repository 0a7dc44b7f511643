"""A session in the process of the server: bounded, and never in the way of the next one."""

import asyncio
from collections.abc import Iterator
from typing import cast

import pytest

from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.events import Event, Final, Finished
from asrcli.recognizers.in_process import MAX_PENDING_EVENTS, InProcessStream
from asrcli.recognizers.interface import RecognizerFailed, RecognizerSession


class Talkative:
    """A session that makes more sentences of a piece of audio than may wait."""

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """One sentence for each byte."""
        for number in range(len(pcm)):
            yield Final(str(number), 0, 0, "text")

    def finish(self) -> Iterator[Event]:
        """Nothing is left."""
        yield from ()


def stream() -> InProcessStream:
    """A stream over such a session."""
    return InProcessStream(cast("RecognizerSession", Talkative()))


async def waiting_sender(made: InProcessStream) -> "asyncio.Task[None]":
    """A sender that waits for somebody to take events."""
    sender = asyncio.create_task(made.send(SendAudio(bytes(MAX_PENDING_EVENTS + 100))))
    await asyncio.sleep(0)
    assert not sender.done()
    return sender


def test_a_sender_waits_until_somebody_takes_the_events() -> None:
    """All of them come, in order."""

    async def run() -> list[Event]:
        made = stream()
        sender = await waiting_sender(made)
        taken = made.events()
        heard = [await anext(taken) for _ in range(MAX_PENDING_EVENTS + 100)]
        await sender
        await made.send(FinishTask())
        return [*heard, *[event async for event in taken]]

    events = asyncio.run(run())
    keys = [event.key for event in events if isinstance(event, Final)]
    assert keys == [str(number) for number in range(MAX_PENDING_EVENTS + 100)]
    assert isinstance(events[-1], Finished)


def test_a_sender_does_not_wait_for_a_session_that_is_closed() -> None:
    """Nobody takes its events any more, and the next task of the connection needs the sender."""

    async def run() -> None:
        made = stream()
        sender = await waiting_sender(made)
        await made.close()
        with pytest.raises(RecognizerFailed, match="closed"):
            await asyncio.wait_for(sender, 20)

    asyncio.run(run())
