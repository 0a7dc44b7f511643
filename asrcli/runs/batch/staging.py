"""Where the transcripts of a batch are written before they are complete: a folder for each input."""

import os
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.errors import OutputError, system_reason
from asrcli.outputs.output_paths import check
from asrcli.runs.batch.batch_ledger import FOLDER
from asrcli.runs.batch.decisions import LedgerRow

if TYPE_CHECKING:
    from asrcli.runs.batch.remote_store import RemoteFolder

WORK = "work"
FETCHED = "fetched"


class Staging:
    """The unfinished transcripts and the journals of the inputs of one batch, in the folder of its transcripts."""

    def __init__(self, out: Path, remote: "RemoteFolder | None" = None) -> None:
        """`remote` gets the transcripts instead of `out`, which holds what is not finished."""
        self._out = out
        self._remote = remote
        self._work = out / FOLDER / WORK

    def fetched(self, identity: str, suffix: str) -> Path:
        """Where an input of a store lies while it is read; the same in each run, so that a later one can go on."""
        return self._out / FOLDER / FETCHED / self.folder(identity).name / f"input{suffix}"

    def folder(self, identity: str) -> Path:
        """The folder of an input, which need not exist."""
        return self._work / sha256(os.fsencode(identity)).hexdigest()[:24]

    def files(self, row: LedgerRow) -> tuple[Path, ...]:
        """Where each transcript of an input is written before it gets its name."""
        folder = self.folder(row.path)
        return tuple(folder / f"{number}{Path(name).suffix}" for number, name in enumerate(row.files))

    def clear(self, identity: str) -> None:
        """Remove what is kept of an input."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.folder(identity))

    def check(self, row: LedgerRow) -> None:
        """Create the folders of the transcripts of an input.

        Raises:
            OutputError: one of them cannot be written.
        """
        for name in row.files if self._remote is None else ():
            target = self._out / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                raise OutputError(str(target), system_reason(exc).lower()) from exc
            check(target, has_part=False)

    def publish(self, row: LedgerRow) -> None:
        """Give the transcripts of an input their names. Those that have them already stay, so it can be repeated.

        Raises:
            OutputError: a transcript cannot be moved, or a store does not take it.
        """
        for staged, name in zip(self.files(row), row.files, strict=True):
            target = self._out / name
            try:
                if self._remote is not None:
                    if staged.exists():
                        self._remote.put(staged, name)
                        staged.unlink()
                elif staged.exists():
                    if target.exists():
                        shutil.copymode(target, staged)
                    staged.replace(os.path.realpath(target))  # a link stays, and the file that it points to is replaced
            except OSError as exc:
                raise OutputError(str(target), system_reason(exc).lower()) from exc
        with suppress(OSError):  # a disk in the network keeps what a program still has open; the transcripts are there
            self.clear(row.path)
