"""The inference wire (run-task) as a server speaks it: the server codec of one connection. No I/O."""

from collections.abc import Callable

from asrcli.core.client_commands import Command, FinishTask, SendAudio, StartTask, UpdateContext
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Partial, Ready, SpeechStarted
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference import run_task_parameters, sentence, translation
from asrcli.protocol.inference.billed_usage import BilledUsage
from asrcli.protocol.inference.codec import ONE_SENTENCE_PREFIX
from asrcli.protocol.inference.context_messages import read_context
from asrcli.protocol.inference.heartbeats import Heartbeats
from asrcli.protocol.json_messages import Json, need, need_whole, part, read, text, write
from asrcli.protocol.registry import INFERENCE_PATH

AUDIO_FORMATS = ("pcm", "wav", "mp3", "opus", "speex", "aac", "amr")
TRANSLATION_PREFIX = "gummy"  # models whose names begin so translate
NO_MODEL = "Missing required parameter 'payload.model'! Please follow the protocol!"  # in the words of the service
ACTIONS = ("run-task", "continue-task", "finish-task")
ANNOUNCING_PREFIX = "qwen-audio"  # models whose names begin so announce each sentence before it has a text


class InferenceServer:
    """The server codec of one connection, which carries one task after the other."""

    fatal_errors = True  # after task-failed the connection is closed
    path = INFERENCE_PATH
    accepts_idle = False  # the service ends a task after 23 s without a message
    binary_audio = True

    def __init__(self, new_id: Callable[[], str], model: str = "") -> None:
        del new_id, model  # task ids and the model come from the client on this wire
        self.task_id = ""
        self._named = ""  # the task that the last message named
        self._ended_task_id = ""  # the task that ended before its client sent finish-task
        self._recognition = RecognitionSettings("")
        self._usage = BilledUsage()  # of the running task
        self._heartbeats = Heartbeats()
        self._open_key = ""  # key of the sentence whose partial was sent last

    def greet(self) -> list[Message]:
        """Nothing: on this wire the client speaks first."""
        return []

    def receive(self, message: Message) -> list[Command]:
        """The commands in a client message.

        Raises:
            ProtocolError: the message is unreadable, or not allowed at this point.
        """
        if isinstance(message, Binary):
            if _is_command(message.data):
                raise ProtocolError("a binary message with JSON in it: send it as a text message")
            if not self.task_id:
                return []  # audio before run-task or after the end belongs to no task
            self._usage.receive(len(message.data))
            return [SendAudio(message.data)]
        self._named = ""
        value = read(message)
        self._named = text(part(value, "header"), "task_id")
        action, task_id = need(value, "header.action", str), need(value, "header.task_id", str)
        if action not in ACTIONS:
            raise ProtocolError(f"unknown action {action}")
        if not task_id:
            raise ProtocolError("header.task_id is empty")
        if action == "run-task":
            return [self._run(value, task_id)]
        if task_id == self._ended_task_id:
            return []
        if task_id != self.task_id:
            raise ProtocolError(f"{action} names task {task_id}, which is not running")
        fields = need(value, "payload.input", dict)
        if action == "continue-task":
            return [UpdateContext(read_context(fields))]
        return [FinishTask()]

    def acknowledge(self, command: Command) -> list[Message]:
        """A heartbeat packet where one is due; this wire answers a command with its results only."""
        if not isinstance(command, SendAudio) or not self.task_id:
            return []
        output = self._heartbeats.due(len(command.data))
        if output is None:
            return []
        return [self._event("result-generated", {"output": output, "usage": None})]

    def encode(self, event: Event) -> list[Message]:
        """The messages that carry an event; none for an event that this wire cannot express."""
        if isinstance(event, Ready):
            return [self._started(event.language)]
        if isinstance(event, SpeechStarted | Partial | Final):
            self._heartbeats.speech(goes_on=not isinstance(event, Final))
        if isinstance(event, SpeechStarted):
            return self._begun(event)
        if isinstance(event, Partial):
            self._open_key = event.key
            return self._results(event)
        if isinstance(event, Final):
            messages: list[Message] = []
            if event.text or event.key == self._open_key:  # an empty final matters only where it takes back a partial
                messages = self._results(event)
            if event.text.strip() and self._recognition.model.startswith(ONE_SENTENCE_PREFIX):
                self._ended_task_id = self.task_id
                messages += self._finished()
            return messages
        if isinstance(event, Finished):
            return self._finished()
        return []

    def fail(self, code: str, problem: str) -> list[Message]:
        """task-failed; the caller closes the connection afterwards."""
        failed = self._event("task-failed", {}, {"error_code": code, "error_message": problem})
        self.task_id = ""
        return [failed]

    def _run(self, value: Json, task_id: str) -> StartTask:
        if self.task_id:
            raise ProtocolError("run-task while a task is running")
        self._ended_task_id = ""
        self._open_key = ""
        self.task_id = task_id  # from here on an error can name the task
        if part(value, "payload").get("model") is None:
            raise ProtocolError(NO_MODEL)
        need(value, "payload.model", str)
        need(value, "payload.input", dict)
        rate = need_whole(value, "payload.parameters.sample_rate")
        audio_format = need(value, "payload.parameters.format", str).lower()
        if audio_format not in AUDIO_FORMATS:
            raise ProtocolError(f"unknown format {audio_format}")
        if rate <= 0:
            raise ProtocolError(f"sample_rate {rate} is not a rate")
        self._recognition = run_task_parameters.read(value["payload"], rate, read_context(value["payload"]["input"]))
        self._usage = BilledUsage(self._recognition.model, audio_format, rate)
        wanted = audio_format == "pcm" and not self._recognition.model.startswith(TRANSLATION_PREFIX)
        self._heartbeats = Heartbeats(wanted=wanted and self._recognition.heartbeat is True, rate=rate)
        return StartTask(self._recognition, audio_format, run_task_parameters.objection(value))

    def _results(self, event: Partial | Final) -> list[Message]:
        if self._recognition.model.startswith(TRANSLATION_PREFIX):
            output = translation.write(event, self._recognition)
            if not output:
                return []
        else:
            output = {"sentence": sentence.write(event)}
        return [self._event("result-generated", {"output": output, "usage": self._usage.at(event)})]

    def _begun(self, event: SpeechStarted) -> list[Message]:
        """The result that announces a sentence, which newer models send; it has no usage."""
        if not self._recognition.model.startswith(ANNOUNCING_PREFIX):
            return []
        self._open_key = event.key
        announced = sentence.write(Partial(event.key, event.begin_ms, "")) | {"sentence_begin": True}
        return [self._event("result-generated", {"output": {"sentence": announced}})]

    def _started(self, language: str) -> Text:
        """task-started; it names the language in effect if the client has not asked for that language."""
        asked = self._recognition.languages
        if not language or not asked or language in asked:
            return self._event("task-started", {})
        return self._event("task-started", {}, {"attributes": {"language": language}})

    def _finished(self) -> list[Message]:
        finished = self._event("task-finished", {"output": {}, "usage": self._usage.at_end()})
        self.task_id = ""
        return [finished]

    def _event(self, name: str, payload: Json, more: Json | None = None) -> Text:
        header = {"task_id": self.task_id or self._named, "event": name, "attributes": {}} | (more or {})
        return write({"header": header, "payload": payload})


def _is_command(data: bytes) -> bool:
    """Whether a binary message is one of the JSON messages, which some clients send as bytes, and not audio."""
    if data[:1] != b"{" or not data.rstrip().endswith(b"}"):
        return False
    try:
        return "header" in read(Binary(data))
    except ProtocolError:
        return False
