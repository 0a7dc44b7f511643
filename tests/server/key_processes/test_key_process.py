"""A process that cannot do its work, and one that is to end while it is about to begin."""

import asyncio
import logging
import sys

import pytest

from asrcli.recognizers.registry import RecognizerOptions
from asrcli.server.key_processes import key_process
from asrcli.server.key_processes.key_process import KeyProcess
from asrcli.server.key_processes.messages import HandedOver, ServerPlan
from asrcli.server.limits import ServerLimits

PATIENCE_S = 60
GOOD = ServerPlan("scripted", RecognizerOptions(), None, ServerLimits(), None, logging.INFO)
BAD = ServerPlan("no such engine", RecognizerOptions(), None, ServerLimits(), None, logging.INFO)


class Told(logging.Handler):
    """What is logged, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._come = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage() + (record.exc_text or ""))
        self._come.set()

    async def wait_for(self, part: str, times: int = 1) -> None:
        """Wait until a line with this part came this often."""
        async with asyncio.timeout(PATIENCE_S):
            while sum(part in line for line in self.lines) < times:
                self._come.clear()
                await self._come.wait()


async def logged() -> Told:
    """A handler at the program's log."""
    told = Told()
    logging.getLogger("asrcli").addHandler(told)
    return told


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next start, and nobody else reads the log."""
    monkeypatch.setattr(key_process, "AGAIN_S", 0.01)
    monkeypatch.setattr(logging.getLogger("asrcli"), "handlers", [])


def made(plan: ServerPlan) -> KeyProcess:
    """A process of the key `k`, which nobody gives a connection."""
    process = KeyProcess(plan, lambda recognition: recognition, lambda _: None)
    process.set_limits({"k": None})
    return process


def test_one_that_cannot_serve_says_why_and_is_started_again() -> None:
    """Less and less often; the server keeps its clients."""

    async def run() -> None:
        told = await logged()
        process = made(BAD)
        await told.wait_for("the process of the key k ended with status 1, and is started again", 2)
        assert any("no such engine" in line for line in told.lines)
        assert not process.hand_over(0, HandedOver("k", None, b""))
        assert process._again_s >= 2 * 0.01
        await process.stop(PATIENCE_S)
        assert not process.is_running

    asyncio.run(run())


def test_one_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """For example where no file is left: the reason is in the log."""
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    async def run() -> None:
        told = await logged()
        process = made(GOOD)
        await told.wait_for("a process of the key k cannot be started: No such file or directory", 2)
        await process.stop(PATIENCE_S)

    asyncio.run(run())


@pytest.mark.parametrize("turns", [0, 1, 3, 10])
def test_one_that_is_to_end_at_once_ends(turns: int) -> None:
    """Wherever its start has come to."""

    async def run() -> None:
        process = made(GOOD)
        for _ in range(turns):
            await asyncio.sleep(0)
        process.drain()
        await process.stop(PATIENCE_S)
        assert not process.is_running
        assert not process.takes_connections

    asyncio.run(run())


def test_one_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ends leaves nothing behind."""
    monkeypatch.setattr(key_process, "END_S", 0.01)

    async def run() -> None:
        process = made(GOOD)
        async with asyncio.timeout(PATIENCE_S):
            while not process.takes_connections:
                await asyncio.sleep(0.01)
        assert process._process is not None
        process._process.send_signal(19)  # SIGSTOP
        await process.stop(0.01)
        assert not process.is_running

    asyncio.run(run())


def test_a_mistake_of_ours_ends_one_process_and_not_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the log, and the process is started again."""

    def mistaken(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(KeyProcess, "_take", mistaken)

    async def run() -> None:
        told = await logged()
        process = made(GOOD)
        await told.wait_for("a bug in the server", 2)
        await process.stop(PATIENCE_S)
        assert not process.is_running

    asyncio.run(run())
