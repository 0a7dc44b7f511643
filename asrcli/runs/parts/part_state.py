"""A part of a run while it is transcribed, and what its events are on the way to the outputs of the whole."""

from dataclasses import fields, replace

from asrcli.core.dataclass import dataclass, field
from asrcli.core.event_placement import label_event
from asrcli.core.events import Billed, Ended, Event, Usage
from asrcli.runs.budget import Budget
from asrcli.runs.parts.splitter import SplitPart
from asrcli.runs.run import Run


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
    share: Budget | None = None
    waiting: list[Event] = field(default_factory=list)
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


def _unlabelled(event: Event) -> Event:
    if any(each.name == "speaker" for each in fields(event)):
        return replace(event, speaker="")  # type: ignore[arg-type]
    return event
