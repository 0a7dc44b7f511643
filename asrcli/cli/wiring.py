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

from asrcli.catalogue import INFERENCE, OMNI, REALTIME, TRANSLATION, Model
from asrcli.cli.service import Service
from asrcli.cli.telling import tell
from asrcli.config import Connection, Recognition, Retries
from asrcli.context import Memory
from asrcli.errors import AsrError, AudioLost, NobodyReads, OutputError, Several, SourceError, bare, together
from asrcli.events import Notice
from asrcli.prices import Price

if TYPE_CHECKING:
    from asrcli.budget import Budget
    from asrcli.cli.showing import Opens
    from asrcli.run import Plan, Together
    from asrcli.seams import ClientCodec, Source

LOG_BYTES, LOG_FILES = 1_000_000, 3
# Where the client end of each wire is; one is loaded when it is to be spoken.
CLIENTS = {
    INFERENCE: ("inference", "Client"),
    TRANSLATION: ("inference", "Translating"),
    REALTIME: ("realtime", "Client"),
    OMNI: ("omni", "Client"),
}
RECOGNIZER = "pocketsphinx"  # what hears with --local, whatever model is asked for
EMBEDDED = "embedded recognizer: US English only, modest accuracy, offline"


def log_to(path: Path | None, *, on_screen: bool = False) -> None:
    """Send our own log to a rotating file. Only ours: a library's debug log of a handshake would show the key.

    `on_screen` puts its information on standard error as well.
    """
    from asrcli.outputs.log import Lined

    logging.raiseExceptions = False  # a full disk under the log must not tear the screen
    logger = logging.getLogger("asrcli")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    if on_screen:
        screen = logging.StreamHandler()
        screen.setFormatter(Lined("asr: %(asctime)s %(message)s"))
        screen.setLevel(logging.INFO)
        logger.addHandler(screen)
        logger.setLevel(logging.INFO)
    if path is None:
        return
    from logging.handlers import RotatingFileHandler

    from asrcli.outputs.existing import no_log
    from asrcli.outputs.lines import FOREIGN_LINK, is_foreign_link

    try:
        for each in (path, *(path.with_name(f"{path.name}.{number}") for number in range(1, LOG_FILES + 1))):
            problem = FOREIGN_LINK if is_foreign_link(each) else "is a directory" if each.is_dir() else no_log(each)
            if problem:
                raise OutputError(str(each), problem)
        if path.is_fifo():  # to open a pipe that nobody reads would wait for ever; this does not
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    except (OSError, ValueError) as exc:
        is_unread = isinstance(exc, OSError) and exc.errno == errno.ENXIO
        reason = "is a pipe that nobody reads" if is_unread else getattr(exc, "strerror", None) or str(exc)
        raise OutputError(str(path), reason) from exc
    handler.setFormatter(Lined("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)


@dataclass(frozen=True)
class Asks:
    """What is asked of whom: all that a run needs but its sources and outputs.

    Attributes:
        connection: What `service` came to.
        told: What a user should know before the first word.
        remembers: The last sentences are context for the next.
        budget: What all of it may cost, in CNY.
        quiet: Nobody is told anything before the end.
    """

    model: Model
    asked: Recognition
    connection: Connection
    pace: float | None
    retries: Retries
    service: Service
    told: Sequence[str] = ()
    remembers: bool = False
    budget: float | None = None
    quiet: bool = False

    def run(
        self, runs: "Sequence[tuple[Sequence[Source | Together], Opens]]", failures: Sequence[AsrError] = ()
    ) -> None:
        """Transcribe sources into outputs, run after run; one that fails does not stop the others.

        Outputs are opened when their run begins, and closed when it ends.

        Raises:
            AsrError: what failed, before or now; Several, if it was more than one.
        """
        from asrcli.engine.calls import IdleCalls
        from asrcli.run import HOPELESS, Run, flat

        notices = self._notices(runs, failures)
        plan, failed, budget = self._plan(), list(failures), self._budget()
        with closing(IdleCalls()) as idle:
            for number, (sources, opens) in enumerate(runs, 1):
                heard = sources if budget is None else limited(sources, budget)
                try:
                    with opens() as outputs:
                        for each in failures:
                            each.told = True  # among the notices of the first run
                        Run(plan, [*outputs, *([budget] if budget else [])], idle).transcribe(heard, notices)
                except AsrError as exc:
                    now = exc.errors if isinstance(exc, Several) else [exc]
                    failed += now
                    if isinstance(exc, (*HOPELESS, NobodyReads, OutputError)):
                        break
                    if len(runs) > 1:
                        self._tell(now, flat(sources)[0].name, last=number == len(runs))
                notices = []
        if failed:
            for each in failed:
                each.told = each.told and not self.quiet
            # What was told when it happened is only counted at the end.
            raise Several(failed) if any(each.told for each in failed) else together(failed)

    def _tell(self, errors: "Sequence[AsrError]", name: str, *, last: bool) -> None:
        """Say at once what was wrong with an input, with its name; behind the `last` one the end says it."""
        for each in errors:
            if isinstance(each, AudioLost):
                each.path = name
            if not each.told and not self.quiet and not last:
                tell(f"asr: {each}" if isinstance(each, SourceError | AudioLost) else f"asr: {bare(name)}: {each}")
                each.told = True

    @property
    def price(self) -> Price | None:
        """What the region asked charges; None where nobody knows."""
        return self.model.prices.get(self.connection.region)

    def _budget(self) -> "Budget | None":
        if self.budget is None:
            return None
        from asrcli.budget import Budget
        from asrcli.cli.spending import at_most

        asked, price = self.asked, at_most(self.model, self.connection.region, local=self.service.local)
        again = self.retries.limit != 0
        return Budget(self.budget, lambda u: price.cost(u, asked), lambda s: price.forecast(s, asked)[1], again)

    def _notices(
        self, runs: "Sequence[tuple[Sequence[Source | Together], Opens]]", failures: Sequence[AsrError]
    ) -> list[Notice]:
        from asrcli.run import flat

        told = [*map(str, failures), *([EMBEDDED] if self.service.local else []), *self.told]
        if self.service.local and any(source.format.rate < 16000 for sources, _ in runs for source in flat(sources)):
            told.append("at 8000 Hz it makes about twice the errors of 16000 Hz")
        return [Notice("warning", text) for text in told]

    def _plan(self) -> "Plan":
        from asrcli.run import Plan

        if self.service.temporary_key:
            from asrcli.transport.minting import dial_minted as dial
        else:
            from asrcli.transport.websocket import dial
        memories: dict[int, Memory] = {}

        def codec(source: "Source") -> "ClientCodec":
            asked = replace(self.asked, rate=source.format.rate, audio_format=source.audio_format)
            if not self.remembers:
                return client(self.model.wire, asked)
            return client(self.model.wire, asked, memories.setdefault(id(source), Memory(asked.context)))

        price = self.price
        cost = (lambda usage: price.cost(usage, self.asked)) if price is not None else (lambda _: None)
        heard_by = RECOGNIZER if self.service.local else self.asked.model
        return Plan(heard_by, codec, dial, self.connection, self.pace, self.retries, self.service.local, cost)


def limited(sources: "Sequence[Source | Together]", budget: "Budget") -> "list[Source | Together]":
    """The sources, each as far as the budget reaches."""
    from asrcli.budget import Affordable
    from asrcli.run import Together

    def bounded(source: "Source | Together") -> "Source | Together":
        if isinstance(source, Together):
            return Together(tuple(Affordable(each, budget) for each in source.sources))
        return Affordable(source, budget)

    return [bounded(source) for source in sources]


def client(wire: str, asked: Recognition, memory: Memory | None = None) -> "ClientCodec":
    """The client end of a wire for one task; with a memory, what was said last is its context."""
    module, name = CLIENTS[wire]
    made: Callable[..., ClientCodec] = getattr(import_module(f"asrcli.protocol.{module}"), name)
    return made(asked, _new_id) if memory is None else made(asked, _new_id, memory)


def _new_id() -> str:
    return uuid.uuid4().hex
