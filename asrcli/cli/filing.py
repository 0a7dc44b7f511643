"""From a run over files to its journal: what is kept until it has ended in order, and what is told if it has not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.held import in_order
from asrcli.cli.keeping import described as as_shown
from asrcli.cli.telling import tell
from asrcli.errors import NobodyReads, Several, SourceError

if TYPE_CHECKING:
    from asrcli.cli.reading import Reading
    from asrcli.cli.showing import Opens, Showing
    from asrcli.config import Connection, Recognition
    from asrcli.run import Together
    from asrcli.seams import Output, Source

    Runs = Sequence[tuple[Sequence[Source | Together], Opens]]

ONCE = "standard input, an address or a pipe is read once only: no later run can go on with it"


def is_over(error: BaseException | None) -> bool:
    """Whether a run that ended so has nothing left that a later one could hear: what cannot be read will not be.

    Nor is anything left for a reader who has had enough.
    """
    if isinstance(error, Several):
        return all(map(is_over, error.errors))
    return in_order(error, live=False) or isinstance(error, SourceError | NobodyReads)


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
class Filing:
    """What a run over files keeps, and in which folder; None keeps nothing."""

    folder: Path | None
    paths: Sequence[str]

    @contextmanager
    def during(
        self, runs: "Runs", asked: "Recognition", connection: "Connection", showing: "Showing", reading: "Reading",
        pace: float | None, *, local: bool,
    ) -> "Iterator[Runs]":  # fmt: skip
        """The runs, each writing into the journal; behind them is told what is left and how to go on with it."""
        from asrcli.journal.files import FileJournal, described

        inputs, journal = tuple(map(described, self.paths)), FileJournal()
        again = any(one.size_bytes is not None for one in inputs)
        if self.folder is None or reading.passthrough or not again:
            with _told("" if again else ONCE):
                yield runs
            return
        places = self._places(runs)
        stages = tuple(zip(places, map(tuple, self._files(showing, places)), strict=True))
        self._open(journal, asked, connection, showing, local=local, more={
            "inputs": inputs, "stages": stages, "reading": read_as(reading, pace)})  # fmt: skip
        try:
            yield [(heard, partial(self._staged, journal, *each)) for each, (heard, _) in zip(
                enumerate(opens for _, opens in runs), runs, strict=True)]  # fmt: skip
        finally:
            left = journal.close()
            for problem in journal.problems:
                tell(f"asr: {problem}")
            if left and journal.path is not None:
                tell_left(journal.path)

    @contextmanager
    def _staged(self, journal: Any, number: int, opens: "Opens") -> "Iterator[list[Output]]":
        def note(record: Mapping[str, Any]) -> None:
            (journal.stage if record["type"] == "stage" else journal.done)(number)

        with staged(number, opens, note) as outputs:
            yield [*outputs, journal.recorder]

    def _open(
        self, journal: Any, asked: "Recognition", connection: "Connection", showing: "Showing",
        *, local: bool, more: dict[str, Any],
    ) -> None:  # fmt: skip
        from asrcli.journal.record import Header
        from asrcli.journal.shelf import Limits, Shelf, new_id, usual_folder
        from asrcli.places import WORKSPACE

        folder, now = self.folder, datetime.now().astimezone()
        assert folder is not None  # noqa: S101  the caller looked
        begun, service = now.isoformat(timespec="milliseconds"), "" if local else connection.url
        workspace = dict(connection.headers).get(WORKSPACE, "")
        header = Header(begun, asked, (), service, as_shown(showing), workspace, **more)
        try:
            journal.open(
                folder, lambda: new_id(now), header, lambda: Shelf(folder).tidy(Limits(), journal.path or folder)
            )
        except OSError as exc:  # whoever cannot keep a journal transcribes all the same
            if folder != usual_folder().absolute():  # one that was asked for is missed
                tell(f"asr: no journal is kept: {folder}: {(exc.strerror or str(exc)).lower()}")

    def _places(self, runs: "Runs") -> list[tuple[int, ...]]:
        """Which inputs each run hears: those that hold nothing are in none."""
        from asrcli.run import flat

        rest, found = iter(enumerate(self.paths)), []
        for heard, _ in runs:
            names = [flat([source])[0].name for source in heard]
            found.append(tuple(next(number for number, path in rest if path == name) for name in names))
        return found

    def _files(self, showing: "Showing", places: list[tuple[int, ...]]) -> list[list[str]]:
        if showing.folder is None:
            return [[str(Path(path).absolute()) for path in showing.paths() if path != "-"]]
        each = showing.each(self.paths)
        return [[str(Path(path).absolute()) for path in each[numbers[0]].paths()] for numbers in places]


def read_as(reading: "Reading", pace: float | None) -> dict[str, Any]:
    """How inputs are read, for whoever reads them again."""
    samples = asdict(reading.samples) if reading.samples is not None else None
    how = {"take": asdict(reading.take), "samples": samples, "treatment": asdict(reading.treatment)}
    return how | {"each_channel": reading.each_channel, "pace": pace}


def tell_left(path: Path) -> None:
    """Say how to go on with what a run over files has left."""
    from asrcli.journal.shelf import usual_folder

    where = "" if path.parent == usual_folder() else f" --journal {path.parent}"
    tell(f"asr: what has no text yet can have it later: asr resume {path.name}{where}")


@contextmanager
def _told(words: str) -> Iterator[None]:
    try:
        yield
    except BaseException as exc:
        if words and not is_over(exc):
            tell(f"asr: {words}")
        raise
