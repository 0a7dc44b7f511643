"""A part of a run while it is transcribed, and what its events are on the way to the outputs of the whole."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from queue import Empty, SimpleQueue
from typing import TypeVar

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError, AudioLost, combine_errors
from asrcli.core.event_placement import label_event
from asrcli.core.events import Billed, Ended, Event, Usage
from asrcli.core.interfaces import Output
from asrcli.core.transcript import Transcript
from asrcli.engine.outbox import WAIT_S
from asrcli.runs.batch.batch_budget import BudgetShare
from asrcli.runs.parts.splitter import SplitPart
from asrcli.runs.run import Run

T = TypeVar("T")


@dataclass(frozen=True)
class PartEvents:
    """The output of the run of a part: passes its events on, with the number of the part, up to the account.

    Attributes:
        outputs: The outputs of the whole run.
    """

    number: int
    put: Callable[[tuple[int, Event, None]], object]
    outputs: Sequence[Output] = ()

    @property
    def shows_progress(self) -> bool:
        """Whether an output of the whole run shows the progress, and that the service is called."""
        return any(getattr(output, "shows_progress", False) for output in self.outputs)

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Pass an event on."""
        del transcript
        self.put((self.number, event, None))

    def close(self) -> None:
        """Do nothing: the run of the part says itself when it is over."""


@dataclass
class RunningPart:
    """A part, its run once it has begun, and its events that wait for those of earlier parts.

    Attributes:
        ended: The account of its run.
        is_over: Its run is over, or an earlier run has transcribed all of it.
        whole: All of it has text, is silence or is named as a gap.
        error: What ended its run early.
    """

    split: SplitPart
    run: Run | None = None
    share: BudgetShare | None = None
    waiting: deque[Event] = field(default_factory=deque)
    ended: Ended | None = None
    billed: Billed = Billed(Usage())
    sent_ms: int = 0
    is_over: bool = False
    whole: bool = False
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self.is_over = self.whole = self.split.source is None
        for event in self.split.said:
            self.wait(event)

    def wait(self, event: Event) -> None:
        """Keep an event for its turn. The number of the part in the keys of sentences makes them differ."""
        self.waiting.append(_unlabelled(label_event(event, str(self.split.number))))


def pass_to_all(outputs: Sequence[Output], event: Event, transcript: Transcript) -> None:
    """Pass an event to outputs.

    Raises:
        KeyboardInterrupt: the user has interrupted one of them; the others have the event.
        OutputError: one of them cannot be written.
    """
    left = False
    for output in outputs:
        try:
            output.handle(event, transcript)
        except KeyboardInterrupt:
            left = True
    if left:
        raise KeyboardInterrupt


def failures(parts: Sequence[RunningPart], split_error: BaseException | None) -> list[AsrError]:
    """Return the errors that ended parts early, or the reading; lost audio is none.

    Raises:
        BaseException: one of them is a fault of ours.
    """
    errors: list[AsrError] = []
    for error in [*(part.error for part in parts), split_error]:
        if isinstance(error, AsrError) and not isinstance(error, AudioLost):
            errors.append(error)
        elif error is not None and not isinstance(error, AsrError | KeyboardInterrupt):
            raise error
    return errors


def raise_what_ended(errors: Sequence[AsrError], lost_ms: int, *, stopped: bool) -> None:
    """Raise what ended the run, if it did not come to its end without a gap.

    Raises:
        AsrError: there are errors; AudioLost: audio is lost.
        KeyboardInterrupt: the user stopped the run.
    """
    if errors:
        raise combine_errors(errors)
    if stopped:
        raise KeyboardInterrupt
    if lost_ms:
        raise AudioLost(lost_ms)


def _unlabelled(event: Event) -> Event:
    if any(each.name == "speaker" for each in fields(event)):
        return replace(event, speaker="")  # type: ignore[arg-type]
    return event


def next_item(queue: "SimpleQueue[T]", wait_s: float = WAIT_S) -> T:
    """Wait for the next item of a queue of the main thread, for `wait_s` at once, so that Ctrl-C ends it everywhere."""
    while wait_s > 0:
        with suppress(Empty):
            return queue.get(timeout=wait_s)
    return queue.get()
