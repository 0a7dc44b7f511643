"""Worker processes of the embedded recognizer: started ahead of need, used again, as many as the cores carry."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from importlib.util import find_spec

from asrcli.core.client_commands import Command
from asrcli.core.errors import EngineUnavailable
from asrcli.core.events import Event, Finished
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import RecognizerBusy, RecognizerFailed
from asrcli.recognizers.worker_process import HUNG_S, WorkerProcess

log = logging.getLogger("asrcli.server")

SESSIONS_PER_CORE = 2  # measured: with a second pass now and then, more fall behind real time
BEGIN_S = 20.0  # a worker that was ready and does not begin a session within so long hangs


class Pocketsphinx:
    """The Recognizer that needs no network."""

    name = "pocketsphinx"
    described = "embedded recognizer (pocketsphinx): US English only, modest accuracy, offline"
    languages: frozenset[str] | None = frozenset({"en"})

    def __init__(
        self,
        second_pass: str = "auto",
        max_sessions: int | None = None,
        hung_s: float = HUNG_S,
        begin_s: float = BEGIN_S,
    ) -> None:
        if find_spec("pocketsphinx") is None:
            raise EngineUnavailable("pocketsphinx is not installed", "pip install 'asrcli[local]'")
        self._second_pass, self._hung_s, self._begin_s = second_pass, hung_s, begin_s
        self._room = max_sessions or SESSIONS_PER_CORE * (os.cpu_count() or 1)
        self._opening = 0  # sessions that wait for their worker: they take room too
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._leaving: set[WorkerProcess] = set()  # killed, and not yet seen dead
        self._starting: set[asyncio.Task[WorkerProcess]] = set()
        self._warming: asyncio.Task[WorkerProcess] | None = None

    def warm(self) -> None:
        """Start one worker, so that the first session does not wait for it."""
        self._warming = self._started()

    async def open(self, recognition: RecognitionSettings) -> "WorkerStream":
        """A session in a worker of its own.

        Raises:
            TooBusy, RecognizerFailed: no worker could be had.
        """
        if len(self._busy) + self._opening >= self._room:
            raise RecognizerBusy(f"all {self._room} sessions this machine can carry are taken")
        self._opening += 1
        try:
            worker = await self._begun(recognition)
        finally:
            self._opening -= 1
        self._busy.add(worker)
        return WorkerStream(self, worker, reusable=not recognition.hotwords)

    def give_back(self, worker: WorkerProcess, *, usable: bool) -> None:
        """Keep a worker for the next session, or end it."""
        self._busy.discard(worker)
        if usable:
            self._idle.append(worker)
        else:
            worker.kill()
            self._leaving = {leaving for leaving in self._leaving if leaving.alive} | {worker}

    async def close(self) -> None:
        """End all workers."""
        if self._starting:
            await asyncio.wait(self._starting)
        for worker in (*self._idle, *self._busy):
            worker.kill()
        for worker in (*self._idle, *self._busy, *self._leaving):
            await worker.gone()

    async def _begun(self, recognition: RecognitionSettings) -> WorkerProcess:
        """A worker that has begun a session; one that was idle and has died or hangs is replaced."""
        while True:
            worker, fresh = await self._worker()
            try:
                await worker.begin(recognition, max(self._hung_s, self._begin_s) if fresh else self._begin_s)
            except RecognizerFailed:
                self.give_back(worker, usable=False)
                if fresh:
                    raise
                log.warning("an idle worker process of the recognizer did not answer, and was replaced")
            except BaseException:
                self.give_back(worker, usable=False)
                raise
            else:
                return worker

    async def _worker(self) -> tuple[WorkerProcess, bool]:
        """A worker for one session, and whether it was started for it."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker, False
        warming, self._warming = self._warming, None
        # Whoever waits may leave: a worker that has started is idle until somebody takes it.
        worker = await asyncio.shield(warming or self._started())
        if worker not in self._idle:
            return await self._worker()
        self._idle.remove(worker)
        return worker, warming is None

    def _started(self) -> "asyncio.Task[WorkerProcess]":
        task = asyncio.create_task(WorkerProcess.started(self._second_pass, self._hung_s))
        self._starting.add(task)
        task.add_done_callback(self._keep)
        return task

    def _keep(self, task: "asyncio.Task[WorkerProcess]") -> None:
        self._starting.discard(task)
        if not task.cancelled() and task.exception() is None:
            self._idle.append(task.result())


class WorkerStream:
    """A Stream over a worker process."""

    def __init__(self, pool: Pocketsphinx, worker: "WorkerProcess", *, reusable: bool) -> None:
        self._pool, self._worker = pool, worker
        self._reusable = reusable  # hot words stay in a worker's dictionary: it is not used again
        self._finished = self._closed = False

    async def ask(self, request: Command) -> None:
        """Hand in a request; waits while the worker is more than a few seconds of audio behind."""
        await self._worker.ask(request)

    async def events(self) -> AsyncIterator[Event]:
        """What the worker says."""
        while not self._finished:
            event = await self._worker.receive()
            self._finished = isinstance(event, Finished)
            yield event

    async def close(self) -> None:
        """Give the worker back; one in the middle of a task is ended."""
        if not self._closed:
            self._closed = True
            self._pool.give_back(self._worker, usable=self._finished and self._reusable)
