"""How the inputs of a batch are transcribed: the same on this machine and on a worker of a cluster."""

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.builders.batch.batch_input import InputTranscriber
from asrcli.cli.builders.cost import bounded_price
from asrcli.core.dataclass import dataclass
from asrcli.runs.plan import make_plan

if TYPE_CHECKING:
    from asrcli.cli.builders.library_keeping import LibraryKeeping
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.cli.builders.sources import SourceBuilder
    from asrcli.cli.options.connection import ConnectionOptions
    from asrcli.cli.options.retry import RetryOptions
    from asrcli.core.settings import ConnectionSettings
    from asrcli.dashscope.prices import Price
    from asrcli.engine.connection_pool import ConnectionPool
    from asrcli.runs.batch.batch_budget import BatchBudget
    from asrcli.runs.batch.staging import Staging
    from asrcli.runs.plan import RunPlan


@dataclass(frozen=True)
class BatchSetup:
    """What the command line says about each input. It contains no key, so it can be sent to a worker.

    Attributes:
        pace: How fast audio is sent, as times real time; None is as fast as it is taken.
        split_ms: How long the parts of a long recording are; None cuts none.
    """

    source_builder: "SourceBuilder"
    output_builder: "OutputBuilder"
    connection_options: "ConnectionOptions"
    retry_options: "RetryOptions"
    uses_transcript_context: bool
    pace: float | None
    split_ms: int | None

    def connection(self, stack: ExitStack) -> "ConnectionSettings":
        """The service, with the key that this machine has; the embedded recognizer is started.

        Raises:
            UsageError: there is no key, or an option is not valid.
        """
        return self.retry_options.applied_to(
            self.connection_options.service_connection(stack, self.source_builder.recognition)
        )

    def plan(self, connection: "ConnectionSettings") -> "RunPlan":
        """How each run takes place."""
        plan = make_plan(
            self.source_builder.model,
            self.source_builder.recognition,
            connection,
            self.pace,
            self.retry_options.retry_settings(),
            recognizer=self.connection_options.recognizer,
            temporary_key=self.connection_options.temporary_key,
            uses_transcript_context=self.uses_transcript_context,
        )
        return replace(plan, describe=described)

    def service(self, plan: "RunPlan") -> str:
        """The address of the service; empty for the embedded recognizer."""
        return "" if self.connection_options.local else plan.connection.url

    def transcriber(
        self,
        plan: "RunPlan",
        idle: "ConnectionPool",
        staging: "Staging",
        library: "LibraryKeeping",
        budget: "BatchBudget | None",
    ) -> InputTranscriber:
        """What transcribes an input."""
        return InputTranscriber(
            plan, idle, self.source_builder.recognition, self.source_builder, self.output_builder, staging,
            self.service(plan), library, budget, self.split_ms,
        )  # fmt: skip

    def price(self, region: str) -> "Price":
        """The price of the model in a region, by which a budget can be kept.

        Raises:
            UsageError: it is not known.
        """
        return bounded_price(self.source_builder.model, region, local=self.connection_options.local)

    @property
    def resends(self) -> bool:
        """Whether a lost connection is replaced, and audio is sent again."""
        return self.retry_options.retry_settings().limit != 0
