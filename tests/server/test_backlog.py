"""The commands between a socket and a recognizer are few, and are discarded when the client has gone."""

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from websockets.sync.client import ClientConnection, connect

from asrcli.core.client_commands import ClearAudio, Command, FinishTask, SendAudio, StartTask
from asrcli.core.events import Event
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers import factory, registry
from asrcli.recognizers.counting import Counting
from asrcli.recognizers.in_process import InProcessStream
from asrcli.server.backlog import MAX_COMMANDS, CommandBacklog
from asrcli.server.local_server import in_background
from tests.support.command import CLIP
from tests.support.raw_websocket import deaf, frame
from tests.support.wire import INFERENCE, PATIENCE_S, finish_task, run_task, wait_until

SECOND = 32_000


async def waits(backlog: CommandBacklog, request: Command) -> bool:
    """Return whether a command has to wait for room."""
    try:
        async with asyncio.timeout(0.01):
            await backlog.put(request)
    except TimeoutError:
        return True
    return False


def test_a_backlog_is_bounded_by_bytes_and_by_commands() -> None:
    """After `abandon` it keeps nothing, and nobody waits."""

    async def fill() -> None:
        audio, small = CommandBacklog(1000), CommandBacklog(1000)
        assert [await waits(audio, SendAudio(bytes(600))) for _ in range(3)] == [False, False, True]
        assert await waits(audio, FinishTask())
        assert [await waits(small, ClearAudio()) for _ in range(MAX_COMMANDS + 1)] == [False] * MAX_COMMANDS + [True]
        audio.abandon()
        assert not await waits(audio, SendAudio(bytes(10_000)))

    asyncio.run(fill())


def test_a_live_client_does_not_wait_for_a_recognizer_that_computes_for_long() -> None:
    """Its pings are read meanwhile. Up to 30 s; one that sends faster waits, and so does one with compressed audio."""

    async def fill() -> None:
        now = [0.0]
        start = StartTask(RecognitionSettings("m", 16000))
        live, fast, packed = (CommandBacklog(SECOND, lambda: now[0]) for _ in range(3))
        await live.put(start)
        await fast.put(start)
        await packed.put(StartTask(start.recognition, "mp3"))
        assert [await waits(fast, SendAudio(bytes(SECOND))) for _ in range(3)] == [False, False, True]
        for _ in range(29 * 10):
            now[0] += 0.1
            await live.put(SendAudio(bytes(SECOND // 10)))
            if now[0] < 2:
                await packed.put(SendAudio(bytes(SECOND // 20)))
        while not await waits(live, SendAudio(bytes(SECOND // 10))):
            now[0] += 0.1
        assert 29 < now[0] < 31
        assert await waits(fast, SendAudio(bytes(1)))
        for _ in range(3):
            await fast.get()
        for _ in range(20):  # it was empty: the client may be a live one that had lost its connection
            now[0] += 0.1
            await fast.put(SendAudio(bytes(SECOND // 10)))
        for _ in range(3):
            await waits(packed, SendAudio(bytes(SECOND)))
        assert await waits(packed, SendAudio(bytes(1)))

    asyncio.run(fill())


class Stuck(Counting):
    """A recognizer that never takes a command."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = threading.Event()

    async def open(self, recognition: RecognitionSettings) -> InProcessStream:
        """A session that waits forever."""
        del recognition
        closed = self.closed

        class Stream:
            async def send(self, command: Command) -> None:
                """Never done."""
                del command
                await asyncio.Event().wait()

            async def events(self) -> AsyncIterator[Event]:
                """Never any."""
                await asyncio.Event().wait()
                yield Event  # type: ignore[misc]

            async def close(self) -> None:
                """Given up."""
                closed.set()

        return Stream()  # type: ignore[return-value]


def raw(address: str) -> socket.socket:
    """A connection that holds little of what is sent itself."""
    host, port = address.removeprefix("ws://").split(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    line.connect((host, int(port)))
    return line


def client_on(line: socket.socket, address: str) -> ClientConnection:
    """A client on a connection that is there."""
    return connect(address + INFERENCE, sock=line, compression=None, close_timeout=0.1, ping_interval=None)


@pytest.mark.parametrize("size", [320, 3200, 32_000])
def test_a_client_waits_when_the_recognizer_is_a_few_seconds_behind(size: int) -> None:
    """However its audio is cut; and when it leaves, its session is given up at once, although nothing was read."""
    stuck = Stuck()
    with in_background(stuck) as address, deaf(address) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        line.sendall(frame(json.dumps(run_task()).encode()))
        line.settimeout(0.5)
        sent = 0
        with suppress(TimeoutError):
            while True:
                assert sent < 20 * SECOND
                line.sendall(frame(bytes(size), opcode=2))
                sent += size
        assert sent <= 8 * SECOND
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
        wait_until(stuck.closed.is_set)


@pytest.mark.slow
def test_the_last_words_of_the_embedded_recognizer_come_soon() -> None:
    """A client that sent as fast as it could waits for a few seconds of audio, and not for all it had."""
    pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")
    pcm = CLIP.read_bytes()[44:] * 30
    with (
        in_background(factory.make(options=registry.RecognizerOptions("never"))) as address,
        client_on(raw(address), address) as client,
    ):
        client.send(json.dumps(run_task()))
        client.recv(PATIENCE_S)
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < 3:
            client.send(pcm[sent : sent + 3200])
            sent += 3200
        client.send(json.dumps(finish_task()))
        at, heard_ms = time.monotonic(), 0
        while True:
            message = json.loads(client.recv(PATIENCE_S))
            if message["header"]["event"] == "task-finished":
                break
            heard_ms = max(heard_ms, message["payload"]["output"]["sentence"]["end_time"] or 0)
        last_words_s, took_s = time.monotonic() - at, time.monotonic() - began
    # What was queued took no longer than some seconds of audio take at the speed of this machine, which changes.
    # Without a bound all that can be written in three seconds would be queued: hours of audio.
    assert last_words_s < 20 * took_s / (sent / SECOND)
    assert heard_ms > 0
