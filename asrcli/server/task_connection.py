"""One client's connection: its requests to a recognizer, the recognizer's events back. One event loop, no threads."""

import asyncio
import time
from collections.abc import Callable, Iterable

from asrcli.core.client_commands import Command, FinishTask, SendAudio, StartTask
from asrcli.core.errors import EngineUnavailable, ProtocolError, shorten
from asrcli.core.events import Final, Finished, Notice, Partial, Ready, SpeechStarted
from asrcli.core.interfaces import ServerCodec
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import Recognizer, RecognizerBusy, RecognizerFailed, RecognizerStream
from asrcli.recognizers.scripted_answers import ScriptedAnswers
from asrcli.server.backlog import CommandBacklog
from asrcli.server.limits import ServerLimits, SilenceTimer, invalid_setting
from asrcli.server.log_filter import REFUSED, log
from asrcli.server.socket_interface import ConversationSocket
from asrcli.server.wav_stream import FORMATS, WavStream

LOOK_EVERY_S = 1.0  # while a client has to wait, and nothing is read of it
UNREADABLE = "the message cannot be read"


class ServerTask:
    """What is known of one task: its stream, its silence, and the figures for the log."""

    def __init__(
        self, stream: RecognizerStream, recognition: RecognitionSettings, limits: ServerLimits, *, accepts_idle: bool
    ) -> None:
        self.stream, self.recognition = stream, recognition
        self.waves = WavStream()
        self.silence = SilenceTimer(limits.silent_s, recognition.rate * 2, accepts_idle or bool(recognition.heartbeat))
        self.heard_bytes = self.sentences = 0
        self.began = time.monotonic()
        self.relay: asyncio.Task[None] | None = None
        self.finishing = False  # all has been said to the recognizer

    def outcome(self, codec: ServerCodec, task_id: str, how: str) -> str:
        """One line for the log; never what was said."""
        audio_s = self.heard_bytes / 2 / self.recognition.rate
        took_s = time.monotonic() - self.began
        wire = codec.path.rsplit("/", 1)[-1]
        figures = f"audio={audio_s:.2f}s sentences={self.sentences} took={took_s:.2f}s"
        return f"{how} wire={wire} model={shorten(self.recognition.model, 60)} task={shorten(task_id, 60)} {figures}"


class ServerConversation:
    """From the handshake to the close. `listed` puts the words of its hot-word list into a recognition."""

    def __init__(
        self,
        socket: ConversationSocket,
        codec: ServerCodec,
        recognizer: Recognizer,
        limits: ServerLimits,
        scripted: ScriptedAnswers,
        listed: Callable[[RecognitionSettings], RecognitionSettings],
    ) -> None:
        self._socket, self._codec, self._recognizer, self._limits = socket, codec, recognizer, limits
        self._scripted, self._listed = scripted, listed
        self._backlog = CommandBacklog(limits.backlog_bytes)
        self._task: ServerTask | None = None
        self._finishing = False  # the client has said all: only we may be late now
        self._running: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a task is running."""
        return self._task is not None

    def abandon(self) -> None:
        """Stop talking, even where the recognizer is far behind or the client reads nothing."""
        self._socket.abort()
        if self._running is not None:
            self._running.cancel()

    async def run(self) -> None:
        """Talk until one side closes."""
        from websockets.exceptions import ConnectionClosed

        self._running = asyncio.current_task()
        obeying = asyncio.create_task(self._obey())
        try:
            await self._send(self._codec.greet())
            await self._read()
        except ConnectionClosed:
            pass
        finally:
            obeying.cancel()
            await asyncio.wait([obeying])
            await self._drop("abandoned")

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._patience_s()):
                    data = await self._socket.recv()
            except TimeoutError:
                await self._lose_patience()
                return
            try:
                requests = self._codec.receive(Text(data) if isinstance(data, str) else Binary(data))
            except ProtocolError as exc:
                await self._fail("InvalidParameter", str(exc), close=self._codec.fatal_errors)
                continue
            except Exception:  # whatever a client sends: it is told, and the others hear nothing of it
                log.exception("a message that the codec cannot read")
                await self._fail("InvalidParameter", UNREADABLE, close=self._codec.fatal_errors)
                continue
            for request in requests:
                self._finishing = self._finishing or isinstance(request, FinishTask)
                while not await self._put(request):
                    if self._socket.gone():  # nobody waits for what is queued: it is dropped
                        return

    async def _put(self, request: Command) -> bool:
        """Hand a request to the recognizer; whether there was room in a second."""
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._backlog.put(request)
        except TimeoutError:
            return False
        return True

    def _patience_s(self) -> float | None:
        if self._finishing:
            return None
        if self._codec.accepts_idle:
            return self._limits.forgotten_s
        return self._limits.unheard_s if self._codec.task_id else self._limits.between_s

    async def _lose_patience(self) -> None:
        if self._codec.task_id and not self._codec.accepts_idle:
            await self._fail("CLIENT_ERROR", "request timeout after 23 seconds.", close=True)
        else:
            await self._socket.close(1000, "idle")

    async def _obey(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                request = await self._backlog.get()
                await self._send(self._codec.acknowledge(request))
                await self._take(request)
        except ConnectionClosed:
            pass  # the reader sees it too, and ends the conversation
        except RecognizerBusy as exc:
            await self._fail("Throttling", str(exc), close=True)
        except (RecognizerFailed, EngineUnavailable) as exc:
            await self._fail("InternalError", str(exc), close=True)
        except Exception:
            log.exception("a bug in the server")
            await self._fail("InternalError", "a bug in the server", close=True)
        finally:
            await self._backlog.give_up()  # the reader must not wait for us: it has to see the connection end

    async def _take(self, request: Command) -> None:
        if isinstance(request, StartTask):
            await self._start(request)
            return
        task = self._task
        if task is None or task.finishing:
            return
        if isinstance(request, SendAudio):
            await self._feed(task, task.waves.pcm(request.data))
        elif isinstance(request, FinishTask):
            await self._feed(task, task.waves.rest())
            task.finishing = True
            await self._ask(task, request)
        else:
            await self._ask(task, request)

    async def _feed(self, task: ServerTask, pcm: bytes) -> None:
        if not pcm:
            return
        task.heard_bytes += len(pcm)
        await self._ask(task, SendAudio(pcm))
        if task.silence.received_audio(time.monotonic(), len(pcm)):
            await self._fail("RequestTimeOut", "Response timeout!", close=True)

    async def _ask(self, task: ServerTask, request: Command) -> None:
        try:
            await task.stream.ask(request)
        except RecognizerFailed:
            if task is self._task:  # one that is over by itself does not listen any more
                raise

    async def _start(self, start: StartTask) -> None:
        await self._drop("restarted")
        if absurd := invalid_setting(start.recognition):
            await self._fail("InvalidParameter", absurd, close=self._codec.fatal_errors)
            return
        recognition, known = self._listed(start.recognition), self._recognizer.languages
        language = next((code for code in recognition.languages if known is None or code in known), "")
        if start.audio_format not in FORMATS:
            problem = f"format {start.audio_format}: this server takes {' and '.join(sorted(FORMATS))}"
            await self._fail("InvalidParameter", problem, close=self._codec.fatal_errors)
            return
        if recognition.languages and not language and known is not None:
            problem = (
                f"language {recognition.languages[0]}: this server's recognizer knows {', '.join(sorted(known))} only"
            )
            log.warning("%s", problem)
            if not self._codec.tells_language:
                await self._fail("InvalidParameter", problem, close=self._codec.fatal_errors)
                return
            language = min(known)
        stream = await self._recognizer.open(recognition)
        self._task = ServerTask(stream, recognition, self._limits, accepts_idle=self._codec.accepts_idle)
        self._task.relay = asyncio.create_task(self._relay(self._task))
        await self._send(self._codec.encode(Ready(self._codec.task_id, language)))

    async def _relay(self, task: ServerTask) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._send_event(task)
            return
        except ConnectionClosed:
            pass
        except RecognizerFailed as exc:
            await self._fail("InternalError", str(exc), close=True)
        except Exception:  # an event that cannot be written, for one: silence would be no answer
            log.exception("a bug in the server")
            await self._fail("InternalError", "a bug in the server", close=True)
        await self._backlog.give_up()  # who asks may wait for answers that nobody takes

    async def _send_event(self, task: ServerTask) -> None:
        """Say what the recognizer hears, to the end of the task."""
        task_id = self._codec.task_id
        async for event in task.stream.events():
            if isinstance(event, Notice):
                log.warning("%s", event.text)
            elif isinstance(event, SpeechStarted | Partial | Final):
                task.silence.sent_message(time.monotonic())
                task.sentences += isinstance(event, Final) and bool(event.text)
            running = self._codec.task_id
            messages = self._codec.encode(self._scripted.applied(event, task.recognition))
            over = isinstance(event, Finished) or self._codec.task_id != running  # some end behind a sentence
            if over:
                # The client may ask for the next task as soon as it reads this: all is put away before it is sent.
                self._task, self._finishing = None, False
                await task.stream.close()
                log.info("%s", task.outcome(self._codec, task_id, "finished"))
            await self._send(messages)
            if over:
                return

    async def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if isinstance(message, Text):
                # Half a character (a lone surrogate) cannot be sent: the client has put it there.
                await self._socket.send(message.data.encode("utf-8", "replace").decode())
            elif isinstance(message, Binary):
                await self._socket.send(message.data)

    async def _fail(self, code: str, problem: str, *, close: bool) -> None:
        from websockets.exceptions import ConnectionClosed

        log.info(REFUSED, code, shorten(problem))
        try:
            await self._send(self._codec.fail(code, problem))
            if close:
                await self._socket.close(1000 if self._codec.fatal_errors else 1011, code)
        except ConnectionClosed:
            pass

    async def _drop(self, how: str) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        if task.heard_bytes:
            log.info("%s", task.outcome(self._codec, self._codec.task_id, how))
        if task.relay is not None:
            task.relay.cancel()
        await task.stream.close()
