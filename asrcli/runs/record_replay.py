"""Turns a message record into the events of a run again, by the client codecs of this version. Uses no clock."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import AsrError, SourceError
from asrcli.core.event_placement import label_event
from asrcli.core.events import Began, Ended, Event, Final, Notice, Ready
from asrcli.engine.task import TranscriptionTask
from asrcli.journal.records import RATES, recognition
from asrcli.protocol.recorded_events import event_of
from asrcli.protocol.recorded_messages import audio_bytes, message_of
from asrcli.protocol.registry import WIRES
from asrcli.protocol.wire_record import SENT
from asrcli.recovery.duplicate_finals import RepeatedFinal

GATHERED_MS = 1000  # the most audio that waits in a codec for the rest of a message
MOST_FINALS = 1_000_000  # a year of speech
MOST_OPEN = 4000  # connections without an end, and speakers: more than a run has


class RecordedConnection:
    """One connection of a record: the task that runs on it, driven by the steps that the client took.

    Raises:
        ValueError: the settings cannot be read.
    """

    def __init__(self, line: Mapping[str, Any]) -> None:
        try:
            self._asked = recognition(line["settings"])
        except TypeError as exc:
            raise ValueError(str(exc)) from exc
        if self._asked.rate not in RATES:
            raise ValueError("rate")
        self._wire = WIRES.get(line["wire"])
        self.speaker: str = line["speaker"]
        self._engine: str = line["engine"]
        self._tasks = 0
        self.task: TranscriptionTask | None = None
        self.fresh = True  # the task was sent no audio yet
        self.again = False  # the task was sent audio that an earlier task had been sent too

    def sent(self, line: Mapping[str, Any]) -> list[Event]:
        """Take the step of a message that the client sent; returns the events that follow at once."""
        if self._wire is None:
            return []
        step = line.get("step", "")
        if not step and not self._tasks:
            step = "start"  # asr ws-raw takes no steps
        events: list[Event] = []
        if step == "start":
            events = self._start(line)
        if self.task is None:
            return []
        codec = self.task.codec
        if step == "commit":
            codec.commit()
        elif step == "finish":
            self.task.finishing = True
            codec.finish()
        elif size_bytes := audio_bytes(line):
            self._audio(line, size_bytes)
            codec.pending_messages()  # they were sent then, and would take memory until the next answer
        return events

    def received(self, line: Mapping[str, Any], at_ms: int) -> Iterator[Event]:
        """Yield the events of a message of the service, on the timeline of the run."""
        if self.task is None:
            return
        try:
            for event in self.task.receive(message_of(line), at_ms / 1000):
                if not isinstance(event, RepeatedFinal):
                    yield label_event(event, self.speaker)
            self.task.codec.pending_messages()
        except AsrError as exc:
            yield Notice("warning", str(exc))

    def _start(self, line: Mapping[str, Any]) -> list[Event]:
        assert self._wire is not None  # noqa: S101  the caller has checked it
        codec = self._wire.client_codec(self._asked, lambda: line.get("task_id") or _task_id(line))
        codec.connection_is_new = self._tasks == 0
        self._tasks += 1
        self.fresh, self.again = True, False
        self.task = TranscriptionTask(codec)
        self.task.engine = self._engine
        self.task.begin_at(line.get("begin_ms", 0))
        codec.start()
        return codec.started()

    def _audio(self, line: Mapping[str, Any], size_bytes: int) -> None:
        task = self.task
        assert task is not None  # noqa: S101  the caller has checked it
        form = Format(self._asked.rate)
        length_ms = 0
        if self._asked.audio_format == "pcm":
            length_ms = form.ms(size_bytes // SAMPLE_BYTES)
        sent_ms = line.get("sent_ms", task.sent_ms + length_ms)
        if task.sent_ms == task.offset_ms:
            task.begin_at(line.get("begin_ms", task.offset_ms))
        jump_ms = sent_ms - length_ms - task.sent_ms
        skipped = jump_ms > 1 and task.codec.skip(form.samples(jump_ms))
        if length_ms and not skipped and 1 < abs(jump_ms) < GATHERED_MS:
            # The codec makes messages of its own size from what it is given, and counts what it was given.
            size_bytes = max(0, form.samples(sent_ms - task.sent_ms)) * SAMPLE_BYTES
        task.codec.audio(bytes(size_bytes))
        task.sent_ms = max(task.sent_ms, sent_ms)


class RecordReplay:
    """The events of a record in order, each with the milliseconds since the record began.

    What the run itself has added (sources, gaps, losses, the account) comes from the record; the text comes from the
    messages. A final that the run had dropped as a repetition is dropped again.

    The lines are read twice, because a final is compared with those of the whole run, and because a source begins when
    the service is ready: the run may have recorded that after messages with its text.

    Raises:
        SourceError: the record cannot be read, has no connection with a wire that has a transcript, or has more finals
            than a year of speech.
    """

    def __init__(self, name: str, lines: Iterable[Mapping[str, Any]]) -> None:
        self._name = name
        self._lines = lines
        self._begins: dict[tuple[str, str], Began] = {}  # by speaker and task; those that have not come yet
        self._kept = Counter[int]()  # how often each final was one of the run; empty for asr ws-raw
        opened = known = False
        for line in lines:
            if line["type"] == "open":
                opened, known = True, known or line["wire"] in WIRES
            elif line["type"] == "event" and line["name"] in {"Final", "Began"}:
                self._note(event_of(line))
        if opened and not known:
            raise SourceError(name, "its messages are of no wire that has a transcript: zcat shows them")
        self._begun: set[tuple[str, str]] = set()  # those that came before their line
        self._emitted = Counter[int]()
        self._passed = Counter[int]()  # the finals of the run up to here
        self._connections: dict[int, RecordedConnection] = {}
        self._reached_ms: dict[str, int] = {}  # by speaker: how far audio was sent
        self.ended = False
        self.unreadable = 0  # lines that do not fit this version

    def events(self) -> Iterator[tuple[int, Event]]:
        """Yield the events.

        Raises:
            SourceError: the record cannot be read, or has more finals than a year of speech.
        """
        for line in self._lines:
            at_ms = line["at_ms"]
            for event in self._events(line, at_ms):
                yield at_ms, event

    def _events(self, line: Mapping[str, Any], at_ms: int) -> Iterator[Event]:
        if line["type"] == "event":
            yield from self._of_run(line)
            return
        number = line["connection"]
        if line["type"] == "open":
            try:
                _put(self._connections, number, RecordedConnection(line))
            except ValueError:
                self.unreadable += 1
            return
        connection = self._connections.get(number)
        if connection is None:
            return
        if line["type"] == "close":
            del self._connections[number]
            if line["code"] not in {1000, 1001} and not self._kept:
                yield Notice("warning", f"the connection ended with code {line['code']} {line['reason']}".rstrip())
        elif line["direction"] == SENT:
            for event in connection.sent(line):
                yield from self._of_wire(event, connection)
            self._sent(connection, line)
        else:
            for event in connection.received(line, at_ms):
                yield from self._of_wire(event, connection)

    def _of_wire(self, event: Event, connection: RecordedConnection) -> Iterator[Event]:
        if not isinstance(event, Final) or self._is_new(event, connection):
            yield event
        if isinstance(event, Ready):
            began = self._begins.pop((connection.speaker, event.task_id), None)
            if began is not None:
                self._begun.add(_task_of(began))
                yield began

    def _note(self, event: Event | None) -> None:
        """Remember an event of the run that those of the messages depend on."""
        if isinstance(event, Final):
            self._add(self._kept, _identity(event))
        elif isinstance(event, Began) and len(self._begins) < MOST_OPEN:
            self._begins.setdefault(_task_of(event), event)

    def _sent(self, connection: RecordedConnection, line: Mapping[str, Any]) -> None:
        task = connection.task
        if task is None or not audio_bytes(line):
            return
        reached_ms = self._reached_ms.get(connection.speaker, 0)
        if connection.fresh:
            connection.fresh = False
            connection.again = bool(self._kept) and task.offset_ms < reached_ms
        _put(self._reached_ms, connection.speaker, max(reached_ms, task.sent_ms))

    def _is_new(self, final: Final, connection: RecordedConnection) -> bool:
        identity = _identity(final)
        # Two sentences with the same words can have the same times: a service may name none after the last audio.
        most = self._kept[identity]
        if not most and not connection.again:
            most = 1
        if self._emitted[identity] >= most:
            return False
        self._add(self._emitted, identity)
        return True

    def _add(self, identities: Counter[int], identity: int) -> None:
        identities[identity] += 1
        if len(identities) > MOST_FINALS:
            raise SourceError(self._name, f"has more than {MOST_FINALS:,} sentences, and is not played: zcat shows it")

    def _of_run(self, line: Mapping[str, Any]) -> Iterator[Event]:
        event = event_of(line)
        if event is None:
            self.unreadable += 1
        elif isinstance(event, Final):
            identity = _identity(event)
            self._passed[identity] += 1
            # The messages had it, unless the run itself has made a final of the last words.
            if self._emitted[identity] < self._passed[identity]:
                self._add(self._emitted, identity)
                yield event
        elif isinstance(event, Began) and _task_of(event) in self._begun:
            self._begun.remove(_task_of(event))
        else:
            if isinstance(event, Began):
                self._begins.pop(_task_of(event), None)
            self.ended = self.ended or isinstance(event, Ended)
            yield event


def _identity(final: Final) -> int:
    return hash((final.speaker, final.begin_ms, final.end_ms, final.text))  # the texts would take memory


def _task_of(began: Began) -> tuple[str, str]:
    return began.speaker, began.task_id


def _put(held: dict[Any, Any], key: object, value: object) -> None:
    """Put a value into a dictionary of at most MOST_OPEN; the oldest gives way."""
    held[key] = value
    if len(held) > MOST_OPEN:
        del held[next(iter(held))]


def _task_id(line: Mapping[str, Any]) -> str:
    """The task id that a first message names, on a wire where it does."""
    found = re.search(r'"task_id"\s*:\s*"([^"\\]+)"', line.get("text", ""))
    if found:
        return found[1]
    return "replayed"
