"""Worker processes of the embedded recognizer: started ahead of need, used again, as many as the cores carry."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec

from asrcli.config import Recognition
from asrcli.errors import AsrError, EngineUnavailable
from asrcli.events import Event, Finished
from asrcli.request import Request
from asrcli.server.recognizers import RecognizerFailed, TooBusy
from asrcli.server.recognizers.worker import LENGTH, packed, unpacked

SESSIONS_PER_CORE = 2  # measured: with a second pass now and then, more fall behind real time


class Pocketsphinx:
    """The Recognizer that needs no network."""

    name = "pocketsphinx"
    described = "embedded recognizer (pocketsphinx): US English only, modest accuracy, offline"
    languages: frozenset[str] | None = frozenset({"en"})

    def __init__(self, second_pass: str = "auto", max_sessions: int | None = None) -> None:
        if find_spec("pocketsphinx") is None:
            raise EngineUnavailable("pocketsphinx is not installed", "pip install 'asrcli[local]'")
        self._second_pass = second_pass
        self._room = max_sessions or SESSIONS_PER_CORE * (os.cpu_count() or 1)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._leaving: set[_Worker] = set()  # killed, and not yet seen dead
        self._warming: asyncio.Task[_Worker] | None = None

    def warm(self) -> None:
        """Start one worker, so that the first session does not wait for it."""
        self._warming = asyncio.create_task(_Worker.started(self._second_pass))

    async def open(self, recognition: Recognition) -> "WorkerStream":
        """A session in a worker of its own."""
        if len(self._busy) >= self._room:
            raise TooBusy(f"all {self._room} sessions this machine can carry are taken")
        worker = await self._worker()
        self._busy.add(worker)
        await worker.send(recognition)
        return WorkerStream(self, worker, reusable=not recognition.hotwords)

    def give_back(self, worker: "_Worker", *, usable: bool) -> None:
        """Keep a worker for the next session, or end it."""
        self._busy.discard(worker)
        if usable:
            self._idle.append(worker)
        else:
            worker.kill()
            self._leaving = {leaving for leaving in self._leaving if leaving.alive} | {worker}

    async def close(self) -> None:
        """End all workers."""
        if self._warming is not None:
            self._idle.append(await self._warming)
        for worker in (*self._idle, *self._busy):
            worker.kill()
        for worker in (*self._idle, *self._busy, *self._leaving):
            await worker.gone()

    async def _worker(self) -> "_Worker":
        if self._warming is not None:
            warming, self._warming = self._warming, None
            return await warming
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
        return await _Worker.started(self._second_pass)


class WorkerStream:
    """A Stream over a worker process."""

    def __init__(self, pool: Pocketsphinx, worker: "_Worker", *, reusable: bool) -> None:
        self._pool, self._worker = pool, worker
        self._reusable = reusable  # hot words stay in a worker's dictionary: it is not used again
        self._finished = self._closed = False

    async def ask(self, request: Request) -> None:
        """Hand in a request; the pipe's own bound makes this wait while the worker is behind."""
        await self._worker.send(request)

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


class _Worker:
    """One child process and its two pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls, second_pass: str) -> "_Worker":
        # -P: a module in the user's directory must not stand in for one of Python's.
        # A session of its own: Ctrl-C in the terminal reaches only the parent.
        command = (sys.executable, "-P", "-m", "asrcli.server.recognizers.worker", second_pass)
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        return cls(
            await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=null, start_new_session=os.name == "posix"
            )
        )

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def send(self, value: Recognition | Request) -> None:
        assert self._process.stdin is not None  # noqa: S101  it was started with a pipe
        try:
            self._process.stdin.write(packed(value))
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError) as exc:
            raise RecognizerFailed("the recognizer's worker process is gone") from exc

    async def receive(self) -> Event:
        assert self._process.stdout is not None  # noqa: S101  it was started with a pipe
        try:
            head = await self._process.stdout.readexactly(LENGTH.size)
            value = unpacked(await self._process.stdout.readexactly(*LENGTH.unpack(head)))
        except (asyncio.IncompleteReadError, ConnectionError) as exc:
            raise RecognizerFailed("the recognizer's worker process is gone") from exc
        if isinstance(value, AsrError | RuntimeError):
            raise RecognizerFailed(str(value))
        event: Event = value
        return event

    def kill(self) -> None:
        if self.alive:
            self._process.kill()

    async def gone(self) -> None:
        await self._process.wait()
