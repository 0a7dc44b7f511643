"""The interfaces between the folders, as typing.Protocol: Source, ClientCodec, ServerCodec, Transport, Output.

SourceWrapper is a base class: what all sources that contain another source have in common.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from asrcli.core.audio import Chunk, Format
from asrcli.core.client_commands import Command
from asrcli.core.events import Event, Final, Usage
from asrcli.core.message import Message, Writable
from asrcli.core.transcript import Transcript


class LiveInput(Protocol):
    """An input of the present, such as a microphone: its audio cannot wait, and it ends on request only."""

    def end(self) -> None:
        """End the input after the audio that was captured so far. Safe in a signal handler."""
        ...


class Source(Protocol):
    """Where PCM comes from. One thread iterates `chunks`; only that thread opens and closes files and devices."""

    format: Format
    audio_format: str  # the format of its bytes: pcm, or one that the service decodes
    begin_ms: int  # how much is left out at the beginning; the times of the source count from there
    speaker: str  # the label where several sources are transcribed at once; else empty
    realtime: bool  # audio arrives as it is spoken: a microphone, a pipe, a stream; False for a file

    @property
    def name(self) -> str:
        """The name for a person; a microphone knows its name only after it was opened."""
        ...

    @property
    def live(self) -> LiveInput | None:
        """The object that ends a live input; None for a file."""
        ...

    @property
    def duration_ms(self) -> int | None:
        """The duration; None if it is not known beforehand."""
        ...

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks in order, the first at position `start`, and events between them.

        Where positions jump, the audio between them was left out on purpose, or a Gap reports it.

        Raises:
            SourceError: the audio cannot be read, or not to its end.
        """
        ...


def earlier_finals(source: Source) -> tuple[Final, ...]:
    """The finals of an earlier run, in or near the audio of a source that continues that run.

    Their times count from the beginning of the source, as its `begin_ms` does. Most sources have no such attribute.
    """
    return getattr(source, "earlier_finals", ())


class SourceWrapper:
    """A source around another source, with the same properties. A subclass implements `chunks`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.format = source.format
        self.begin_ms = source.begin_ms
        self.speaker = source.speaker
        self.audio_format = source.audio_format
        self.realtime = source.realtime
        self.earlier_finals = earlier_finals(source)

    @property
    def name(self) -> str:
        """The current name of the wrapped source."""
        return self._source.name

    @property
    def live(self) -> LiveInput | None:
        """The live input of the wrapped source, if it is one."""
        return self._source.live

    @property
    def duration_ms(self) -> int | None:
        """The duration of the wrapped source."""
        return self._source.duration_ms


class ClientCodec(Protocol):
    """The client side of a wire, a new object for each task. The engine asks it for the facts in which wires differ.

    Attributes:
        word_times: The words of each final have times.
        reusable: The connection can carry another task after this one.
        manual: The client ends utterances, by `commit`.
        connection_is_new: The connection has carried no other task, so every message belongs to this one.
        retired_names: The `seen_names` of earlier tasks of the session; None in its first task. They may be empty: a
            connection can be lost with all that it brought unread.
        lifetime_s: How long a service keeps a task at most; None means no limit.
        one_sentence: The service ends the task after one sentence.
        task_id: The id of the task; empty until the service gives one, on wires where it does.
    """

    word_times: bool
    reusable: bool
    manual: bool
    connection_is_new: bool
    retired_names: Mapping[str, str] | None
    lifetime_s: float | None
    one_sentence: bool
    task_id: str

    @property
    def quiet_end_s(self) -> float | None:
        """A service that sends nothing for this time after `finish` has sent all; None if it says so."""

    @property
    def seen_names(self) -> Mapping[str, str]:
        """The ids of the task or of its items, each with the last text that came for it."""
        ...

    @property
    def dropped(self) -> int:
        """How many finals were dropped; a notice was emitted for each."""
        ...

    @property
    def unread(self) -> int:
        """How many messages may have had a text that could not be read."""
        ...

    @property
    def usage(self) -> Usage:
        """The usage that the service has counted for this task so far."""
        ...

    @property
    def must_wait(self) -> bool:
        """Whether audio must wait for an answer to what was sent already."""
        ...

    def url(self, base: str) -> str:
        """The address of this wire on the host of a service."""
        ...

    def start(self) -> list[Message]:
        """The messages that start the task; audio waits for Ready."""
        ...

    def started(self) -> list[Event]:
        """The events that follow at once when `start` was sent: Ready, on a wire that does not answer the start."""
        ...

    def audio(self, pcm: bytes) -> list[Message]:
        """The messages that carry this PCM."""
        ...

    def commit(self) -> list[Message]:
        """The messages that end the utterance, in manual mode; else none."""
        ...

    def skip(self, samples: int) -> bool:
        """Count samples that are left out, for all later times. False if the server counts: then end the task."""
        ...

    def finish(self) -> list[Message]:
        """The messages that ask for the remaining results; Finished follows them."""
        ...

    def pending_messages(self) -> list[Message]:
        """The messages that the wire requires in answer to received ones; each is returned once."""
        ...

    def held_back(self, *, incomplete: bool) -> list[Event]:
        """The events that wait for others, when the connection is lost: each is returned once.

        Args:
            incomplete: Also sentences that wait for a part of their own, such as a translation; it will not come.
        """
        ...

    def receive(self, message: Message) -> list[Event]:
        """The events in a message, with times of this task. An unreadable message gives a notice only.

        Raises:
            ServiceRefused: the service reported an error that ends the task.
        """
        ...


class ServerCodec(Protocol):
    """The server side of a wire, a new object for each connection.

    Attributes:
        path: The path of the wire in an address.
        task_id: The id of the running task or session.
        fatal_errors: The connection is closed after a failure.
        accepts_idle: The client may be silent for as long as it likes.
        binary_audio: Binary messages are audio; else they hold text, or are wrong.
    """

    path: str
    task_id: str
    fatal_errors: bool
    accepts_idle: bool
    binary_audio: bool

    def greet(self) -> list[Message]:
        """The messages that the server sends as soon as the connection is open."""
        ...

    def receive(self, message: Message) -> list[Command]:
        """The commands in a client message.

        Raises:
            ProtocolError: the message is unreadable, or not allowed at this point.
        """
        ...

    def acknowledge(self, command: Command) -> list[Message]:
        """The messages that answer a command before its results."""
        ...

    def encode(self, event: Event) -> list[Message]:
        """The messages that carry an event."""
        ...

    def fail(self, code: str, problem: str) -> list[Message]:
        """The messages that report a failure."""
        ...


class Transport(Protocol):
    """One connection. Its messages go to a listener, or wait for `recv`.

    A connection closes itself when no byte was sent or received during the stall timeout.
    """

    @property
    def writable(self) -> bool:
        """Whether more audio should be sent now; after False, Writable comes once there is room."""
        ...

    @property
    def silent_s(self) -> float:
        """Seconds since the last message or answer to a ping."""
        ...

    @property
    def engine(self) -> str:
        """The recognizer that the other end named when the connection opened; empty if it named none."""
        ...

    def send(self, message: Message) -> None:
        """Queue a text or binary message. Does not wait for the other end.

        Raises:
            ConnectionLost: the connection is closed.
        """
        ...

    def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        """Call `deliver` with each message from now on, in order, and with those that wait for `recv`.

        Closed is the last of them. It is called from another thread, must not wait, and gets an exception where a
        fault of ours ended the connection.
        """
        ...

    def recv(self) -> Message | Writable:
        """Wait for the next message, where nobody listens. Every call returns Closed after the connection has ended."""
        ...

    def close(self) -> None:
        """Close without waiting for the other end."""
        ...


class LocalSession(Protocol):
    """One stretch of audio for the recognizer on this machine. No call waits."""

    def add_audio(self, pcm: bytes) -> None:
        """Take more audio: s16le mono at the rate of the session."""
        ...

    def finish(self) -> None:
        """End the audio; the remaining events follow."""
        ...

    def close(self) -> None:
        """End the session at once; no event follows."""
        ...


class LocalEngine(Protocol):
    """The recognizer on this machine, for the time in which a service is away. `name` is for people."""

    name: str

    def warm(self) -> None:
        """Start what a first session will need. Does not wait."""
        ...

    def open(self, rate: int, emit: Callable[[Event], None]) -> LocalSession:
        """Begin a session. Does not wait.

        `emit` is called from another thread: with the partials and finals, in milliseconds since the session began;
        with Progress for the audio that was processed; with a Notice if it fails; and last with Finished.
        """
        ...


class Output(Protocol):
    """Shows or stores a transcript. All calls come from one thread.

    An output may have these attributes; by default each is False:
        passive: It does not store the transcript. A run over files ends if only such outputs are left.
        accepts_delay: It can get a partial, progress or a bill later, together with the next final.
        shows_progress: It shows the progress as it comes, ten times a second.
    """

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Take an event, and the transcript that already contains it."""
        ...

    def close(self) -> None:
        """Write what is left and close; called once, also after errors."""
        ...
