"""What a run of a batch does with each input, by what the ledger remembers of it. Pure."""

from dataclasses import replace
from enum import StrEnum

from asrcli.core.dataclass import dataclass


class BatchState(StrEnum):
    """How far an input has got."""

    WAITING = "waiting"  # nothing was sent yet
    BEGUN = "begun"  # some of it has text, which its journal keeps
    PUBLISHING = "publishing"  # all of it has text, and its files get their names
    FINISHED = "finished"
    FAILED = "failed"


class Action(StrEnum):
    """What is done with an input."""

    SKIP = "skip"  # it is finished
    NEW = "new"  # from its start
    GO_ON = "go on"  # from its last final, if its journal can be read


@dataclass(frozen=True)
class InputStamp:
    """What shows whether an input has changed: size and time of a file, or the tag of an address; None if unknown."""

    size_bytes: int | None = None
    mtime_ns: int | None = None
    etag: str = ""


@dataclass(frozen=True)
class LedgerRow:
    """What the ledger remembers of an input.

    Attributes:
        path: The input: an absolute path without links, or an address without its query.
        name: The name of its transcript, without a suffix.
        settings: Digest of the settings that its text depends on.
        model: The model that was asked for.
        engine: The recognizer that answered; empty for the service and before the first answer.
        attempts: How often it was begun from its start.
        audio_ms: How much audio it holds, once that is known.
        seconds: How long its runs took, together.
        cost: What its runs cost, in CNY; None without a price.
        reason: Why it failed or was left, or what a finished recording lacks, as a sentence.
        code: The exit code of that reason.
        files: The names of its transcripts in the folder of the batch.
        earlier: The names of those that earlier runs have written, perhaps in other formats.
        changed: When this row was last written, as ISO 8601.
    """

    path: str
    name: str = ""
    stamp: InputStamp = InputStamp()
    settings: str = ""
    model: str = ""
    engine: str = ""
    state: BatchState = BatchState.WAITING
    attempts: int = 0
    audio_ms: int | None = None
    seconds: float = 0.0
    cost: float | None = None
    reason: str = ""
    code: int = 0
    files: tuple[str, ...] = ()
    changed: str = ""
    earlier: tuple[str, ...] = ()

    @property
    def written(self) -> set[str]:
        """The names of all transcripts in the folder of the batch that may be its own."""
        return {*self.files, *self.earlier}

    def with_files(self, files: tuple[str, ...]) -> "LedgerRow":
        """The row with these transcripts. Those that it had are not forgotten, if they were written."""
        earlier = self.earlier
        if self.state in {BatchState.FINISHED, BatchState.PUBLISHING}:
            earlier = tuple(sorted({*earlier, *self.files}))
        return replace(self, files=files, earlier=earlier)

    def spent(self, cost: float | None, seconds: float) -> "LedgerRow":
        """The row with the cost and the time of one more run."""
        if cost is not None:
            cost += self.cost or 0.0
        return replace(self, cost=self.cost if cost is None else cost, seconds=self.seconds + seconds)


@dataclass(frozen=True)
class Decision:
    """What is done with an input, and why, in a few words."""

    action: Action
    why: str


def decide(
    row: LedgerRow | None, stamp: InputStamp, settings: str, *, force: bool = False, files_exist: bool = True
) -> Decision:
    """Return what to do with an input.

    Args:
        row: What the ledger remembers; None for an input that it does not know.
        stamp: The input as it is now.
        settings: Digest of the settings of this run.
        force: Inputs are transcribed again, although they are finished.
        files_exist: The transcripts that the row names are there.
    """
    if row is None or row.state is BatchState.WAITING:
        return Decision(Action.NEW, "new")
    if force:
        return Decision(Action.NEW, "again")
    if row.stamp != stamp:
        return Decision(Action.NEW, "the input has changed")
    if row.settings != settings:
        return Decision(Action.NEW, "the settings have changed")
    if row.state is BatchState.FINISHED and files_exist:
        return Decision(Action.SKIP, "finished")
    if row.state is BatchState.FINISHED:
        return Decision(Action.NEW, "its transcript is gone")
    if row.state is BatchState.FAILED:
        return Decision(Action.GO_ON, f"failed: {row.reason}")
    return Decision(Action.GO_ON, "begun")
