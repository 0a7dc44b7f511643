"""A pool of worker processes for one recognizer: started ahead of need, used again, as many as the cores carry."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator

from asrcli.core.client_commands import Command
from asrcli.core.events import Event, Finished
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import RecognizerBusy, RecognizerFailed
from asrcli.recognizers.registry import RecognizerInfo, RecognizerOptions, check_installed
from asrcli.recognizers.worker import WorkerArguments
from asrcli.recognizers.worker_process import HUNG_S, WorkerProcess

log = logging.getLogger("asrcli.server")

BEGIN_S = 20.0  # a worker that was ready and does not begin a session within this time hangs


class WorkerPool:
    """A Recognizer whose sessions run in worker processes, one session in each.

    Args:
        info: The row of the recognizer.
        options: What the user chose.
        max_sessions: Sessions at once; without it, as many as the cores carry.
        hung_s: A worker that owes an answer for this long hangs.
        begin_s: A ready worker that does not begin a session within this time hangs.

    Raises:
        EngineUnavailable: the package of the recognizer is not installed.
    """

    def __init__(
        self,
        info: RecognizerInfo,
        options: RecognizerOptions,
        max_sessions: int | None = None,
        hung_s: float = HUNG_S,
        begin_s: float = BEGIN_S,
    ) -> None:
        check_installed(info)
        self.info = info
        self._options = options
        self._hung_s = hung_s
        self._begin_s = begin_s
        self._max_sessions = max_sessions or info.sessions_per_core * (os.cpu_count() or 1)
        self._opening = 0  # sessions that wait for their worker: they count towards the limit too
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._killed: set[WorkerProcess] = set()  # and not yet seen dead
        self._starting: set[asyncio.Task[WorkerProcess]] = set()
        self._warming: asyncio.Task[WorkerProcess] | None = None

    def warm(self) -> None:
        """Start one worker, so that the first session does not wait for it."""
        self._warming = self._start_worker()

    async def open(self, recognition: RecognitionSettings) -> "WorkerStream":
        """Begin a session in a worker of its own.

        Raises:
            RecognizerBusy: all sessions that this machine can carry are taken.
            RecognizerFailed: no worker could be started.
        """
        if len(self._busy) + self._opening >= self._max_sessions:
            raise RecognizerBusy(f"all {self._max_sessions} sessions that this machine supports are in use")
        self._opening += 1
        try:
            worker = await self._begin_session(recognition)
        finally:
            self._opening -= 1
        self._busy.add(worker)
        return WorkerStream(self, worker, reusable=not (self.info.hotwords_stay and recognition.hotwords))

    def give_back(self, worker: WorkerProcess, *, usable: bool) -> None:
        """Keep a worker for the next session, or kill it."""
        self._busy.discard(worker)
        if usable:
            self._idle.append(worker)
        else:
            worker.kill()
            self._killed = {killed for killed in self._killed if killed.alive} | {worker}

    async def close(self) -> None:
        """Kill all workers and wait until they have ended."""
        if self._starting:
            await asyncio.wait(self._starting)
        for worker in (*self._idle, *self._busy):
            worker.kill()
        for worker in (*self._idle, *self._busy, *self._killed):
            await worker.wait_ended()

    async def _begin_session(self, recognition: RecognitionSettings) -> WorkerProcess:
        """Return a worker that has begun a session; an idle one that has died or hangs is replaced."""
        while True:
            worker, is_new = await self._take_worker()
            within_s = self._begin_s
            if is_new:
                within_s = max(self._hung_s, self._begin_s)
            try:
                await worker.begin(recognition, within_s)
            except RecognizerFailed:
                self.give_back(worker, usable=False)
                if is_new:
                    raise
                log.warning("an idle worker process of the recognizer did not answer, and was replaced")
            except BaseException:
                self.give_back(worker, usable=False)
                raise
            else:
                return worker

    async def _take_worker(self) -> tuple[WorkerProcess, bool]:
        """Return a worker for one session, and whether it was started for this session."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker, False
        warming = self._warming
        self._warming = None
        # The session that waits may be given up: a worker that has started is idle until a session takes it.
        worker = await asyncio.shield(warming or self._start_worker())
        if worker not in self._idle:
            return await self._take_worker()
        self._idle.remove(worker)
        return worker, warming is None

    def _start_worker(self) -> "asyncio.Task[WorkerProcess]":
        arguments = WorkerArguments(
            self.info.module, self._options.second_pass, self.info.model_folder, tuple(self.info.languages or ())
        )
        starting = WorkerProcess.started(arguments, self._hung_s)
        task = asyncio.create_task(starting)
        self._starting.add(task)
        task.add_done_callback(self._keep_started)
        return task

    def _keep_started(self, task: "asyncio.Task[WorkerProcess]") -> None:
        self._starting.discard(task)
        if not task.cancelled() and task.exception() is None:
            self._idle.append(task.result())


class WorkerStream:
    """A RecognizerStream over a worker process; a worker that is not `reusable` is killed at its end."""

    def __init__(self, pool: WorkerPool, worker: WorkerProcess, *, reusable: bool) -> None:
        self._pool = pool
        self._worker = worker
        self._reusable = reusable
        self._finished = self._closed = False

    async def send(self, command: Command) -> None:
        """Hand in a command; waits while more audio waits for the worker than it should."""
        await self._worker.send(command)

    async def events(self) -> AsyncIterator[Event]:
        """Yield the events of the worker's session, up to and including Finished."""
        while not self._finished:
            event = await self._worker.receive()
            self._finished = isinstance(event, Finished)
            yield event

    async def close(self) -> None:
        """Give the worker back; one in the middle of a task is killed."""
        if not self._closed:
            self._closed = True
            self._pool.give_back(self._worker, usable=self._finished and self._reusable)
