"""The pool of worker processes: their number, their reuse and their end."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from asrcli.core.client_commands import Command, FinishTask, SendAudio
from asrcli.core.events import Finished
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import RecognizerBusy, RecognizerFailed, RecognizerUnusable
from asrcli.recognizers.pool import WorkerPool
from asrcli.recognizers.registry import LOCAL, RecognizerOptions
from asrcli.recognizers.worker import NO_MEMORY, WorkerArguments
from asrcli.recognizers.worker_process import AHEAD_S, HUNG_S, PIECE_S, WorkerProcess
from asrcli.server.local_server import in_background
from tests.support.process_words import words_of
from tests.support.wire import PATIENCE_S, finish_task, run_task, wait_until, wire

pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")

SECOND = bytes(32000)


def pool_of_one_pass(**limits: Any) -> WorkerPool:
    """Return a pool of the embedded recognizer that reads each sentence once."""
    return WorkerPool(LOCAL, RecognizerOptions("never"), **limits)


def workers() -> list[int]:
    """The process ids of our recognizer's workers."""
    return [child.pid for child in psutil.Process().children(recursive=True) if "recognizers.worker" in words_of(child)]


def test_more_sessions_than_the_machine_carries_are_refused_and_not_slowed_down() -> None:
    """The second client gets an error at once; when the first has ended there is room again."""
    with in_background(WorkerPool(LOCAL, RecognizerOptions(), max_sessions=1)) as address, wire(address) as first:
        first.say(run_task())
        first.handle("task-started")
        with wire(address) as second:
            second.say(run_task())
            assert second.handle("task-failed")["header"]["error_code"] == "Throttling"
        first.say(SECOND, finish_task())
        first.handle("task-finished")
        with wire(address) as third:
            third.say(run_task(), SECOND, finish_task())
            third.handle("task-finished")


def test_one_worker_serves_task_after_task_and_ends_with_the_server() -> None:
    """Its model is loaded once; nothing stays behind."""
    before = set(workers())
    with in_background(pool_of_one_pass()) as address, wire(address) as client:
        seen = set()
        for number in ("a", "b", "c"):
            client.say(run_task(number), SECOND, finish_task(number))
            client.handle("task-finished")
            seen |= set(workers()) - before
        assert len(seen) == 1
    assert set(workers()) <= before


def test_a_worker_that_dies_fails_its_task_and_no_other() -> None:
    """The client gets an error; the next task gets a new worker."""
    before = set(workers())
    with in_background(pool_of_one_pass()) as address:
        with wire(address) as client:
            client.say(run_task(), SECOND)
            client.handle("task-started")
            (worker,) = set(workers()) - before
            os.kill(worker, signal.SIGKILL)
            assert client.handle("task-failed")["header"]["error_code"] == "InternalError"
        with wire(address) as client:
            client.say(run_task(), SECOND, finish_task())
            client.handle("task-finished")


def test_too_little_memory_for_the_model_is_named_and_not_tried_again() -> None:
    """A recognizer that was never loaded has a code of its own."""

    async def begun() -> None:
        pool = pool_of_one_pass()
        try:
            await pool.open(RecognitionSettings("m"))
        finally:
            await pool.close()

    said = []
    for error in ("MemoryError()", "RuntimeError('std::bad_alloc')"):
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            Path(folder, "lacking.py").write_text(f"def load(options):\n    raise {error}\n")
            patch.setenv("PYTHONPATH", os.pathsep.join([folder, *sys.path]))
            patch.setattr(WorkerArguments, "words", property(lambda _: ("lacking", "auto", "", "")))
            with pytest.raises(RecognizerUnusable) as raised:
                asyncio.run(begun())
            said.append((raised.value.code, str(raised.value)))
    assert said == [("InternalError.ModelNotLoaded", NO_MEMORY)] * 2


def test_a_client_that_leaves_in_the_middle_leaves_no_worker_busy() -> None:
    """Its session is given up wherever it is, and there is room again."""
    with in_background(pool_of_one_pass(max_sessions=1)) as address:

        def served() -> bool:
            with wire(address) as client:
                client.say(run_task("c"), SECOND, finish_task("c"))
                return "task-started" in str(client.hear_next())

        with wire(address) as client:
            client.say(run_task("a"), SECOND)
            client.handle("task-started")
        wait_until(served)


class Bad(WorkerProcess):
    """A worker that nothing can be sent to."""

    def __init__(self) -> None:
        self.killed = False

    @property
    def alive(self) -> bool:
        """Until it is killed."""
        return not self.killed

    async def begin(self, recognition: RecognitionSettings, within_s: float) -> None:
        """It fails."""
        del recognition, within_s
        raise RecognizerFailed("gone")

    def kill(self) -> None:
        """Gone."""
        self.killed = True

    async def wait_ended(self) -> None:
        """At once."""


def pool_of(monkeypatch: pytest.MonkeyPatch, made: list[WorkerProcess], room: int = 2) -> WorkerPool:
    """A pool whose workers are these, and then bad ones."""

    async def started(arguments: WorkerArguments, hung_s: float) -> WorkerProcess:
        del arguments, hung_s
        await asyncio.sleep(0.01)
        return made.pop(0) if made else Bad()

    monkeypatch.setattr(WorkerProcess, "started", started)
    return pool_of_one_pass(max_sessions=room)


def test_a_worker_that_takes_no_commands_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often that happens, the next session is not refused as too many."""

    async def fail() -> None:
        pool = pool_of(monkeypatch, [])
        for _ in range(5):
            with pytest.raises(RecognizerFailed):
                await pool.open(RecognitionSettings("m"))
        leaving = asyncio.create_task(pool.open(RecognitionSettings("m")))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        with pytest.raises(RecognizerFailed):
            await pool.open(RecognitionSettings("m"))
        await pool.close()

    asyncio.run(fail())


class Good(Bad):
    """A worker that does whatever it is asked."""

    async def begin(self, recognition: RecognitionSettings, within_s: float) -> None:
        """It begins."""
        del recognition, within_s

    async def send(self, command: Command) -> None:
        """It takes it."""
        del command


def test_sessions_that_are_asked_for_at_once_do_not_overfill_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that still wait for their worker count too."""

    async def crowd() -> None:
        pool = pool_of(monkeypatch, [Good() for _ in range(6)])
        opened = await asyncio.gather(*(pool.open(RecognitionSettings("m")) for _ in range(6)), return_exceptions=True)
        assert [type(each).__name__ for each in opened].count("WorkerStream") == 2
        assert sum(isinstance(each, RecognizerBusy) for each in opened) == 4
        await pool.close()

    asyncio.run(crowd())


def test_an_idle_worker_that_hangs_is_replaced() -> None:
    """The session that would have got it does not notice, except for the wait."""
    before = set(workers())
    with in_background(pool_of_one_pass(begin_s=3)) as address, wire(address) as client:
        client.say(run_task("a"), SECOND, finish_task("a"))
        client.handle("task-finished")
        (worker,) = set(workers()) - before
        os.kill(worker, signal.SIGSTOP)
        client.say(run_task("b"), SECOND, finish_task("b"))
        client.handle("task-finished")
        assert worker not in workers()
    assert set(workers()) <= before


def test_a_worker_that_hangs_in_the_middle_of_a_task_fails_it() -> None:
    """The client gets an error, its slot is free, and no process stays."""
    before = set(workers())
    with in_background(pool_of_one_pass(max_sessions=1, hung_s=4)) as address:
        with wire(address) as client:
            client.say(run_task(), SECOND)
            client.handle("task-started")
            (worker,) = set(workers()) - before
            os.kill(worker, signal.SIGSTOP)
            client.say(SECOND, finish_task())
            failed = client.handle("task-failed")["header"]
            assert (failed["error_code"], "hangs" in failed["error_message"]) == ("InternalError", True)
        with wire(address) as client:
            client.say(run_task(), SECOND, finish_task())
            client.handle("task-finished")
    assert set(workers()) <= before


def test_no_more_than_a_few_seconds_wait_in_the_pipe_and_silence_of_the_client_is_no_hanging() -> None:
    """A worker that does not go on takes no more; one that owes nothing may wait longer than one that does."""

    async def measure() -> None:
        worker = await WorkerProcess.started(WorkerArguments(LOCAL.module, "never"), hung_s=0.5)
        try:
            await worker.begin(RecognitionSettings("m"), 20)
            receiving = asyncio.create_task(worker.receive())
            await asyncio.sleep(1)
            assert not receiving.done()
            os.kill(worker._process.pid, signal.SIGSTOP)
            began = time.monotonic()
            asking = asyncio.create_task(worker.send(SendAudio(bytes(32_000 * 60))))
            with pytest.raises(RecognizerFailed, match="hangs"):
                await receiving
            assert time.monotonic() - began < PATIENCE_S
            assert not asking.done()
            assert worker._unanswered_bytes <= (AHEAD_S + PIECE_S) * 32_000
            worker.kill()
            with pytest.raises(RecognizerFailed, match="gone"):  # nobody reads its answers any more
                await asyncio.wait_for(asking, 20)
        finally:
            worker.kill()
            await worker.wait_ended()

    asyncio.run(measure())


def test_a_stop_of_this_program_is_no_hanging_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after Ctrl-Z and fg: the clock has jumped beyond the limit, and the answer is still waited for."""

    async def measure() -> None:
        loop = asyncio.get_running_loop()
        worker = await WorkerProcess.started(WorkerArguments(LOCAL.module, "never"))
        try:
            await worker.begin(RecognitionSettings("m"), 60)
            receiving = asyncio.create_task(worker.receive())
            await asyncio.sleep(0)
            await worker.send(SendAudio(bytes(320)))
            clock = loop.time
            monkeypatch.setattr(loop, "time", lambda: clock() + HUNG_S + 1)
            await asyncio.sleep(0)
            await worker.send(FinishTask())
            assert isinstance(await receiving, Finished)
        finally:
            worker.kill()
            await worker.wait_ended()

    asyncio.run(measure())
