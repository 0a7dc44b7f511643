"""From options to a run: codec, connection, budget and notices. All transcribing commands use it."""

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.console import print_message
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import (
    AsrError,
    AudioLost,
    CommandNotRun,
    MultipleErrors,
    OutputClosed,
    OutputError,
    SourceError,
    bare_url,
    combine_errors,
)
from asrcli.core.events import Notice
from asrcli.core.garbage_collection import collect_less_often
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.prices import Price
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.recognizers import registry
from asrcli.runs.plan import RunPlan, make_plan
from asrcli.runs.run import HOPELESS, ConcurrentSources, Run, flatten_sources
from asrcli.terminal.interrupts import interrupted_between, interruptible

if TYPE_CHECKING:
    from asrcli.cli.builders import cost, fast_run
    from asrcli.cli.builders.outputs import Opens
    from asrcli.core.interfaces import Output, Source
    from asrcli.runs import budget as budgets
    from asrcli.runs.fallback import Fallback
    from asrcli.runs.wire_recording import WireRecorder
else:
    budgets = LazyModule("asrcli.runs.budget")
    cost = LazyModule("asrcli.cli.builders.cost")
    fast_run = LazyModule("asrcli.cli.builders.fast_run")


@dataclass(frozen=True)
class RunBuilder:
    """Everything that a run needs except its sources and outputs.

    Attributes:
        connection: The settings that follow from `service`.
        pace: How fast audio is sent, as times real time; None is as fast as it is taken.
        notices: What the user should know before the first word.
        uses_transcript_context: The last sentences are context for the next.
        budget: What all runs together may cost, in CNY.
        quiet: No error is printed before the end.
        fallback: What hears while the service is away; None for nothing.
        recorder: Keeps a record of all connections; None for none.
        fast: A source is cut into parts, which are transcribed at once.
    """

    model: Model
    recognition: RecognitionSettings
    connection: ConnectionSettings
    pace: float | None
    retries: RetrySettings
    service: ConnectionOptions
    notices: Sequence[str] = ()
    uses_transcript_context: bool = False
    budget: float | None = None
    quiet: bool = False
    fallback: "Fallback | None" = None
    recorder: "WireRecorder | None" = None
    fast: bool = False

    def run(
        self, runs: "Sequence[tuple[Sequence[Source | ConcurrentSources], Opens]]", failures: Sequence[AsrError] = ()
    ) -> None:
        """Transcribe sources into outputs, one run after the other; a run that fails does not stop the others.

        Outputs are opened when their run begins, and closed when it ends.

        Raises:
            AsrError: the failure, of an input before the runs or of a run; MultipleErrors if there are several.
        """
        notices = self._notices(runs, failures)
        plan = self._plan()
        collect_less_often()
        failed = list(failures)
        budget = self._budget()
        fast = fast_run.fast_run(budget, local=self.service.local) if self.fast else None
        fallback = closing(self.fallback) if self.fallback else nullcontext()
        with interrupted_between(), closing(ConnectionPool()) as idle, fallback:
            for number, (sources, opens) in enumerate(runs, 1):
                try:
                    with opens() as opened:
                        outputs = opened if self.recorder is None else [*opened, self.recorder]
                        for failure in failures:
                            failure.reported = True  # they are among the notices of the first run
                        if fast is not None:
                            fast.transcribe(plan, outputs, idle, sources, notices)
                        else:
                            _transcribe(plan, outputs, idle, sources, notices, budget)
                except AsrError as exc:
                    errors = exc.errors if isinstance(exc, MultipleErrors) else [exc]
                    failed += errors
                    if isinstance(exc, (*HOPELESS, OutputClosed, OutputError)) and not isinstance(exc, CommandNotRun):
                        break
                    if len(runs) > 1:
                        self._print_errors(errors, flatten_sources(sources)[0].name, last=number == len(runs))
                notices = []
        if failed:
            for error in failed:
                error.reported = error.reported and not self.quiet
            # Errors that were printed when they happened are only counted at the end.
            if any(error.reported for error in failed):
                raise MultipleErrors(failed)
            raise combine_errors(failed)

    def _print_errors(self, errors: "Sequence[AsrError]", name: str, *, last: bool) -> None:
        """Print at once what was wrong with an input. After the `last` input this is left to the end of the program."""
        for error in errors:
            if isinstance(error, AudioLost):
                error.path = name
            if error.reported or self.quiet or last:
                continue
            if isinstance(error, SourceError | AudioLost):  # they name the input themselves
                print_message(f"asr: {described(error)}")
            else:
                print_message(f"asr: {bare_url(name)}: {described(error)}")
            error.reported = True

    @property
    def price(self) -> Price | None:
        """The price of the model in the region that is asked; None if it is not known."""
        return self.model.prices.get(self.connection.region)

    def _budget(self) -> "budgets.Budget | None":
        if self.budget is None:
            return None
        recognition = self.recognition
        price = cost.bounded_price(self.model, self.connection.region, local=self.service.local)
        resends = self.retries.limit != 0
        return budgets.Budget(
            self.budget, lambda u: price.cost(u, recognition), lambda s: price.forecast(s, recognition)[1], resends
        )

    def _notices(
        self, runs: "Sequence[tuple[Sequence[Source | ConcurrentSources], Opens]]", failures: Sequence[AsrError]
    ) -> list[Notice]:
        texts = [described(failure) for failure in failures]
        recognizer = self.service.recognizer
        if recognizer is not None:
            texts.append(f"embedded recognizer: {recognizer.heard_by}, {recognizer.description}")
            if not self.service.engine and (advice := registry.advice_on_better(recognizer)):
                texts.append(advice)
        texts += self.notices
        rates = [source.format.rate for sources, _ in runs for source in flatten_sources(sources)]
        if recognizer is not None and any(rate < min(recognizer.rates, default=0) for rate in rates):
            texts.append(f"below {min(recognizer.rates)} Hz it makes more errors, at 8000 Hz about twice as many")
        return [Notice("warning", text) for text in texts]

    def _plan(self) -> RunPlan:
        plan = make_plan(
            self.model,
            self.recognition,
            self.connection,
            self.pace,
            self.retries,
            recognizer=self.service.recognizer,
            temporary_key=self.service.temporary_key,
            uses_transcript_context=self.uses_transcript_context,
        )
        recorded = None if self.recorder is None else self.recorder.recorded
        return replace(plan, interruptible=interruptible, describe=described, fallback=self.fallback, recorded=recorded)


def _transcribe(
    plan: RunPlan,
    outputs: "Sequence[Output]",
    idle: ConnectionPool,
    sources: "Sequence[Source | ConcurrentSources]",
    notices: Sequence[Notice],
    budget: "budgets.Budget | None",
) -> None:
    """Transcribe the sources of one run, within a budget if there is one."""
    if budget is None:
        Run(plan, outputs, idle).transcribe(sources, notices)
    else:
        Run(plan, [*outputs, budget], idle).transcribe(budgets.limit_sources(sources, budget), notices)
