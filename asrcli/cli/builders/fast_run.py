"""`asr file --fast`: one recording in parts that are transcribed at once."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError, bare_url
from asrcli.runs.batch.batch_budget import BatchBudget
from asrcli.runs.parts.stream_slots import FixedSlots
from asrcli.runs.run import flatten_sources

if TYPE_CHECKING:
    from asrcli.core.events import Notice
    from asrcli.core.interfaces import Output, Source
    from asrcli.engine.connection_pool import ConnectionPool
    from asrcli.runs.budget import Budget
    from asrcli.runs.plan import RunPlan
    from asrcli.runs.run import ConcurrentSources

STREAMS = 8  # parts at once; with the embedded recognizer one for each core
SHORTEST_MS = 60_000  # a shorter part is not worth a task of its own
LONGEST_MS = 600_000


def check_split(option: str, *, vad: bool, each_channel: bool) -> None:
    """Refuse what cannot be cut into parts.

    Raises:
        UsageError: the audio is not cut by the service, or each of its channels is transcribed for itself.
    """
    if not vad:
        raise UsageError(f"{option} with --no-vad: one cuts at silences, the other ends sentences there")
    if each_channel:
        raise UsageError(f"{option} with --each-channel: channels are transcribed at once already")


def check_fast(vad: bool, each_channel: bool, fallback: bool, passthrough: bool, record: bool) -> None:
    """Refuse what --fast cannot do.

    Raises:
        UsageError: one of these is asked for.
    """
    check_split("--fast", vad=vad, each_channel=each_channel)
    if passthrough:
        raise UsageError("--fast with --passthrough: a file that is sent as it is cannot be cut")
    if record:
        raise UsageError("--fast with --record: a record holds one timeline, and each part has its own")
    if fallback:
        raise UsageError("--fast with --fallback: parts do not wait during an outage")


@dataclass(frozen=True)
class FastRun:
    """Transcribes one source in parts, with the money that all runs share."""

    budget: BatchBudget | None
    local: bool

    def transcribe(
        self,
        plan: "RunPlan",
        outputs: "Sequence[Output]",
        idle: "ConnectionPool",
        sources: "Sequence[Source | ConcurrentSources]",
        notices: "Sequence[Notice]",
    ) -> None:
        """Run to the end.

        Raises:
            UsageError: there are several sources, or one whose length is not known.
            AsrError, KeyboardInterrupt: as `SplitRun.transcribe`.
        """
        from asrcli.runs.parts.split_run import SplitRun

        if len(sources) > 1:
            raise UsageError("--fast with several files: they share one transcript", "add --output-dir")
        (source,) = flatten_sources(sources)
        if source.realtime or source.duration_ms is None:
            name = bare_url(source.name)
            if source.name == "-":
                name = "standard input"
            raise UsageError(f"--fast: the length of {name} is not known", "name a file on this disk")
        streams = STREAMS
        if self.local:
            streams = os.cpu_count() or 1
        part_ms = min(LONGEST_MS, max(SHORTEST_MS, source.duration_ms // streams))
        SplitRun(plan, outputs, idle, FixedSlots(streams), part_ms, budget=self.budget).transcribe(source, notices)


def fast_run(budget: "Budget | None", *, local: bool) -> FastRun:
    """A run in parts with the limits of an ordinary one."""
    if budget is None:
        return FastRun(None, local)
    return FastRun(BatchBudget(budget.limit, 0.0, budget.cost, budget.highest_cost, resends=budget.resends), local)
