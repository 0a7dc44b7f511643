"""What shows the progress of a batch, as the runs of a batch see it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from asrcli.core.errors import AsrError
    from asrcli.runs.batch.active_input import ActiveInput
    from asrcli.runs.batch.decisions import LedgerRow
    from asrcli.runs.batch.scheduler import BatchRun


class BatchView(Protocol):
    """What shows the progress of a batch. The main thread calls it."""

    def ended(self, active: "ActiveInput", row: "LedgerRow") -> None:
        """An input has ended; `row` says how."""
        ...

    def tick(self, batch: "BatchRun") -> None:
        """Some time has passed."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know has happened."""
        ...

    def failed(self, path: str, error: "AsrError") -> None:
        """An input has failed in a batch that has no end, so its reason is shown now."""
        ...
