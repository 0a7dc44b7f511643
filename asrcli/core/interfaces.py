"""The plugs between the parts, as typing.Protocol: Source, ClientCodec, ServerCodec, Transport, Output.

Around is no plug: it is what all sources around another have in common.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from asrcli.core.audio import Chunk, Format
from asrcli.core.client_commands import Command
from asrcli.core.events import Event, Usage
from asrcli.core.message import Message, Writable
from asrcli.core.transcript import Transcript


class LiveInput(Protocol):
    """What hears the present: its audio cannot wait for anybody, and it ends when it is told to."""

    def end(self) -> None:
        """Hear what has been said up to now, and no more. Safe in a signal handler."""
        ...


class Source(Protocol):
    """Where PCM comes from. One thread iterates `chunks` and is the only one that opens and closes things."""

    format: Format
    audio_format: str  # what its bytes are: pcm, or what a service decodes itself
    begin_ms: int  # how much of it is left out at its beginning: its times count from there
    speaker: str  # whose words these are, where several sources are heard at once; else empty
    realtime: bool  # its audio comes as it is spoken: a microphone, a pipe, a stream. A file waits to be read

    @property
    def name(self) -> str:
        """What the user calls it; a microphone learns its own when it is opened."""
        ...

    @property
    def live(self) -> LiveInput | None:
        """How to end it, where it hears the present; None for what waits to be read."""
        ...

    @property
    def duration_ms(self) -> int | None:
        """How long it is; None where nobody knows beforehand."""
        ...

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks in order, the first at position `start`, and between them what a listener should know.

        Where positions jump, the audio between them was not meant to be heard or is named by a Gap.

        Raises:
            SourceError: the audio cannot be read (any further).
        """
        ...


class SourceWrapper:
    """A source around another: what it says of itself is what the other says. Who inherits gives the chunks."""

    def __init__(self, source: Source) -> None:
        self._source, self.format = source, source.format
        self.begin_ms, self.speaker, self.audio_format = source.begin_ms, source.speaker, source.audio_format
        self.realtime = source.realtime

    @property
    def name(self) -> str:
        """As the source is called by now."""
        return self._source.name

    @property
    def live(self) -> LiveInput | None:
        """As the source is."""
        return self._source.live

    @property
    def duration_ms(self) -> int | None:
        """As long as the source."""
        return self._source.duration_ms


class ClientCodec(Protocol):
    """The client end of a wire, made fresh for each task. What wires differ in is asked here.

    `lifetime_s` is how long a service keeps a task at most; None is for ever.
    """

    word_times: bool
    reusable: bool
    manual: bool
    connection_is_new: bool  # the connection has carried no other task: whatever comes is of this one
    retired_names: Mapping[str, str]  # the `seen_names` of tasks before this one, whose connections were lost
    lifetime_s: float | None
    task_id: str

    @property
    def seen_names(self) -> Mapping[str, str]:
        """What the task, or each of its items, is called, and what was last said of it."""
        ...

    @property
    def dropped(self) -> int:
        """How many finished sentences were dropped because they were said before; each was told."""
        ...

    @property
    def usage(self) -> Usage:
        """What the service has counted of this task so far."""
        ...

    @property
    def must_wait(self) -> bool:
        """Whether audio must wait until the service has answered what it has."""
        ...

    def url(self, base: str) -> str:
        """The address to dial at a service."""
        ...

    def start(self) -> list[Message]:
        """What opens the task; audio waits for Ready."""
        ...

    def audio(self, pcm: bytes) -> list[Message]:
        """What carries this PCM."""
        ...

    def commit(self) -> list[Message]:
        """What ends the utterance, where the client does that."""
        ...

    def skip(self, samples: int) -> bool:
        """Let the times behind here count so many samples that are not sent; False where the other end counts them."""
        ...

    def finish(self) -> list[Message]:
        """What asks for the rest; Finished answers it."""
        ...

    def pending_messages(self) -> list[Message]:
        """What the wire wants said now, in answer to what was received; each once."""
        ...

    def receive(self, message: Message) -> list[Event]:
        """What a message says, in times of this task. One that cannot be read is dropped, with a notice.

        Raises:
            ServiceRefused
        """
        ...


class ServerCodec(Protocol):
    """The server end of a wire, made fresh for each connection."""

    path: str
    task_id: str
    fatal_errors: bool
    tells_language: bool
    accepts_idle: bool

    def greet(self) -> list[Message]:
        """What a new connection hears at once."""
        ...

    def receive(self, message: Message) -> list[Command]:
        """What a client message asks for.

        Raises:
            ProtocolError
        """
        ...

    def acknowledge(self, request: Command) -> list[Message]:
        """What answers a request before its results."""
        ...

    def encode(self, event: Event) -> list[Message]:
        """What carries an event."""
        ...

    def fail(self, code: str, problem: str) -> list[Message]:
        """What says that something went wrong."""
        ...


class Transport(Protocol):
    """One connection. `send` belongs to one thread, `recv` to another.

    A connection on which no byte was sent and none was received for the stall timeout closes itself.
    """

    @property
    def writable(self) -> bool:
        """Whether more audio should be handed over now; after False, `recv` gives Writable once there is room."""
        ...

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived: a message, or the answer to a ping."""
        ...

    def send(self, message: Message) -> None:
        """Queue a text or binary message. Never waits for the other end.

        Raises:
            ConnectionLost: the connection is over.
        """
        ...

    def recv(self) -> Message | Writable:
        """The next message; Closed once the connection is over, again and again."""
        ...

    def close(self) -> None:
        """Close without waiting for the other end."""
        ...


class Output(Protocol):
    """What shows or stores a transcript. All calls come from one thread."""

    def handle(self, event: Event, transcript: Transcript) -> None:
        """An event, with the transcript it has already been folded into."""
        ...

    def close(self) -> None:
        """The last line and the end of the file; called once, whatever happened."""
        ...
