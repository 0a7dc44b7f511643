"""The recognizer on this machine as the fallback of a run, for the time in which the service is away.

A thread with an event loop of its own holds the recognizer, whose sessions run in worker processes. The thread is
started when a connection is lost for the first time.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from threading import Thread

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.causes import Cause
from asrcli.core.client_commands import Command, FinishTask, SendAudio
from asrcli.core.errors import EngineUnavailable, SettingError
from asrcli.core.events import Event, Finished, Notice, Progress
from asrcli.core.interfaces import LocalSession
from asrcli.core.settings import RecognitionSettings, RetrySettings
from asrcli.dashscope.catalogue import Model
from asrcli.recognizers import factory
from asrcli.recognizers.interface import Recognizer, RecognizerBusy, RecognizerFailed, RecognizerStream
from asrcli.recognizers.registry import RecognizerInfo
from asrcli.transport.io_thread import reporting_to

LOCAL = "local"  # what the setting `fallback` may be
CLOSE_S = 5.0  # how long the thread may take to end its processes
Emit = Callable[[Event], None]


class Fallback:
    """A LocalEngine over a recognizer of this machine. `close` ends its thread and its processes."""

    def __init__(self, recognizer: Recognizer, recognition: RecognitionSettings) -> None:
        self.name = recognizer.info.heard_by
        self._recognizer = recognizer
        self._recognition = _local_settings(recognizer.info, recognition)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    def warm(self) -> None:
        """Start the thread and a worker process, unless they were started before."""
        if self._loop is None:
            started: Future[asyncio.AbstractEventLoop] = Future()
            self._thread = Thread(target=self._run, args=(started,), name="fallback", daemon=True)
            self._thread.start()
            self._loop = started.result()
            self._loop.call_soon_threadsafe(self._recognizer.warm)

    def open(self, rate: int, emit: Emit) -> LocalSession:
        """Begin a session; a failure is emitted as a Notice, with Finished after it."""
        self.warm()
        assert self._loop is not None  # noqa: S101  `warm` has set it
        settings = replace(self._recognition, rate=rate)
        session = _Session(self._loop, self._recognizer, settings, emit)
        self._loop.call_soon_threadsafe(session.start)
        return session

    def close(self) -> None:
        """End every session and every process."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)

    def _run(self, started: "Future[asyncio.AbstractEventLoop]") -> None:
        """Run the event loop until `close`: the fallback thread."""
        with reporting_to(started), asyncio.Runner() as runner:
            loop = runner.get_loop()
            loop.call_soon(started.set_result, loop)
            loop.run_forever()
            runner.run(self._end())

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._recognizer.close()


class _Session:
    """A LocalSession. The session calls `add_audio`, `finish` and `close`; all else runs in the fallback thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, recognizer: Recognizer, settings: RecognitionSettings, emit: Emit
    ) -> None:
        self._loop = loop
        self._recognizer = recognizer
        self._settings = settings
        self._emit = emit
        self._commands: asyncio.Queue[Command] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; in the fallback thread."""
        self._task = self._loop.create_task(self._serve())

    def add_audio(self, pcm: bytes) -> None:
        self._put(SendAudio(pcm))

    def finish(self) -> None:
        self._put(FinishTask())

    def close(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _put(self, command: Command) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._commands.put_nowait, command)

    async def _serve(self) -> None:
        try:
            stream = await self._recognizer.open(self._settings)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._send(stream))
                    both.create_task(self._receive(stream))
            finally:
                await stream.close()
        except* (RecognizerBusy, RecognizerFailed, EngineUnavailable) as group:
            self._emit(Notice("warning", f"no provisional text in this outage: {group.exceptions[0]}"))
        self._emit(Finished())

    async def _receive(self, stream: RecognizerStream) -> None:
        async for event in stream.events():
            if not isinstance(event, Finished):
                self._emit(event)

    async def _send(self, stream: RecognizerStream) -> None:
        audio_format = Format(self._settings.rate)
        samples = 0
        while True:
            command = await self._commands.get()
            await stream.send(command)
            if isinstance(command, FinishTask):
                return
            if isinstance(command, SendAudio):
                samples += len(command.data) // SAMPLE_BYTES
                self._emit(Progress(audio_format.ms(samples)))


def local_fallback(
    model: Model, recognition: RecognitionSettings, retries: RetrySettings, engine: str | None = None
) -> Fallback:
    """Return the fallback of a run: the recognizer `engine`, or the best one here. Nothing is started.

    Raises:
        SettingError: the run has no outage to bridge, or this recognizer could not give the text that it asks for.
        UsageError: there is no recognizer of that name.
        EngineUnavailable: the recognizer is not installed.
    """
    if retries.limit == 0:
        raise _error("lost connections are not restored", Cause.NO_RETRIES)
    if "prompt" in model.takes:
        raise _error(f"the embedded recognizer answers no prompts, as {model.name} does")
    if recognition.translate and not recognition.both_texts:
        raise _error("the embedded recognizer translates nothing")
    recognizer = factory.make(factory.find(engine))
    known = recognizer.info.languages
    if known is not None:
        names = ", ".join(f"{language} ({code})" for code, language in known.items())
        hears = f"the recognizer {recognizer.info.name} on this machine hears {names} only"
        if not recognition.languages:
            raise _error(f"the language is not named, and {hears}", Cause.LANGUAGE_NEEDED)
        if foreign := set(recognition.languages) - set(known):
            raise _error(f"{hears}, and not {min(foreign)}")
    return Fallback(recognizer, recognition)


def _error(problem: str, cause: Cause | None = None) -> SettingError:
    return SettingError("fallback", problem, value=LOCAL, cause=cause)


def _local_settings(info: RecognizerInfo, recognition: RecognitionSettings) -> RecognitionSettings:
    """Return the settings of a local session: what the recognizer can use of those of the run."""
    hotwords = tuple(pair for pair in recognition.hotwords if info.hotwords and info.can_pronounce(pair[0]))
    return RecognitionSettings(
        info.name, languages=recognition.languages, silence_ms=recognition.silence_ms, hotwords=hotwords
    )
