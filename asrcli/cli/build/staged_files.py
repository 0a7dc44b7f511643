"""From a run over files to its journal: what is kept until it has ended in order, and what is told if it has not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.build.open_outputs import in_order
from asrcli.cli.build.journal_keeping import described_outputs
from asrcli.cli.console import print_message
from asrcli.core.errors import OutputClosed, MultipleErrors, SourceError
from asrcli.dashscope.endpoints import WORKSPACE
from asrcli.journal.directory import RetentionLimits, JournalDirectory, new_id, default_folder
from asrcli.journal.directory import default_folder
from asrcli.journal.file_journal import FileJournal, described
from asrcli.journal.records import JournalHeader
from asrcli.runs.run import flatten_sources

if TYPE_CHECKING:
    from asrcli.cli.build.sources import SourceBuilder
    from asrcli.cli.build.outputs import Opens, OutputBuilder
    from asrcli.core.settings import ConnectionSettings, RecognitionSettings
    from asrcli.runs.run import ConcurrentSources
    from asrcli.core.interfaces import Output, Source

    Runs = Sequence[tuple[Sequence[Source | ConcurrentSources], Opens]]

ONCE = "standard input, an address or a pipe is read once only: no later run can go on with it"


def is_over(error: BaseException | None) -> bool:
    """Whether a run that ended so has nothing left that a later one could hear: what cannot be read will not be.

    Nor is anything left for a reader who has had enough.
    """
    if isinstance(error, MultipleErrors):
        return all(map(is_over, error.errors))
    return in_order(error, live=False) or isinstance(error, SourceError | OutputClosed)


@contextmanager
def staged(number: int, opens: "Opens", note: Callable[[Mapping[str, Any]], None]) -> "Iterator[list[Output]]":
    """The outputs of one run, with its beginning and its end noted in the journal."""
    note({"type": "stage", "number": number})
    error: BaseException | None = None
    try:
        with opens() as outputs:
            yield outputs
    except BaseException as exc:
        error = exc
        raise
    finally:
        if is_over(error):
            note({"type": "done", "number": number})


@dataclass(frozen=True)
class StagedRun:
    """What a run over files keeps, and in which folder; None keeps nothing."""

    folder: Path | None
    paths: Sequence[str]

    @contextmanager
    def recording(
        self, runs: "Runs", recognition: "RecognitionSettings", connection: "ConnectionSettings", output_builder: "OutputBuilder", source_builder: "SourceBuilder",
        pace: float | None, *, local: bool,
    ) -> "Iterator[Runs]":  # fmt: skip
        """The runs, each writing into the journal; behind them is told what is left and how to go on with it."""
        inputs, journal = tuple(map(described, self.paths)), FileJournal()
        again = any(one.size_bytes is not None for one in inputs)
        if self.folder is None or source_builder.passthrough or not again:
            with _told("" if again else ONCE):
                yield runs
            return
        places = self._places(runs)
        stages = tuple(zip(places, map(tuple, self._files(output_builder, places)), strict=True))
        self._open(journal, recognition, connection, output_builder, local=local, more={
            "inputs": inputs, "stages": stages, "reading": read_as(source_builder, pace)})  # fmt: skip
        try:
            yield [(heard, partial(self._staged, journal, *each)) for each, (heard, _) in zip(
                enumerate(opens for _, opens in runs), runs, strict=True)]  # fmt: skip
        finally:
            left = journal.close()
            for problem in journal.problems:
                print_message(f"asr: {problem}")
            if left and journal.path is not None:
                print_unfinished(journal.path)

    @contextmanager
    def _staged(self, journal: Any, number: int, opens: "Opens") -> "Iterator[list[Output]]":
        def note(record: Mapping[str, Any]) -> None:
            (journal.stage if record["type"] == "stage" else journal.done)(number)

        with staged(number, opens, note) as outputs:
            yield [*outputs, journal.recorder]

    def _open(
        self, journal: Any, recognition: "RecognitionSettings", connection: "ConnectionSettings", output_builder: "OutputBuilder",
        *, local: bool, more: dict[str, Any],
    ) -> None:  # fmt: skip

        folder, now = self.folder, datetime.now().astimezone()
        assert folder is not None  # noqa: S101  the caller looked
        begun, service = now.isoformat(timespec="milliseconds"), "" if local else connection.url
        workspace = dict(connection.headers).get(WORKSPACE, "")
        header = JournalHeader(begun, recognition, (), service, described_outputs(output_builder), workspace, **more)
        try:
            journal.open(
                folder, lambda: new_id(now), header, lambda: JournalDirectory(folder).tidy(RetentionLimits(), journal.path or folder)
            )
        except OSError as exc:  # whoever cannot keep a journal transcribes all the same
            if folder != default_folder().absolute():  # one that was asked for is missed
                print_message(f"asr: no journal is kept: {folder}: {(exc.strerror or str(exc)).lower()}")

    def _places(self, runs: "Runs") -> list[tuple[int, ...]]:
        """Which inputs each run hears: those that hold nothing are in none."""
        rest, found = iter(enumerate(self.paths)), []
        for heard, _ in runs:
            names = [flatten_sources([source])[0].name for source in heard]
            found.append(tuple(next(number for number, path in rest if path == name) for name in names))
        return found

    def _files(self, output_builder: "OutputBuilder", places: list[tuple[int, ...]]) -> list[list[str]]:
        if output_builder.folder is None:
            return [[str(Path(path).absolute()) for path in output_builder.paths() if path != "-"]]
        each = output_builder.each(self.paths)
        return [[str(Path(path).absolute()) for path in each[numbers[0]].paths()] for numbers in places]


def read_as(source_builder: "SourceBuilder", pace: float | None) -> dict[str, Any]:
    """How inputs are read, for whoever reads them again."""
    samples = asdict(source_builder.samples) if source_builder.samples is not None else None
    how = {"take": asdict(source_builder.take), "samples": samples, "treatment": asdict(source_builder.treatment)}
    return how | {"each_channel": source_builder.each_channel, "pace": pace}


def print_unfinished(path: Path) -> None:
    """Say how to go on with what a run over files has left."""
    where = "" if path.parent == default_folder() else f" --journal {path.parent}"
    print_message(f"asr: what has no text yet can have it later: asr resume {path.name}{where}")


@contextmanager
def _told(words: str) -> Iterator[None]:
    try:
        yield
    except BaseException as exc:
        if words and not is_over(exc):
            print_message(f"asr: {words}")
        raise
