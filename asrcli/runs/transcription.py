"""A transcription of the Python API: a run as an iterator of events, for loops with and without `async`.

It stands on the parts that `asr file` and `asr mic` stand on, and leaves signals, standard output and files alone.
"""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass
from asrcli.core.events import Ended, Event, Final, Notice
from asrcli.core.interfaces import Source
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.dashscope.catalogue import Model
from asrcli.recognizers import registry
from asrcli.recognizers.registry import RecognizerInfo
from asrcli.runs.fallback import Fallback
from asrcli.runs.local_service import local_service
from asrcli.runs.plan import make_plan
from asrcli.runs.run import Run

if TYPE_CHECKING:
    from asrcli.runs import async_steps
else:  # it loads asyncio, which a loop without `async` does not need
    async_steps = LazyModule("asrcli.runs.async_steps")


@dataclass(frozen=True)
class Request:
    """All that a run needs, checked.

    `recognizer` is the one on this machine; without it there is a `connection`, and perhaps a `fallback`.
    """

    source: Source
    model: Model
    recognition: RecognitionSettings
    connection: ConnectionSettings | None
    recognizer: RecognizerInfo | None
    pace: float | None
    retries: RetrySettings
    notices: tuple[Notice, ...]
    fallback: Fallback | None = None


class Control:
    """What the iterating thread shares with threads that call `finish` or `close`."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.ended: Ended | None = None
        self.finishing = self.closing = False

    def begin(self, run: Run) -> None:
        """Keep the run, and pass on a `finish` or `close` that was called before there was one."""
        self.run = run
        if self.finishing:
            run.finish()
        if self.closing:
            run.leave()

    def leave(self) -> None:
        """End the iteration at once, wherever it waits. Safe from any thread."""
        self.closing = True
        if self.run is not None:
            self.run.leave()


class Transcription:
    """One transcription: iterate over it for its events. Threads and connections begin with the first event.

        async for event in asrcli.transcribe("talk.wav"):
            print(event)

    `for` does the same without `async`. Threads and connections end when the audio has its text, when the loop is left,
    when it raises, or with `close`. Where a variable or a traceback still holds this object after the loop was left,
    use it as a context manager: the end of the block closes it.
    """

    def __init__(self, request: Request, on_event: Callable[[Event], object] | None) -> None:
        self._control = Control()
        # A generator that knew this object would keep it, and be kept by it, when a loop over it is left.
        self._events = _events(request, on_event, self._control)
        self._steps: async_steps.AsyncSteps | None = None

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        if self._steps is None:
            self._steps = async_steps.AsyncSteps(self._events, self._control.leave)
        if (event := await self._steps.next()) is None:
            raise StopAsyncIteration
        return event

    def __enter__(self) -> "Transcription":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> "Transcription":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._steps is not None:
            await self._steps.close()
        self.close()

    @property
    def ended(self) -> Ended | None:
        """The account of the run, once it has come to its end; before that None."""
        return self._control.ended

    def text(self) -> str:
        """Iterate to the end, and return the finished sentences that came meanwhile, one to a line.

        Raises:
            AsrError: as the iteration does.
        """
        return "\n".join(event.text for event in self if isinstance(event, Final))

    def finish(self) -> None:
        """Take no more audio and wait for the last words. The iteration then ends normally. Safe from any thread."""
        self._control.finishing = True
        if self._control.run is not None:
            self._control.run.finish()

    def close(self) -> None:
        """End it at once and wait for nothing. Safe from any thread; may be called more than once.

        From the thread that iterates, its threads and connections have ended when this returns. From another thread
        the iteration there ends with its next step, without an error.
        """
        self._control.leave()
        with suppress(ValueError):  # another thread runs the generator; `leave` has woken it
            self._events.close()


def _events(
    request: Request, on_event: Callable[[Event], object] | None, control: Control
) -> Generator[Event, None, None]:
    with ExitStack() as stack:
        connection = request.connection
        if connection is None:
            info = request.recognizer or registry.preferred()
            connection = stack.enter_context(local_service(request.recognition, info))
        plan = make_plan(
            request.model, request.recognition, connection, request.pace, request.retries,
            recognizer=request.recognizer,
        )  # fmt: skip
        if request.fallback is not None:
            plan = replace(plan, fallback=stack.enter_context(closing(request.fallback)))
        run = Run(plan, [])
        control.begin(run)
        try:
            for event in stack.enter_context(closing(run.events([request.source], request.notices))):
                if isinstance(event, Ended):
                    control.ended = event
                if on_event is not None:
                    on_event(event)
                yield event
        except KeyboardInterrupt:
            if not control.closing:
                raise
