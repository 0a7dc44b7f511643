"""The inference wire (run-task) of Fun-ASR, Paraformer, Gummy and qwen-audio: the client codec. No I/O.

Source of the facts: the service's WebSocket API reference for realtime speech recognition.
"""

from collections.abc import Callable, Mapping

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Notice, Ready, Usage
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.context import TranscriptMemory
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.discarded_messages import DiscardedMessages, EmitsAtOnce, SentenceKeys
from asrcli.protocol.inference import run_task_parameters, translation
from asrcli.protocol.inference.context_messages import write_context
from asrcli.protocol.inference.sentence_tracker import SentenceTracker
from asrcli.protocol.inference.task_identity import TaskIdentity
from asrcli.protocol.json_messages import Json, counted, flag, need, part, read, text, word, write
from asrcli.protocol.language_codes import language_in_effect
from asrcli.protocol.registry import INFERENCE, INFERENCE_PATH, TRANSLATION
from asrcli.protocol.service_errors import refused_task
from asrcli.protocol.timestamps import usable_time

CLOCK_MS = 1000  # how far the clock of a service may be ahead of the audio that it was sent
ONE_SENTENCE_PREFIX = "gummy-chat"  # models whose names begin so end a task after one sentence


class InferenceClient(EmitsAtOnce):
    """The client codec of one task. A new task needs a new codec; times count from the first sample of the task."""

    word_times = True  # every final carries the times of its words
    reusable = True  # the connection can carry another task afterwards
    manual = False  # the server always decides where sentences end
    wire = INFERENCE
    lifetime_s: float | None = None  # no limit is documented
    quiet_end_s: float | None = None  # the service says when it has sent all
    must_wait = False  # audio never waits for answers
    connection_is_new = True  # the connection has carried no other task: every message belongs to this one
    retired_names: Mapping[str, str] | None = None

    def __init__(
        self, recognition: RecognitionSettings, new_id: Callable[[], str], memory: TranscriptMemory | None = None
    ) -> None:
        self.task_id = new_id()
        self._new_id = new_id
        self.usage = Usage()
        self.one_sentence = recognition.model.startswith(ONE_SENTENCE_PREFIX)
        self._recognition = recognition
        self._memory = memory  # holds the last sentences, which are sent as context
        self._has_new_context = self._finishing = self._requested = False
        self._dropped = DiscardedMessages()
        # Both trackers share the keys: a service may send some sentences in one form and some in the other.
        keys = SentenceKeys()
        self._sentences = SentenceTracker(self._dropped, keys)
        self._pairs = translation.TranslationPairs(recognition, self._dropped, keys)
        self._sent_bytes = 0
        self._identity = TaskIdentity(self.task_id)

    @property
    def seen_names(self) -> Mapping[str, str]:
        """The ids that this task was given, for the tasks that follow it. The values are empty on this wire."""
        return dict.fromkeys(self._identity.names, "")

    @property
    def dropped(self) -> int:
        """How many finals were dropped; a notice was emitted for each."""
        return self._dropped.finals

    @property
    def unread(self) -> int:
        """How many messages may have had a text that could not be read."""
        return self._dropped.unread

    def url(self, base: str) -> str:
        """The address of this wire on the host of a service. The model is sent in run-task."""
        return endpoint(base, INFERENCE_PATH)

    def start(self) -> list[Message]:
        """run-task; audio must wait for Ready. A second call starts it again on a new connection, with a new id."""
        if self._requested:  # the service may have seen the id, and takes none twice
            self.task_id = self._new_id()
        self._requested = True
        self._identity = TaskIdentity(self.task_id)
        context = self._recognition.context
        if self._memory is not None:
            context = self._memory.texts
        task_input: Json = {}
        if context:
            task_input = write_context(context)
        payload = {
            "task_group": "audio",
            "task": "asr",
            "function": "recognition",
            "model": self._recognition.model,
            "parameters": run_task_parameters.write(self._recognition, self.wire),
            "input": task_input,
        } | run_task_parameters.resources(self._recognition)
        return [self._command("run-task", payload)]

    def started(self) -> list[Event]:
        """Nothing: the service answers the start."""
        return []

    def audio(self, pcm: bytes) -> list[Message]:
        """One binary message that carries this PCM."""
        self._sent_bytes += len(pcm)
        return [Binary(pcm)]

    def commit(self) -> list[Message]:
        """Nothing: on this wire the server decides where sentences end."""
        return []

    def skip(self, samples: int) -> bool:
        """Always False: times come from the server, which counts the audio that it receives."""
        del samples
        return False

    def replace_context(self, texts: tuple[str, ...]) -> list[Message]:
        """continue-task, which replaces the context during the task."""
        return [self._command("continue-task", {"input": write_context(texts)})]

    def finish(self) -> list[Message]:
        """finish-task; the server sends the remaining results, then task-finished."""
        self._finishing = self._sentences.over = self._pairs.over = True
        return [self._command("finish-task", {"input": {}})]

    def pending_messages(self) -> list[Message]:
        """continue-task when sentences became final since the last call and finish-task was not sent; else nothing."""
        if self._memory is None or self._finishing or not self._has_new_context:
            return []
        self._has_new_context = False
        return self.replace_context(self._memory.texts)

    def receive(self, message: Message) -> list[Event]:
        """The events that a server message reports. An unreadable message gives a notice and ends nothing.

        Raises:
            ServiceRefused: task-failed.
        """
        try:
            return self._handle(read(message))
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]

    def _handle(self, value: Json) -> list[Event]:
        name, task_id = need(value, "header.event", str), word(value["header"], "task_id")
        alone = self.connection_is_new and (task_id == self.task_id or self._is_of_sent_audio(value))
        if not self._identity.concerns(name, task_id, alone=alone, retired=self.retired_names or {}):
            return [self._drop_foreign(name, task_id, value)]
        if name == "task-started":
            if self._identity.started:
                return []
            self._identity.started = True
            named = text(part(value["header"], "attributes"), "language")  # asr serve names another than was asked for
            return [Ready(self.task_id, language_in_effect(named, self._recognition.languages))]
        if name == "result-generated":
            return self._remember_finals(self._results(value))
        if name == "task-finished":
            self._update_usage(value)
            rest = [*self._last_results(value), *self._pairs.rest(), *self._sentences.rest(self._sent_ms)]
            return [*self._remember_finals(rest), Finished(self.usage)]
        if name == "task-failed":
            raise refused_task(value, self.task_id)
        if part(value, "payload").get("output"):
            raise ProtocolError(f"unknown event {name}", str(value))
        return [Notice("debug", f"dropped an unknown event: {name}")]

    def held_back(self, *, incomplete: bool) -> list[Event]:
        """The sentences that wait for their translation only."""
        if not incomplete:
            return []
        return self._remember_finals(list(self._pairs.rest(transcribed=True)))

    def _drop_foreign(self, name: str, task_id: str, value: Json) -> Notice:
        sentence_object = part(part(part(value, "payload"), "output"), "sentence")
        if (
            name == "result-generated"
            and flag(sentence_object, "sentence_end")
            and text(sentence_object, "text").strip()
        ):
            return self._dropped.final(f"dropped a sentence of another task: {task_id}")
        return Notice("debug", f"dropped {name} of another task: {task_id}")

    def _is_of_sent_audio(self, value: Json) -> bool:
        """Whether a message may be of this task by its time: what is still to be spoken is of another one."""
        begin_ms = usable_time(part(part(part(value, "payload"), "output"), "sentence"), "begin_time")
        sent_ms = self._sent_ms
        return begin_ms is None or sent_ms is None or begin_ms <= sent_ms + CLOCK_MS

    @property
    def _sent_ms(self) -> int | None:
        """How much audio has been sent, in ms; None if the bytes are not PCM and do not tell."""
        if self._recognition.audio_format != "pcm":
            return None
        return self._sent_bytes // SAMPLE_BYTES * 1000 // self._recognition.rate

    def _command(self, action: str, payload: Json) -> Text:
        return write({"header": {"action": action, "task_id": self.task_id, "streaming": "duplex"}, "payload": payload})

    def _remember_finals(self, events: list[Event]) -> list[Event]:
        for event in events:
            if self._memory is not None and isinstance(event, Final) and event.text.strip():
                self._memory.remember(event.text)
                self._has_new_context = True
        return events

    def _results(self, value: Json) -> list[Event]:
        self._update_usage(value)
        output = need(value, "payload.output", dict)
        while output.get("sentence") is None and isinstance(output.get("output"), dict):
            output = output["output"]  # newer models repeat the envelope inside the output
        if translation.TRANSCRIPTION in output or translation.TRANSLATIONS in output:
            return list(self._pairs.read(output, self._sent_ms))
        if output.get("sentence") is None:
            if any(isinstance(each, dict | list) and each for each in output.values()):
                raise ProtocolError("no sentence in the output", str(output))
            return []  # the message reports the usage only
        sentence = need(output, "sentence", dict)
        try:
            return self._sentences.read(sentence, self._sent_ms)
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc), *self._sentences.missing(sentence)]

    def _last_results(self, value: Json) -> list[Event]:
        """The events for the sentence in task-finished. The service leaves it empty; others repeat or add one there."""
        if not part(part(value, "payload"), "output"):
            return []
        try:
            return self._results(value)
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]  # the task has ended nevertheless

    def _update_usage(self, value: Json) -> None:
        # The count of the service is cumulative, absent while a sentence is open, and null at the end of some tasks.
        self.usage = counted(part(part(value, "payload"), "usage"), self.usage)


class TranslationClient(InferenceClient):
    """The client codec of a task whose model translates."""

    wire = TRANSLATION
