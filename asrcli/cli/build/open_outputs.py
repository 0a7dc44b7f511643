"""The outputs of one run, open for as long as it lasts: which files take their names, and what stays as a part."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from asrcli.cli.console import print_message
from asrcli.core.errors import AsrError, AudioLost, BudgetReached, OutputError, MultipleErrors

if TYPE_CHECKING:
    from asrcli.cli.build.outputs import OutputBuilder
    from asrcli.outputs.line_writer import LineWriter
    from asrcli.core.interfaces import Output


class Closable(Protocol):
    """What is closed."""

    def close(self) -> None:
        """End it."""
        ...


def in_order(error: BaseException | None, *, live: bool) -> bool:
    """Whether a run that ended so has said all that there is to say; a live one outlives an output that died."""
    if isinstance(error, MultipleErrors):
        return all(in_order(each, live=live) for each in error.errors)
    return error is None or isinstance(error, AudioLost | BudgetReached) or (live and isinstance(error, OutputError))


@contextmanager
def run_outputs(output_builder: "OutputBuilder", behind: "Sequence[Output]" = ()) -> "Iterator[list[Output]]":
    """The outputs of a showing, and behind them others that somebody else closes.

    Raises:
        OutputError: what cannot be written.
    """
    from asrcli.cli.build.outputs import outputs

    if output_builder.place and output_builder.level is not None:
        print_message(f"asr: {output_builder.place}")
    with ExitStack() as stack:
        made, written = outputs(output_builder, stack)
        stack.enter_context(open_outputs(made, written))
        yield [*made, *behind]


@contextmanager
def open_outputs(made: Sequence[Closable], written: "Sequence[LineWriter]") -> Iterator[None]:
    """Close outputs behind the block; files take their names if it ends in order, and else what came is named.

    Raises:
        OutputError: one cannot be closed, and nothing else was wrong.
    """
    error: BaseException | None = None
    try:
        yield
    except BaseException as exc:
        error = exc
        raise
    finally:
        if not in_order(error, live=True):  # an output that died takes no name, and the others went on without it
            for lines in written:
                lines.leave()
        problems = [problem for output in reversed(made) if (problem := _closed(output)) is not None]
        for lines in written:
            if lines.left is not None:
                print_message(f"asr: the run did not end in order: what came of it is in {lines.left}")
        if problems and error is None:
            raise problems[0]
        for problem in problems:
            print_message(f"asr: {problem}")


def _closed(output: Closable) -> AsrError | None:
    try:
        output.close()
    except AsrError as exc:
        return exc
    return None
