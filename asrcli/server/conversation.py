"""One client's conversation: its commands go to a recognizer, the recognizer's events come back. One event loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import replace

from asrcli.core.client_commands import ANSWERED, ClearAudio, Command, FinishTask, SendAudio, StartTask
from asrcli.core.errors import NOT_LOADED, EngineUnavailable, SourceError, shorten
from asrcli.core.events import Final, Finished, Notice, Partial, Ready, SpeechStarted
from asrcli.core.interfaces import ServerCodec
from asrcli.core.message import Binary, Message, Text
from asrcli.protocol.registry import wire_of_model
from asrcli.recognizers.interface import Recognizer, RecognizerBusy, RecognizerFailed
from asrcli.server.backlog import Answer, CommandBacklog
from asrcli.server.incoming_commands import commands_in, commands_in_turn, problem_with, takes_long
from asrcli.server.large_messages import LargeMessage
from asrcli.server.limits import ServerLimits, invalid_setting
from asrcli.server.log_filter import REFUSED, log
from asrcli.server.read_deadline import ReadDeadline
from asrcli.server.server_services import ServerServices
from asrcli.server.server_task import ServerTask
from asrcli.server.service_rules import close_code, task_refusal
from asrcli.server.socket_interface import ConversationSocket, SocketClosed
from asrcli.server.task_audio import unknown_format
from asrcli.server.task_language import task_language

SPEECH = (SpeechStarted, Partial, Final)  # while such events come the client is not silent


class ServerConversation:
    """The conversation with one client, from the handshake to the close.

    Args:
        socket: The connection.
        codec: The server side of the wire.
        recognizer: Opens a session for each task.
        limits: The limits of the server.
        server: What the conversation asks of its server.
    """

    def __init__(
        self,
        socket: ConversationSocket,
        codec: ServerCodec,
        recognizer: Recognizer,
        limits: ServerLimits,
        server: ServerServices,
    ) -> None:
        self._socket = socket
        self._codec = codec
        self._recognizer = recognizer
        self._limits = limits
        self._server = server
        self._backlog = CommandBacklog(limits.backlog_bytes)
        self._task: ServerTask | None = None
        self._finishing = False  # the client has asked for the end: from then on it may be silent
        self._deadline: ReadDeadline  # of the next message, from the beginning of `_read`
        self._running: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None  # sends what a task that was asked for its end still says

    @property
    def busy(self) -> bool:
        """Whether a task is running."""
        return self._task is not None

    def abandon(self) -> None:
        """End the conversation now, also when the recognizer is far behind or the client reads nothing."""
        self._socket.abort()
        if self._running is not None:
            self._running.cancel()

    async def run(self) -> None:
        """Read and answer until one side closes."""
        self._running = asyncio.current_task()
        commands = asyncio.create_task(self._run_commands())
        try:
            await self._send(self._codec.greet())
            await self._read()
        except SocketClosed:
            pass
        finally:
            commands.cancel()
            await asyncio.wait([commands])
            await self._drop("abandoned")

    async def _read(self) -> None:
        try:
            async with ReadDeadline() as self._deadline:
                while True:
                    self._deadline.begin(self._read_timeout_s())
                    data = await self._socket.recv()
                    self._deadline.end()
                    await self._take(data)
                    del data  # a message may have 20 MB: it is not kept while the next one is waited for
        except TimeoutError:
            await self._end_silent_client()

    async def _take(self, data: str | bytes | LargeMessage) -> None:
        """Queue the commands of a message; raises SocketClosed when nobody waits for their results any more."""
        try:
            if isinstance(data, LargeMessage) or takes_long(self._codec, data):
                async for command in commands_in_turn(self._codec, data, self._server.long_message_turn):
                    await self._queue(command)
                return
            commands = commands_in(self._codec, data)
        except SocketClosed:
            raise
        except Exception as exc:  # a client that sends anything odd gets an error, and the others are not affected
            problem, logged = problem_with(exc)
            if self._codec.fatal_errors:
                await self._fail("InvalidParameter", problem, close=True, logged=logged)
            else:  # the session goes on: its client gets the answers in the order of its events
                await self._queue(Answer(tuple(self._failure("InvalidParameter", problem, logged))))
            return
        for command in commands:
            await self._queue(command)

    async def _queue(self, command: Command | Answer) -> None:
        self._finishing = self._finishing or isinstance(command, FinishTask)
        if not (self._backlog.offer(command) or await self._backlog.put(command, unless=self._socket.gone)):
            raise SocketClosed("with a full backlog")

    def _read_timeout_s(self) -> float | None:
        if self._finishing:
            return None
        return self._limits.silence_s(accepts_idle=self._codec.accepts_idle, has_task=bool(self._codec.task_id))

    async def _end_silent_client(self) -> None:
        if self._codec.task_id and not self._codec.accepts_idle:
            await self._fail("CLIENT_ERROR", "request timeout after 23 seconds.", close=True)
        else:
            await self._socket.close(1000, "idle")

    async def _run_commands(self) -> None:
        try:
            while True:
                command = await self._backlog.get()
                if self._ending is not None and isinstance(command, StartTask | ClearAudio | Answer):
                    await asyncio.wait([self._ending])  # on some wires these come before the task has ended
                if isinstance(command, Answer):
                    await self._send(command.messages)
                    continue
                if acknowledgement := self._codec.acknowledge(command):
                    await self._send(acknowledgement)
                await self._run_command(command)
                del command  # as in `_read`
        except SocketClosed:
            pass  # the reader sees it too, and ends the conversation
        except (RecognizerBusy, RecognizerFailed) as exc:
            await self._fail(exc.code, str(exc), close=True)
        except EngineUnavailable as exc:
            await self._fail(NOT_LOADED, str(exc), close=True)
        except Exception:
            log.exception("a bug in the server")
            await self._fail("InternalError", "a bug in the server", close=True)
        finally:
            self._backlog.abandon()  # the reader must not wait for room: it has to see the connection end

    async def _run_command(self, command: Command) -> None:
        if isinstance(command, StartTask):
            await self._start(command)
            return
        task = self._task
        if task is None and isinstance(command, FinishTask) and not self._codec.fatal_errors:
            self._finishing = False
            await self._send(self._codec.encode(Finished()))  # who gets no task waits for the end all the same
            self._deadline.renew(self._read_timeout_s())
        if isinstance(command, ANSWERED) or task is None or task.finishing:
            return  # of these the acknowledgement was all
        if isinstance(command, SendAudio):
            if not task.audio.is_uncompressed:
                await self._feed_all(task, task.audio.pcm(command.data))
            elif pcm := task.audio.uncompressed_pcm(command.data):
                await self._feed(task, pcm)
        elif isinstance(command, FinishTask):
            await self._feed_all(task, task.audio.rest())
            task.finishing, self._ending = True, task.relay
            if self._codec.fatal_errors and not self._limits.lenient and not task.received_bytes:
                await self._fail("NO_INPUT_AUDIO_ERROR", "the task has no audio", close=True)
            else:
                await self._forward(task, command)
        else:
            await self._forward(task, command)

    async def _feed_all(self, task: ServerTask, pieces: AsyncIterator[bytes]) -> None:
        try:
            async for pcm in pieces:
                await self._feed(task, pcm)
        except SourceError as exc:
            await self._fail("NO_VALID_AUDIO_ERROR", str(exc), close=True)

    async def _feed(self, task: ServerTask, pcm: bytes) -> None:
        task.received_bytes += len(pcm)
        await self._forward(task, SendAudio(pcm))
        if task.silence.received_audio(time.monotonic(), len(pcm)):
            await self._fail("RequestTimeOut", "Response timeout!", close=True)

    async def _forward(self, task: ServerTask, command: Command) -> None:
        try:
            await task.stream.send(command)
        except RecognizerFailed:
            if task is self._task:  # a task that has ended by itself takes no more commands
                raise

    async def _start(self, start: StartTask) -> None:
        await self._drop("restarted")
        if problem := invalid_setting(start.recognition) or unknown_format(start.audio_format):
            await self._fail("InvalidParameter", problem, close=self._codec.fatal_errors)
            return
        if refusal := task_refusal(start, self._codec, self._limits):
            await self._fail(*refusal, close=True)
            return
        if not self._server.begin_task():
            await self._fail(
                "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.", close=True
            )
            return
        recognition = await self._server.apply_lists(start.recognition)
        language, problem = task_language(recognition.languages, self._recognizer.info.languages)
        if problem and self._limits.strict_language:
            await self._fail("InvalidParameter", problem, close=self._codec.fatal_errors)
            return
        if problem:
            log.warning("%s; it transcribes in %s", problem, language)
            recognition = replace(recognition, languages=(language,))
        stream = await self._recognizer.open(recognition)
        start = replace(start, recognition=recognition)
        wire = wire_of_model(recognition.model, self._codec.path).name
        self._task = ServerTask(stream, start, wire, self._limits, accepts_idle=self._codec.accepts_idle)
        self._server.metrics.running_tasks += 1
        self._task.relay = asyncio.create_task(self._relay(self._task))
        await self._send(self._codec.encode(Ready(self._codec.task_id, language)))

    async def _relay(self, task: ServerTask) -> None:
        try:
            await self._send_events(task)
            return
        except SocketClosed:
            pass
        except RecognizerFailed as exc:
            await self._fail(exc.code, str(exc), close=True)
        except Exception:  # for example an event that cannot be encoded: the client must not wait forever
            log.exception("a bug in the server")
            await self._fail("InternalError", "a bug in the server", close=True)
        self._backlog.abandon()  # whoever sends a command may wait for events that nobody takes

    async def _send_events(self, task: ServerTask) -> None:
        """Send the recognizer's events to the client, up to the end of the task."""
        task_id = self._codec.task_id
        async for event in task.stream.events():
            if isinstance(event, Notice):
                log.warning("%s", event.text)
            elif isinstance(event, SPEECH):
                task.silence.reset(time.monotonic())
                task.sentences += isinstance(event, Final) and bool(event.text)
            if isinstance(event, SpeechStarted | Partial) and not task.sends_partials:
                continue
            running = self._codec.task_id
            messages = self._codec.encode(self._server.answers.applied(event, task.recognition))
            ended = isinstance(event, Finished) or self._codec.task_id != running  # some tasks end after a sentence
            if ended:
                # The client may start the next task as soon as it reads this, so the task is removed before it is sent.
                self._task = None
                self._finishing = False
                await task.close()
                self._server.metrics.ended(task, "finished")
                log.info("%s", task.outcome(task_id, "finished"))
            await self._send(messages)
            if ended:
                self._deadline.renew(self._read_timeout_s())
                return

    async def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if isinstance(message, Text | Binary):
                await self._socket.send(message.data)

    def _failure(self, code: str, problem: str, logged: str) -> list[Message]:
        self._server.metrics.failures[code] += 1
        log.info(REFUSED, code, shorten(logged or problem))
        return self._codec.fail(code, problem)

    async def _fail(self, code: str, problem: str, *, close: bool, logged: str = "") -> None:
        with suppress(SocketClosed):
            await self._send(self._failure(code, problem, logged))
            if close:
                await self._socket.close(close_code(self._codec), code)

    async def _drop(self, how: str) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        self._server.metrics.ended(task, how)
        if task.received_bytes:
            log.info("%s", task.outcome(self._codec.task_id, how))
        if task.relay is not None:
            task.relay.cancel()
        await task.close()
