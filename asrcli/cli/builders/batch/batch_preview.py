"""What a run of a batch would do, and what it would cost, printed before anything is sent."""

from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.builders.batch.batch_plan import remembered_rows
from asrcli.cli.builders.cost import print_estimate
from asrcli.cli.builders.sources import file_sources
from asrcli.cli.console import print_message
from asrcli.cli.render.batch_tables import print_plan
from asrcli.core.errors import MultipleErrors, SourceError
from asrcli.runs.batch.input_files import find_inputs
from asrcli.runs.batch.remote_store import is_stored, is_web

if TYPE_CHECKING:
    from asrcli.cli.builders.batch.batch_run import BatchRequest


def preview(request: "BatchRequest", *, estimate: bool) -> None:
    """Print what the run of a request would do, or what it would cost.

    Raises:
        UsageError: the price is not known.
        AsrError: inputs cannot be read.
    """
    found = (
        request.found_inputs()
        if request.watched is None
        else find_inputs([*request.words, str(request.watched)], request.out)
    )
    plan = request.planner.plan(found, remembered_rows(request.out))
    failures = [error for _, error in plan.failures]
    if not estimate:
        print_plan(request.folder, plan)
        for error in failures:
            print_message(f"asr: {described(error)}")
            error.reported = True
    elif plan.tasks:
        builder = request.setup.source_builder
        unknown = [task.given for task in plan.tasks if is_stored(task.given.path) and not is_web(task.given.path)]
        failures += [SourceError(one.identity, "its length is unknown until it has been downloaded") for one in unknown]
        known = [task.given.path for task in plan.tasks if task.given not in unknown]
        sources, more = file_sources(known, builder) if known else ([], [])
        print_estimate(
            sources, [*failures, *more], builder.model, builder.recognition, request.setup.connection_options
        )
    elif not failures:
        print_message("asr: every input is finished, so that nothing would be charged")
    if failures:
        raise MultipleErrors(failures)
