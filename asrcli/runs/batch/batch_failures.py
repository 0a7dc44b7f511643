"""What a failed input means for a batch: whether the next one would fail too, and whether an input has changed."""

from collections.abc import Sequence

from asrcli.core.errors import (
    AsrError,
    BudgetReached,
    ClusterGone,
    ConnectFailed,
    EngineUnavailable,
    OutputError,
    ServiceRefused,
    SourceError,
)
from asrcli.recovery.classify import FaultClass, classify
from asrcli.runs.batch.active_input import BatchTask
from asrcli.runs.batch.input_files import input_stamp

SAME_FAILURES = 3  # this many inputs in a row that cannot connect, or cannot write, end the batch


def would_fail_again(failures: Sequence[AsrError]) -> bool:
    """Whether the next input would fail as the last one did; `failures` are those since an input ended well."""
    error = failures[-1]
    if isinstance(error, BudgetReached | ClusterGone | EngineUnavailable):
        return True
    if isinstance(error, ServiceRefused):  # a wrong parameter may be about the audio of one input
        return classify(error, live=False) is FaultClass.FATAL and not error.code.startswith("InvalidParameter")
    last = [type(failure) for failure in failures[-SAME_FAILURES:]]
    return isinstance(error, ConnectFailed | OutputError) and last == [type(error)] * SAME_FAILURES


def changed_input(task: BatchTask) -> SourceError | None:
    """The error for an input that is another one now than when it was begun."""
    try:
        is_same = input_stamp(task.given.path) == task.row.stamp
    except SourceError:
        is_same = True  # it was removed after it had been read
    if is_same:
        return None
    return SourceError(task.given.path, "has changed while it was read: the next run transcribes it again")
