"""The outputs of one run while they are open: at the end files get their final names, or stay as .part files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from asrcli.cli.console import print_message
from asrcli.core.errors import (
    AsrError,
    AudioLost,
    BudgetReached,
    CommandNotRun,
    MultipleErrors,
    OutputClosed,
    OutputError,
    combine_errors,
)

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import Opens
    from asrcli.core.interfaces import Output
    from asrcli.outputs.line_writer import LineWriter


class Closable(Protocol):
    """An object with a close method."""

    def close(self) -> None:
        """Close it."""
        ...


def is_transcript_complete(error: BaseException | None, *, live: bool) -> bool:
    """Whether the transcript of a run that ended with this error is complete; a live run survives a failed output."""
    if isinstance(error, MultipleErrors):
        return all(is_transcript_complete(part, live=live) for part in error.errors)
    if error is None or isinstance(error, AudioLost | BudgetReached | CommandNotRun):
        return True
    return live and isinstance(error, OutputError)


@contextmanager
def outputs_with_end(opens: "Opens", at_end: Callable[[BaseException | None], None]) -> "Iterator[list[Output]]":
    """The outputs of a run; after it `at_end` is called with the error that ended the run, or None."""
    error: BaseException | None = None
    try:
        with opens() as outputs:
            yield outputs
    except BaseException as exc:
        error = exc
        raise
    finally:
        at_end(error)


@contextmanager
def failures_at_end(failures: Callable[[], Sequence[OutputError]]) -> Iterator[None]:
    """Raise after the block what `failures` returns then: of files beside the transcript, without which a run goes on.

    Raises:
        OutputError: the failure, or MultipleErrors if there are several, or if the block ended with an error too.
    """
    try:
        yield
    except OutputClosed:
        raise
    except AsrError as exc:
        if not (failed := failures()):
            raise
        errors = [exc]
        if isinstance(exc, MultipleErrors):
            errors = exc.errors
        raise MultipleErrors([*errors, *failed]) from exc
    if failed := failures():
        raise combine_errors(failed)


@contextmanager
def open_outputs(made: Sequence[Closable], written: "Sequence[LineWriter]", *, go_on: bool = True) -> Iterator[None]:
    """Close outputs after the block. Files get their final names if it ended normally; otherwise print where they are.

    With `go_on` the block goes on with the other outputs when one fails. Where it does not, none of them is whole then.

    Raises:
        OutputError: an output cannot be closed, and there was no other error.
        KeyboardInterrupt: the user left while outputs were closed. Files that were not complete by then stay parts.
    """
    error: BaseException | None = None
    try:
        yield
    except BaseException as exc:
        error = exc
        raise
    finally:
        # A failed output gets no final name; the others went on without it.
        if not is_transcript_complete(error, live=go_on):
            for lines in written:
                lines.leave()
        problems, interrupt = _closed(made, written)
        for lines in written:
            if lines.left is not None:
                print_message(f"asr: the run did not end normally: the transcript so far is in {lines.left}")
        error = error or interrupt
        if problems and error is None:
            raise problems[0]
        for problem in problems:
            print_message(f"asr: {problem}")
        if interrupt is not None and error is interrupt:
            raise interrupt


def _closed(
    made: Sequence[Closable], written: "Sequence[LineWriter]"
) -> tuple[list[AsrError], KeyboardInterrupt | None]:
    """Close all outputs; return what went wrong, and what the user interrupted it with."""
    problems: list[AsrError] = []
    interrupt = None
    for output in reversed(made):
        try:
            output.close()
        except AsrError as exc:
            problems.append(exc)
        except KeyboardInterrupt as exc:
            interrupt = exc
            for lines in written:
                lines.leave()
    return problems, interrupt
