"""From the inputs of a batch and its ledger to tasks: what is done with each input, and how its files are called."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.app import exit_code
from asrcli.cli.builders.journal_keeping import described_outputs
from asrcli.cli.builders.named_files import check_also_written
from asrcli.cli.builders.staged_files import read_as
from asrcli.cli.builders.transcript_names import SUFFIXES
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError, OutputError, SourceError
from asrcli.outputs.overwrite_check import check_overwrite
from asrcli.runs.batch.active_input import BatchTask
from asrcli.runs.batch.batch_ledger import FOLDER, LEDGER, BatchLedger, read_ledger
from asrcli.runs.batch.decisions import Action, BatchState, Decision, InputStamp, LedgerRow, decide
from asrcli.runs.batch.input_files import FoundInputs, input_stamps, missing_files
from asrcli.runs.batch.output_names import output_names
from asrcli.runs.batch.staging import Staging

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.cli.builders.sources import SourceBuilder
    from asrcli.runs.batch.manifest import BatchInput
    from asrcli.runs.batch.remote_store import RemoteFolder


@dataclass
class BatchPlan:
    """What a run of a batch does.

    Attributes:
        tasks: The inputs to transcribe, in the order in which they were named.
        skipped: The inputs that are finished.
        failures: What cannot be transcribed, each with its error.
        rows: Rows of the ledger for inputs that cannot be transcribed.
    """

    tasks: list[BatchTask] = field(default_factory=list)
    skipped: "list[BatchInput]" = field(default_factory=list)
    failures: list[tuple[str, AsrError]] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)

    @property
    def names(self) -> dict[str, str]:
        """The names of the transcripts that this run does not have yet, by the identity of their inputs."""
        return {row.path: row.name for row in (*(task.row for task in self.tasks), *self.rows) if row.name}


def settings_digest(output_builder: "OutputBuilder", source_builder: "SourceBuilder", engine: str) -> str:
    """A digest of all that the text of an input depends on, beside the input. The pace is not part of it."""
    settings = {
        "recognition": asdict(source_builder.recognition),
        "reading": read_as(source_builder, None),
        "showing": described_outputs(replace(output_builder, path=None, folder=None)),
        "engine": engine,
    }
    text = json.dumps(settings, sort_keys=True, ensure_ascii=True, default=str)
    return sha256(text.encode("ascii")).hexdigest()[:16]


@dataclass(frozen=True)
class BatchPlanner:
    """What a command line says about all inputs."""

    out: Path
    output_builder: "OutputBuilder"
    template: str
    settings: str
    model: str
    force: bool = False
    remote: "RemoteFolder | None" = None

    def plan(self, found: FoundInputs, rows: Mapping[str, LedgerRow]) -> BatchPlan:
        """Return what is done with the inputs that were found, by the rows of the ledger."""
        plan = BatchPlan(failures=[(str(error), error) for error in found.problems])
        kept = {path: row.name for path, row in rows.items() if row.files}
        names, problems = output_names(found.inputs, self.template, kept)
        read = {one.identity for one in found.inputs}
        stamps = input_stamps(found.inputs)
        there = None if self.remote is None else self.remote.names()
        for number, (one, name) in enumerate(zip(found.inputs, names, strict=True)):
            try:
                if number in problems:
                    raise problems[number]
                stamp = stamps[one.identity]
                if isinstance(stamp, SourceError):
                    raise stamp
                self._add(plan, replace(one, stamp=stamp), name, rows.get(one.identity), read, there)
            except (SourceError, OutputError) as exc:
                plan.failures.append((one.path, exc))
                plan.rows.append(self._failed(one, rows.get(one.identity), exc))
        return plan

    def _add(
        self,
        plan: BatchPlan,
        one: "BatchInput",
        name: str,
        row: LedgerRow | None,
        read: "set[str]",
        there: "set[str] | None",
    ) -> None:
        """Add what is done with an input; `there` are the transcripts in a store."""
        stamp = one.stamp or InputStamp()
        files = tuple(f"{name}{SUFFIXES[each]}" for each in self.output_builder.formats)
        exist = row is None or (
            not missing_files(self.out, row.files) if there is None else there.issuperset(row.files)
        )
        decision = decide(row, stamp, self.settings, force=self.force, files_exist=exist)
        if decision.action is Action.SKIP:
            plan.skipped.append(one)
            return
        if there is None:
            self._check_files(files, row, read)
        else:
            self._check_stored(files, row, read, there)
        if decision.action is Action.GO_ON and row is not None and row.files != files:
            decision = Decision(Action.NEW, "the settings have changed")
        row = (row or LedgerRow(one.identity)).with_files(files)
        row = replace(row, name=name, stamp=stamp, settings=self.settings, model=self.model)
        plan.tasks.append(BatchTask(one, row, decision))

    def _check_files(self, files: Sequence[str], row: LedgerRow | None, read: "set[str]") -> None:
        """Refuse to replace what this batch has not written.

        Raises:
            OutputError: a file is there.
        """
        own = set() if row is None else row.written
        ends = {each.value: suffix for each, suffix in SUFFIXES.items()}
        for format_name, name in zip(self.output_builder.formats, files, strict=True):
            path = self.out / name
            if os.path.realpath(path) in read:
                raise OutputError(str(path), "is an input: it would be overwritten")
            check_also_written(path, "--out")
            if self.output_builder.overwrite or not os.path.lexists(path):
                continue
            free = self.output_builder.template is not None
            if name not in own:
                raise OutputError(str(path), "exists, but this batch has not written it; --overwrite replaces it")
            if problem := check_overwrite(path, format_name.value, ends, free=free):
                raise OutputError(str(path), f"{problem}; --overwrite replaces it")

    def _check_stored(self, files: Sequence[str], row: LedgerRow | None, read: "set[str]", there: "set[str]") -> None:
        """The same in a store.

        Raises:
            OutputError: a file is there.
        """
        assert self.remote is not None  # noqa: S101  `there` says so
        own = set() if row is None else row.written
        for name in files:
            address = self.remote.address(name)
            if address in read:
                raise OutputError(address, "is an input: it would be overwritten")
            if name in there and name not in own and not self.output_builder.overwrite:
                raise OutputError(address, "exists, but this batch has not written it; --overwrite replaces it")

    def _failed(self, one: "BatchInput", row: LedgerRow | None, error: AsrError) -> LedgerRow:
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        row = row or LedgerRow(one.identity, one.name)
        return replace(
            row.with_files(row.files), state=BatchState.FAILED, reason=described(error), code=exit_code(error),
            settings=self.settings, model=self.model, changed=now,
        )  # fmt: skip


def remembered_rows(out: Path) -> dict[str, LedgerRow]:
    """The rows of the ledger of a folder; none if it has no ledger."""
    return read_ledger(out) if (out / FOLDER / LEDGER).is_file() else {}


def published_rows(ledger: BatchLedger, staging: Staging) -> dict[str, LedgerRow]:
    """The rows of the ledger, after the transcripts got their names that a run which was killed had completed.

    Raises:
        OutputError: the ledger cannot be written.
    """
    rows = ledger.rows()
    for path, row in rows.items():
        if row.state is BatchState.PUBLISHING:
            try:
                staging.publish(row)
            except OutputError as exc:
                rows[path] = replace(row, state=BatchState.FAILED, reason=described(exc), code=exit_code(exc))
            else:
                rows[path] = replace(row, state=BatchState.FINISHED)
            ledger.save([rows[path]])
    return rows
