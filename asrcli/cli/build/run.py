"""From options to objects: the log, the key, whom to ask, and the run itself. What transcribing commands share."""

import errno
import logging
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.dashscope.catalogue import INFERENCE, OMNI, REALTIME, TRANSLATION, Model
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.console import print_message
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.dashscope.context import TranscriptMemory
from asrcli.core.errors import AsrError, AudioLost, OutputClosed, OutputError, MultipleErrors, SourceError, bare_url, combine_errors
from asrcli.core.events import Notice
from asrcli.dashscope.prices import Price
from asrcli.cli.build.cost import bounded_price
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.runs.budget import Budget
from asrcli.runs.budget import BudgetedSource
from asrcli.runs.run import ConcurrentSources
from asrcli.runs.run import HOPELESS, Run, flatten_sources
from asrcli.runs.run import RunPlan
from asrcli.runs.run import flatten_sources

if TYPE_CHECKING:
    from asrcli.cli.build.outputs import Opens
    from asrcli.core.interfaces import ClientCodec, Source

# Where the client end of each wire is; one is loaded when it is to be spoken.
CLIENTS = {
    INFERENCE: ("inference.codec", "InferenceClient"),
    TRANSLATION: ("inference.codec", "TranslationClient"),
    REALTIME: ("realtime.codec", "RealtimeClient"),
    OMNI: ("omni.codec", "OmniClient"),
}
RECOGNIZER = "pocketsphinx"  # what hears with --local, whatever model is asked for
EMBEDDED = "embedded recognizer: US English only, modest accuracy, offline"


@dataclass(frozen=True)
class RunBuilder:
    """What is asked of whom: all that a run needs but its sources and outputs.

    Attributes:
        connection: What `service` came to.
        told: What a user should know before the first word.
        remembers: The last sentences are context for the next.
        budget: What all of it may cost, in CNY.
        quiet: Nobody is told anything before the end.
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

    def run(
        self, runs: "Sequence[tuple[Sequence[Source | ConcurrentSources], Opens]]", failures: Sequence[AsrError] = ()
    ) -> None:
        """Transcribe sources into outputs, run after run; one that fails does not stop the others.

        Outputs are opened when their run begins, and closed when it ends.

        Raises:
            AsrError: what failed, before or now; Several, if it was more than one.
        """

        notices = self._notices(runs, failures)
        plan, failed, budget = self._plan(), list(failures), self._budget()
        with closing(ConnectionPool()) as idle:
            for number, (sources, opens) in enumerate(runs, 1):
                heard = sources if budget is None else limit_sources(sources, budget)
                try:
                    with opens() as outputs:
                        for each in failures:
                            each.told = True  # among the notices of the first run
                        Run(plan, [*outputs, *([budget] if budget else [])], idle).transcribe(heard, notices)
                except AsrError as exc:
                    now = exc.errors if isinstance(exc, MultipleErrors) else [exc]
                    failed += now
                    if isinstance(exc, (*HOPELESS, OutputClosed, OutputError)):
                        break
                    if len(runs) > 1:
                        self._tell(now, flatten_sources(sources)[0].name, last=number == len(runs))
                notices = []
        if failed:
            for each in failed:
                each.told = each.told and not self.quiet
            # What was told when it happened is only counted at the end.
            raise MultipleErrors(failed) if any(each.told for each in failed) else combine_errors(failed)

    def _tell(self, errors: "Sequence[AsrError]", name: str, *, last: bool) -> None:
        """Say at once what was wrong with an input, with its name; behind the `last` one the end says it."""
        for each in errors:
            if isinstance(each, AudioLost):
                each.path = name
            if not each.told and not self.quiet and not last:
                print_message(f"asr: {each}" if isinstance(each, SourceError | AudioLost) else f"asr: {bare_url(name)}: {each}")
                each.told = True

    @property
    def price(self) -> Price | None:
        """What the region asked charges; None where nobody knows."""
        return self.model.prices.get(self.connection.region)

    def _budget(self) -> "Budget | None":
        if self.budget is None:
            return None

        recognition, price = self.recognition, bounded_price(self.model, self.connection.region, local=self.service.local)
        again = self.retries.limit != 0
        return Budget(self.budget, lambda u: price.cost(u, recognition), lambda s: price.forecast(s, recognition)[1], again)

    def _notices(
        self, runs: "Sequence[tuple[Sequence[Source | ConcurrentSources], Opens]]", failures: Sequence[AsrError]
    ) -> list[Notice]:
        told = [*map(str, failures), *([EMBEDDED] if self.service.local else []), *self.notices]
        if self.service.local and any(source.format.rate < 16000 for sources, _ in runs for source in flatten_sources(sources)):
            told.append("at 8000 Hz it makes about twice the errors of 16000 Hz")
        return [Notice("warning", text) for text in told]

    def _plan(self) -> "RunPlan":
        if self.service.temporary_key:
            from asrcli.transport.temporary_key import dial_with_temporary_key as dial
        else:
            from asrcli.transport.websocket import dial
        memories: dict[int, TranscriptMemory] = {}

        def codec(source: "Source") -> "ClientCodec":
            recognition = replace(self.recognition, rate=source.format.rate, audio_format=source.audio_format)
            if not self.uses_transcript_context:
                return client_codec(self.model.wire, recognition)
            return client_codec(self.model.wire, recognition, memories.setdefault(id(source), TranscriptMemory(recognition.context)))

        price = self.price
        cost = (lambda usage: price.cost(usage, self.recognition)) if price is not None else (lambda _: None)
        heard_by = RECOGNIZER if self.service.local else self.recognition.model
        return RunPlan(heard_by, codec, dial, self.connection, self.pace, self.retries, self.service.local, cost)


def limit_sources(sources: "Sequence[Source | ConcurrentSources]", budget: "Budget") -> "list[Source | ConcurrentSources]":
    """The sources, each as far as the budget reaches."""

    def bounded(source: "Source | ConcurrentSources") -> "Source | ConcurrentSources":
        if isinstance(source, ConcurrentSources):
            return ConcurrentSources(tuple(BudgetedSource(each, budget) for each in source.sources))
        return BudgetedSource(source, budget)

    return [bounded(source) for source in sources]


def client_codec(wire: str, recognition: RecognitionSettings, memory: TranscriptMemory | None = None) -> "ClientCodec":
    """The client end of a wire for one task; with a memory, what was said last is its context."""
    module, name = CLIENTS[wire]
    made: Callable[..., ClientCodec] = getattr(import_module(f"asrcli.protocol.{module}"), name)
    return made(recognition, _new_id) if memory is None else made(recognition, _new_id, memory)


def _new_id() -> str:
    return uuid.uuid4().hex
