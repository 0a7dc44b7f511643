"""The plan of a run: how to make codecs, open connections and compute the cost. Opens nothing itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from random import random
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError
from asrcli.core.events import Usage
from asrcli.core.interfaces import ClientCodec, LocalEngine, Source, Transport
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.core.shared_thread import SharedThread
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.context import TranscriptMemory
from asrcli.engine.connection_pool import Dial
from asrcli.recognizers.registry import RecognizerInfo
from asrcli.transport.identifiers import new_id

if TYPE_CHECKING:
    from asrcli.transport import temporary_key as temporary_keys
    from asrcli.transport import websocket
else:  # loaded by the thread that dials, while the first audio is read
    temporary_keys = LazyModule("asrcli.transport.temporary_key")
    websocket = LazyModule("asrcli.transport.websocket")

# While it is entered, a signal calls the first function; one that is not Ctrl-C calls the second. A later one calls the
# third, and raises KeyboardInterrupt where that returns False.
SignalHandling = Callable[[Callable[[], None], Callable[[], None], Callable[[], bool]], AbstractContextManager[None]]


def shared_thread() -> SharedThread:
    """Return the thread of this process for connections and sessions, started now if there is none."""
    from asrcli.transport.io_thread import io_thread

    return io_thread()


@dataclass(frozen=True)
class RunPlan:
    """How to transcribe.

    Attributes:
        model: The name of the model, or of the recognizer on this machine.
        codec: Makes a codec that suits a source; called for each task.
        dial: Opens a connection.
        connection: How to connect.
        pace: How many times real time a file is read; None as fast as its audio is taken.
        retries: What to do after a loss.
        free: Nothing is charged.
        cost: What a usage costs, in CNY; None without a price.
        clock: Seconds, monotonic.
        jitter: Returns a number from 0 to 1, a new one each time.
        describe: The line for a person that tells of an error.
        interruptible: What handles signals during the run; by default they are left alone.
        fallback: The recognizer on this machine that hears while the service is away; None for none.
        recorded: Makes a dialler whose connections are recorded; None keeps no record.
    """

    model: str
    codec: Callable[[Source], ClientCodec]
    dial: Dial
    connection: ConnectionSettings
    pace: float | None
    retries: RetrySettings = RetrySettings()
    free: bool = False
    cost: Callable[[Usage], float | None] = lambda _: None
    clock: Callable[[], float] = monotonic
    jitter: Callable[[], float] = random
    describe: Callable[[AsrError], str] = str
    interruptible: SignalHandling = lambda finish, hurry, leave: nullcontext()  # noqa: ARG005
    fallback: LocalEngine | None = None
    recorded: Callable[[Source, Dial], Dial] | None = None

    def dial_for(self, source: Source) -> Dial:
        """What opens the connections of a source, with a record of them where one is kept."""
        if self.recorded is None:
            return self.dial
        return self.recorded(source, self.dial)


def make_plan(
    model: Model,
    recognition: RecognitionSettings,
    connection: ConnectionSettings,
    pace: float | None,
    retries: RetrySettings,
    *,
    recognizer: RecognizerInfo | None = None,
    temporary_key: bool = False,
    uses_transcript_context: bool = False,
) -> RunPlan:
    """The plan for a model of the service, or for the recognizer on this machine under the name of one.

    Args:
        model: A row of the catalogue; it says which wire is spoken.
        recognition: The options of each task; rate and format are those of each source.
        connection: How to connect, with the key.
        pace: How many times real time a file is read; None as fast as its audio is taken.
        retries: How a lost connection is replaced.
        recognizer: The recognizer on this machine to which the connection leads; it sends no bill.
        temporary_key: Each connection is dialled with a key that is made for it.
        uses_transcript_context: The last sentences of a source are context for its next task.
    """
    dial: Dial = _dial
    if temporary_key:
        dial = _dial_with_temporary_key
    pace, retries = _bounded(model.traits.fastest, pace, retries)
    memories: WeakKeyDictionary[Source, TranscriptMemory] = WeakKeyDictionary()  # a batch has one plan for all sources

    def codec(source: Source) -> ClientCodec:
        asked = replace(recognition, rate=source.format.rate, audio_format=source.audio_format)
        memory = None
        if uses_transcript_context:
            memory = memories.setdefault(source, TranscriptMemory(asked.context))
        return model.traits.client_codec(asked, new_id, memory)

    price = model.prices.get(connection.region)

    def cost(usage: Usage) -> float | None:
        if price is None:
            return None
        return price.cost(usage, recognition)

    heard_by = recognition.model if recognizer is None else recognizer.heard_by
    return RunPlan(heard_by, codec, dial, connection, pace, retries, recognizer is not None, cost)


def _dial(url: str, connection: ConnectionSettings) -> Transport:
    return websocket.dial(url, connection)


def _dial_with_temporary_key(url: str, connection: ConnectionSettings) -> Transport:
    return temporary_keys.dial_with_temporary_key(url, connection)


def _bounded(fastest: float | None, pace: float | None, retries: RetrySettings) -> tuple[float | None, RetrySettings]:
    """The pace and the retries of a wire that takes no audio faster than this; None for a wire without a limit."""
    if fastest is None:
        return pace, retries
    return min(pace or fastest, fastest), replace(retries, catch_up=min(retries.catch_up or fastest, fastest))
