"""What a server and its process for a key tell each other. All of it is pickled, see core/packed_values.py."""

import asyncio
from typing import Any, NamedTuple

from asrcli.core.dataclass import dataclass
from asrcli.core.packed_values import LENGTH, packed, unpacked
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import Json
from asrcli.recognizers.registry import RecognizerOptions
from asrcli.recognizers.scripted_answers import ScriptedAnswers
from asrcli.server.limits import ServerLimits
from asrcli.server.monitoring import ServerMetrics


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What the process serves, told once at the beginning.

    Attributes:
        engine: The name of the recognizer.
        options: Of the recognizer.
        workers: Of the recognizer, see `asrcli.recognizers.factory.make`.
        limits: The limits of the server.
        answers: The translations and answers that it gives; None for those that nobody wrote.
        log_level: Of what is logged.
    """

    engine: str
    options: RecognizerOptions
    workers: int | None
    limits: ServerLimits
    answers: ScriptedAnswers | None
    log_level: int


class HandedOver(NamedTuple):
    """What comes with a connection.

    Attributes:
        key_name: The name of its key.
        session: The session that its client begins with, if the key brings one.
        received: What the client has sent: its request, and what came after it.
        number: By which the server calls it.
    """

    key_name: str
    session: Json | None
    received: bytes
    number: int = 0


class KeyLimits(NamedTuple):
    """How many tasks may begin within a minute, by the name of the key; None for no limit."""

    tasks_per_minute: dict[str, int | None]


class Drain(NamedTuple):
    """Let tasks end, then end yourself."""


class Stop(NamedTuple):
    """Close every connection, then end yourself."""


class ListQuestion(NamedTuple):
    """Asks for the hot words of the lists that a recognition names.

    Attributes:
        number: Of the question.
        recognition: As the client wants it.
    """

    number: int
    recognition: RecognitionSettings


class ListAnswer(NamedTuple):
    """The recognition with its hot words, and the number of the question."""

    number: int
    recognition: RecognitionSettings


class Listening(NamedTuple):
    """Connections are taken from now on."""


class Alive(NamedTuple):
    """The process does not hang: it says so every second."""


class ConnectionTaken(NamedTuple):
    """The connection with this number has come, and its handshake is answered now."""

    number: int


class ConnectionEnded(NamedTuple):
    """The connection with this number has ended."""

    number: int


class MetricsReport(NamedTuple):
    """All that was counted since the beginning."""

    metrics: ServerMetrics


class LogLine(NamedTuple):
    """A record of the log, in the form that `logging.makeLogRecord` takes."""

    record: dict[str, Any]


async def next_message(reader: asyncio.StreamReader) -> Any:
    """Return the next message; None if the other side has ended."""
    try:
        head = await reader.readexactly(LENGTH.size)
        return unpacked(await reader.readexactly(*LENGTH.unpack(head)))
    except (asyncio.IncompleteReadError, OSError):
        return None


def send_message(writer: asyncio.StreamWriter, message: object) -> None:
    """Send a message, unless the other side has ended."""
    if not writer.is_closing():
        writer.write(packed(message))
