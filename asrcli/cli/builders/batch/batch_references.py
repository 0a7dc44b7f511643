"""References for the transcripts of a batch: checked before its run begins, compared with the transcripts after it."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from asrcli.cli.builders.transcript_names import SUFFIXES
from asrcli.cli.console import print_message
from asrcli.cli.render.evaluation_tables import print_evaluation
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, UsageError
from asrcli.core.printable import quantity
from asrcli.evaluation.alignment import require_jiwer
from asrcli.evaluation.comparison import compare, total
from asrcli.evaluation.normalization import STEPS, Normalization
from asrcli.evaluation.pairing import PREFERRED, files_by_name
from asrcli.evaluation.transcript_files import READERS, read_transcript
from asrcli.runs.batch.decisions import BatchState

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.evaluation.transcript_files import Segment
    from asrcli.runs.batch.decisions import LedgerRow


@dataclass(frozen=True)
class BatchReferences:
    """The files of a folder that say what was really said, by the names of the transcripts.

    Attributes:
        folder: The folder as the user named it.
        files: Its files by their names without suffix.
        suffix: Which of the transcripts of an input is compared.
    """

    folder: Path
    files: Mapping[str, Path]
    suffix: str

    def read(self, names: Sequence[str]) -> "dict[str, list[Segment]]":
        """The references of these transcripts; those that have none are left out.

        Raises:
            SourceError: one cannot be read.
        """
        return {name: read_transcript(self.files[name]) for name in names if name in self.files}

    def compare(self, out: Path, rows: "Sequence[LedgerRow]", references: "Mapping[str, Sequence[Segment]]") -> None:
        """Print the table of `asr eval` over the transcripts of inputs; an input without one counts as deleted.

        Args:
            out: The folder of the transcripts.
            rows: What the ledger says of the inputs, after the run.
            references: The segments of each, as `read` returns them.

        Raises:
            SourceError: a transcript cannot be read.
        """
        steps = Normalization.of(list(STEPS))
        comparisons = []
        for row in sorted((row for row in rows if row.name in references), key=lambda row: row.name):
            file = next((name for name in row.files if PurePath(name).suffix == self.suffix), "")
            found = None
            if file and row.state is BatchState.FINISHED:
                found = read_transcript(out / file)
            comparisons.append(compare(row.name, references[row.name], found, steps))
        if without := len(rows) - len(comparisons):
            print_message(f"asr: {quantity(without, 'input')} without a reference in {self.folder}, not counted")
        if comparisons:
            print_evaluation(comparisons, total(comparisons), str(steps))


def batch_references(folder: Path | None, output_builder: "OutputBuilder") -> BatchReferences | None:
    """What `--ref` names; None without it.

    Raises:
        UsageError: jiwer is not installed, it is no folder of references, or no format can be compared.
        SourceError: it is not there, or cannot be read.
    """
    if folder is None:
        return None
    require_jiwer()
    if not folder.exists():
        raise SourceError(str(folder), "no such folder")
    if not folder.is_dir():
        raise UsageError(f"--ref {folder} is a file", "name the folder of the references")
    known = ", ".join(sorted(READERS))
    files = files_by_name(folder, Path(output_builder.path or ""))
    if not files:
        raise UsageError(f"no reference in {folder}", f"its files must end in {known}")
    suffixes = {SUFFIXES[each] for each in output_builder.formats}
    suffix = next((each for each in PREFERRED if each in suffixes), None)
    if suffix is None:
        raise UsageError("--ref compares no transcript of these formats", f"add one that ends in {known}")
    return BatchReferences(folder, files, suffix)
