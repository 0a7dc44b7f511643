"""The inference wire (run-task): Fun-ASR, Paraformer, Gummy and qwen-audio streaming models. Client end, server end.

Source of the facts: the service's WebSocket API reference for realtime speech recognition.
"""

from collections.abc import Callable, Iterator, Mapping
from math import ceil

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.client_commands import Command, FinishTask, SendAudio, StartTask, UpdateContext
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Ready, Usage
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.context import TranscriptMemory
from asrcli.protocol.discarded import DiscardedMessages, SentenceKeys
from asrcli.protocol.inference import run_task_parameters, sentence, translation
from asrcli.protocol.inference.sentence import SentenceTracker
from asrcli.protocol.inference.task_identity import TaskIdentity
from asrcli.protocol.json_messages import Json, counted, endpoint, flag, need, part, read, text, word, write
from asrcli.protocol.registry import INFERENCE_PATH
from asrcli.protocol.service_errors import refused_task

AUDIO_FORMATS = ("pcm", "wav", "mp3", "opus", "speex", "aac", "amr")
TRANSLATES, ONE_SENTENCE = "gummy", "gummy-chat"  # how the names of models begin that do so


class InferenceClient:
    """One task, as the client speaks it. Made fresh for each task; times count from the task's first sample."""

    word_times = True  # every final carries the times of its words
    reusable = True  # another task may follow on the same connection
    manual = False  # the server cuts sentences, always
    names = run_task_parameters.PLAIN  # what the parameters are called
    lifetime_s: float | None = None  # a task may last for ever
    must_wait = False  # audio never waits for answers
    connection_is_new = True  # no other task was on this connection: whatever id a message has, it is of this one
    retired_names: Mapping[str, str] = {}

    def __init__(
        self, recognition: RecognitionSettings, new_id: Callable[[], str], memory: TranscriptMemory | None = None
    ) -> None:
        self.task_id = new_id()
        self.usage = Usage()
        self._recognition = recognition
        self._memory, self._learned = memory, False  # what was said last is context, and there is more of it
        self._finishing = False
        self._dropped = DiscardedMessages()
        keys = (
            SentenceKeys()
        )  # of both: a service that says some sentences in one form and some in the other names none twice
        self._sentences = SentenceTracker(self._dropped, keys)
        self._halves = translation.TranslationPairs(recognition, self._dropped, keys)
        self._sent_bytes, self._identity = 0, TaskIdentity(self.task_id)

    @property
    def seen_names(self) -> Mapping[str, str]:
        """What the task is called, for those that follow it."""
        return dict.fromkeys(self._identity.names, "")

    @property
    def dropped(self) -> int:
        """How many finished sentences were dropped; each was told."""
        return self._dropped.finals

    def url(self, base: str) -> str:
        """Where this wire is spoken at a service; the model travels in run-task."""
        return endpoint(base, INFERENCE_PATH)

    def start(self) -> list[Message]:
        """run-task: audio must wait for Ready. It may be said again on another connection."""
        self._identity = TaskIdentity(self.task_id)
        recognition = self._recognition
        context = recognition.context if self._memory is None else self._memory.texts
        payload = {
            "task_group": "audio",
            "task": "asr",
            "function": "recognition",
            "model": recognition.model,
            "parameters": run_task_parameters.written(recognition, self.names),
            "input": _context(context) if context else {},
        } | run_task_parameters.resources(recognition)
        return [self._command("run-task", payload)]

    def audio(self, pcm: bytes) -> list[Message]:
        """PCM, as one binary message."""
        self._sent_bytes += len(pcm)
        return [Binary(pcm)]

    def commit(self) -> list[Message]:
        """Nothing: on this wire the server cuts sentences by itself."""
        return []

    def skip(self, samples: int) -> bool:
        """No: times come from the server, which counts what it hears."""
        del samples
        return False

    def context(self, texts: tuple[str, ...]) -> list[Message]:
        """continue-task: replace the context in the middle of the task."""
        return [self._command("continue-task", {"input": _context(texts)})]

    def finish(self) -> list[Message]:
        """finish-task: the server sends what is left, then task-finished."""
        self._finishing = True
        return [self._command("finish-task", {"input": {}})]

    def pending_messages(self) -> list[Message]:
        """The context anew, when there is more of it to remember."""
        learned, self._learned = self._learned and not self._finishing, False
        return self.context(self._memory.texts) if learned and self._memory is not None else []

    def receive(self, message: Message) -> list[Event]:
        """What a server message says. One that cannot be read is dropped: it ends nothing.

        Raises:
            ServiceRefused: task-failed.
        """
        try:
            return self._handle(read(message))
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]

    def _handle(self, value: Json) -> list[Event]:
        name, task_id = need(value, "header.event", str), word(value["header"], "task_id")
        if not self._identity.concerns(name, task_id, alone=self.connection_is_new, retired=self.retired_names):
            return [self._foreign(name, task_id, value)]
        if name == "task-started":
            again, self._identity.started = self._identity.started, True
            return [] if again else [Ready(self.task_id)]
        if name == "result-generated":
            return self._remembered(list(self._results(value)))
        if name == "task-finished":
            self._bill(value)
            rest = [*self._halves.rest(), *self._sentences.rest(self._sent_ms)]
            return [*self._remembered(rest), Finished(self.usage)]
        if name == "task-failed":
            raise refused_task(value, self.task_id)
        return [Notice("debug", f"dropped an unknown event: {name}")]

    def _foreign(self, name: str, task_id: str, value: Json) -> Notice:
        said = part(part(part(value, "payload"), "output"), "sentence")
        if name == "result-generated" and flag(said, "sentence_end") and text(said, "text").strip():
            return self._dropped.final(f"dropped a sentence of another task: {task_id}")
        return Notice("debug", f"dropped {name} of another task: {task_id}")

    @property
    def _sent_ms(self) -> int | None:
        """So much audio has been sent, where its bytes tell that."""
        pcm = self._recognition.audio_format == "pcm"
        return self._sent_bytes // SAMPLE_BYTES * 1000 // self._recognition.rate if pcm else None

    def _command(self, action: str, payload: Json) -> Text:
        return write({"header": {"action": action, "task_id": self.task_id, "streaming": "duplex"}, "payload": payload})

    def _remembered(self, events: list[Event]) -> list[Event]:
        for event in events:
            if self._memory is not None and isinstance(event, Final) and event.text.strip():
                self._memory.remember(event.text)
                self._learned = True
        return events

    def _results(self, value: Json) -> Iterator[Event]:
        self._bill(value)
        output = need(value, "payload.output", dict)
        if "sentence" not in output and isinstance(output.get("output"), dict):
            output = output["output"]  # newer models repeat the envelope inside
        if translation.SAID in output or translation.TRANSLATED in output:
            yield from self._halves.read(output, self._sent_ms)
        elif output.get("sentence") is not None:  # else the usage is all that it tells
            yield from self._sentences.read(need(output, "sentence", dict), self._sent_ms)

    def _bill(self, value: Json) -> None:
        # The service's count is cumulative, absent while a sentence is open, and null at the end of some tasks.
        self.usage = counted(part(part(value, "payload"), "usage"), self.usage)


class TranslationClient(InferenceClient):
    """A task of a model that translates."""

    names = run_task_parameters.TRANSLATING


def _context(texts: tuple[str, ...]) -> Json:
    return {"context": [{"role": "user", "content": [{"type": "input_text", "text": words}]} for words in texts]}


class InferenceServer:
    """One connection, as the server speaks it: task after task."""

    fatal_errors = True  # after task-failed the connection is closed
    tells_language = False  # a language that is not known can only be refused
    path = INFERENCE_PATH
    accepts_idle = False  # 23 s without a message end a task

    def __init__(self, new_id: Callable[[], str], model: str = "") -> None:
        del new_id, model  # task ids and the model come from the client on this wire
        self.task_id = ""
        self._ended = ""  # the task that came to its end before its client asked for that
        self._asked = RecognitionSettings("")
        self._heard_bytes = 0
        self._open = ""  # key of the sentence whose partial went out last

    def greet(self) -> list[Message]:
        """Nothing: this wire waits for run-task."""
        return []

    def receive(self, message: Message) -> list[Command]:
        """What a client message asks for.

        Raises:
            ProtocolError: a message this wire does not allow here.
        """
        if isinstance(message, Binary):
            if not self.task_id:
                return []  # audio before run-task or after the end belongs to no task
            self._heard_bytes += len(message.data)
            return [SendAudio(message.data)]
        value = read(message)
        action, task_id = need(value, "header.action", str), need(value, "header.task_id", str)
        if action == "run-task":
            return [self._run(value, task_id)]
        if task_id == self._ended:
            return []
        if task_id != self.task_id:
            raise ProtocolError(f"{action} names task {task_id}, which is not running")
        asked = need(value, "payload.input", dict)
        if action == "continue-task":
            return [UpdateContext(_texts(asked))]
        if action == "finish-task":
            return [FinishTask()]
        raise ProtocolError(f"unknown action {action}")

    def acknowledge(self, request: Command) -> list[Message]:
        """Nothing: no request on this wire is answered before its results."""
        del request
        return []

    def encode(self, event: Event) -> list[Message]:
        """The messages that carry an event; none for what this wire does not tell."""
        if isinstance(event, Ready):
            return [self._event("task-started", {})]
        if isinstance(event, Partial):
            self._open = event.key
            return self._results(event)
        if isinstance(event, Final):  # an empty one matters only where it takes a partial back
            told = self._results(event) if event.text or event.key == self._open else []
            if event.text.strip() and self._asked.model.startswith(ONE_SENTENCE):
                self._ended = self.task_id
                told += self._finished()
            return told
        return self._finished() if isinstance(event, Finished) else []

    def fail(self, code: str, problem: str) -> list[Message]:
        """task-failed; the caller closes behind it."""
        failed = self._event("task-failed", {}, {"error_code": code, "error_message": problem})
        self.task_id = ""
        return [failed]

    def _run(self, value: Json, task_id: str) -> StartTask:
        if self.task_id:
            raise ProtocolError("run-task while a task is running")
        self._ended, self._heard_bytes, self._open = "", 0, ""
        self.task_id = task_id  # from here on an error can name the task
        need(value, "payload.model", str)
        need(value, "payload.input", dict)
        rate = need(value, "payload.parameters.sample_rate", int)
        audio_format = need(value, "payload.parameters.format", str)
        if audio_format not in AUDIO_FORMATS:
            raise ProtocolError(f"unknown format {audio_format}")
        if rate <= 0:
            raise ProtocolError(f"sample_rate {rate} is not a rate")
        self._asked = run_task_parameters.read(value["payload"], _texts(value["payload"]["input"]))
        return StartTask(self._asked, audio_format)

    def _results(self, event: Partial | Final) -> list[Message]:
        translates = self._asked.model.startswith(TRANSLATES)
        output = translation.write(event, self._asked) if translates else {"sentence": sentence.write(event)}
        heard_s = self._heard_bytes / SAMPLE_BYTES / self._asked.rate
        usage = {"duration": ceil(heard_s)} if isinstance(event, Final) else None
        return [self._event("result-generated", {"output": output, "usage": usage})] if output else []

    def _finished(self) -> list[Message]:
        finished = self._event("task-finished", {"output": {}, "usage": None})
        self.task_id = ""
        return [finished]

    def _event(self, name: str, payload: Json, more: Json | None = None) -> Text:
        header = {"task_id": self.task_id, "event": name, "attributes": {}} | (more or {})
        return write({"header": header, "payload": payload})


def _texts(asked: Json) -> tuple[str, ...]:
    messages = asked.get("context")
    if not isinstance(messages, list | None):
        raise ProtocolError("field context has the wrong type")
    contents = [message.get("content") for message in messages or () if isinstance(message, dict)]
    return tuple(
        text(content, "text")
        for group in contents
        if isinstance(group, list)
        for content in group
        if isinstance(content, dict) and text(content, "text")
    )
