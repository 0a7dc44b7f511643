"""From options to objects: the log, the key, whom to ask, and the run itself. What transcribing commands share."""

import errno
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.dashscope.catalogue import Model
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.console import print_message
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.dashscope.context import TranscriptMemory
from asrcli.core.errors import AsrError, AudioLost, OutputClosed, OutputError, MultipleErrors, SourceError, bare_url, combine_errors
from asrcli.core.events import Notice
from asrcli.dashscope.prices import Price
from asrcli.recognizers import registry

if TYPE_CHECKING:
    from asrcli.runs.budget import Budget
    from asrcli.cli.build.outputs import Opens
    from asrcli.runs.run import RunPlan, ConcurrentSources
    from asrcli.core.interfaces import ClientCodec, Source

LOG_BYTES, LOG_FILES = 1_000_000, 3


def log_to(path: Path | None, *, on_screen: bool = False) -> None:
    """Send our own log to a rotating file. Only ours: a library's debug log of a handshake would show the key.

    `on_screen` puts its information on standard error as well.
    """
    from asrcli.outputs.event_log import OneLineFormatter

    logging.raiseExceptions = False  # a full disk under the log must not tear the screen
    logger = logging.getLogger("asrcli")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    if on_screen:
        screen = logging.StreamHandler()
        screen.setFormatter(OneLineFormatter("asr: %(asctime)s %(message)s"))
        screen.setLevel(logging.INFO)
        logger.addHandler(screen)
        logger.setLevel(logging.INFO)
    if path is None:
        return
    from logging.handlers import RotatingFileHandler

    from asrcli.outputs.overwrite_check import check_log_overwrite
    from asrcli.outputs.line_writer import FOREIGN_LINK, is_foreign_link

    try:
        for each in (path, *(path.with_name(f"{path.name}.{number}") for number in range(1, LOG_FILES + 1))):
            problem = FOREIGN_LINK if is_foreign_link(each) else "is a directory" if each.is_dir() else check_log_overwrite(each)
            if problem:
                raise OutputError(str(each), problem)
        if path.is_fifo():  # to open a pipe that nobody reads would wait for ever; this does not
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    except (OSError, ValueError) as exc:
        is_unread = isinstance(exc, OSError) and exc.errno == errno.ENXIO
        reason = "is a pipe that nobody reads" if is_unread else getattr(exc, "strerror", None) or str(exc)
        raise OutputError(str(path), reason) from exc
    handler.setFormatter(OneLineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)


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
        from asrcli.engine.connection_pool import ConnectionPool
        from asrcli.runs.run import HOPELESS, Run, flatten_sources

        notices = self._notices(runs, failures)
        plan, failed, budget = self._plan(), list(failures), self._budget()
        with closing(ConnectionPool()) as idle:
            for number, (sources, opens) in enumerate(runs, 1):
                heard = sources if budget is None else limit_sources(sources, budget)
                try:
                    with opens() as outputs:
                        for each in failures:
                            each.reported = True  # among the notices of the first run
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
                each.reported = each.reported and not self.quiet
            # What was told when it happened is only counted at the end.
            raise MultipleErrors(failed) if any(each.reported for each in failed) else combine_errors(failed)

    def _tell(self, errors: "Sequence[AsrError]", name: str, *, last: bool) -> None:
        """Say at once what was wrong with an input, with its name; behind the `last` one the end says it."""
        for each in errors:
            if isinstance(each, AudioLost):
                each.path = name
            if not each.reported and not self.quiet and not last:
                print_message(f"asr: {each}" if isinstance(each, SourceError | AudioLost) else f"asr: {bare_url(name)}: {each}")
                each.reported = True

    @property
    def price(self) -> Price | None:
        """What the region asked charges; None where nobody knows."""
        return self.model.prices.get(self.connection.region)

    def _budget(self) -> "Budget | None":
        if self.budget is None:
            return None
        from asrcli.runs.budget import Budget
        from asrcli.cli.options.budget import at_most

        recognition, price = self.recognition, at_most(self.model, self.connection.region, local=self.service.local)
        again = self.retries.limit != 0
        return Budget(self.budget, lambda u: price.cost(u, recognition), lambda s: price.forecast(s, recognition)[1], again)

    def _notices(
        self, runs: "Sequence[tuple[Sequence[Source | ConcurrentSources], Opens]]", failures: Sequence[AsrError]
    ) -> list[Notice]:
        from asrcli.runs.run import flatten_sources

        told = [*map(str, failures), *([f"embedded recognizer: {registry.LOCAL.description}"] if self.service.local else []), *self.notices]
        if self.service.local and any(source.format.rate < min(registry.LOCAL.rates, default=0) for sources, _ in runs for source in flatten_sources(sources)):
            told.append("at 8000 Hz it makes about twice the errors of 16000 Hz")
        return [Notice("warning", text) for text in told]

    def _plan(self) -> "RunPlan":
        from asrcli.runs.run import RunPlan

        if self.service.temporary_key:
            from asrcli.transport.temporary_key import dial_with_temporary_key as dial
        else:
            from asrcli.transport.websocket import dial
        from asrcli.transport.identifiers import new_id

        memories: dict[int, TranscriptMemory] = {}

        def codec(source: "Source") -> "ClientCodec":
            recognition = replace(self.recognition, rate=source.format.rate, audio_format=source.audio_format)
            memory = None
            if self.uses_transcript_context:
                memory = memories.setdefault(id(source), TranscriptMemory(recognition.context))
            return self.model.traits.client_codec(recognition, new_id, memory)

        price = self.price
        cost = (lambda usage: price.cost(usage, self.recognition)) if price is not None else (lambda _: None)
        heard_by = registry.LOCAL.name if self.service.local else self.recognition.model
        return RunPlan(heard_by, codec, dial, self.connection, self.pace, self.retries, self.service.local, cost)


def limit_sources(sources: "Sequence[Source | ConcurrentSources]", budget: "Budget") -> "list[Source | ConcurrentSources]":
    """The sources, each as far as the budget reaches."""
    from asrcli.runs.budget import BudgetedSource
    from asrcli.runs.run import ConcurrentSources

    def bounded(source: "Source | ConcurrentSources") -> "Source | ConcurrentSources":
        if isinstance(source, ConcurrentSources):
            return ConcurrentSources(tuple(BudgetedSource(each, budget) for each in source.sources))
        return BudgetedSource(source, budget)

    return [bounded(source) for source in sources]
