"""Remembers from which input each transcript in an output folder was made, for the next run into that folder."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.lazy_module import LazyModule
from asrcli.journal.append_file import PRIVATE_FOLDER, open_private
from asrcli.journal.directory import default_folder
from asrcli.journal.owned_files import distrust, opened

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = LazyModule("hashlib")


class TranscriptOrigins:
    """The inputs of the transcripts in one folder, kept in a file beside the journal. An unreadable file is ignored."""

    def __init__(self, folder: Path) -> None:
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
        self._path = default_folder().parent / "transcripts" / f"{name}.json"
        self._known = self._read()

    def of(self, name: str) -> str | None:
        """Return the input of a transcript: an empty string for an input without a name, None if it is unknown."""
        return self._known.get(name)

    def remember(self, inputs: Mapping[str, str]) -> None:
        """Add transcripts with their inputs. If the disk refuses, the next run will not replace them."""
        self._known |= inputs
        with suppress(OSError):
            self._path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            new_path = self._path.with_suffix(f".{os.getpid()}")
            new_path.unlink(missing_ok=True)
            with open(new_path, "x", encoding="utf-8", opener=open_private) as file:
                json.dump(self._known, file)
            new_path.replace(self._path)

    def _read(self) -> dict[str, str]:
        try:
            if distrust(self._path):
                return {}
            with opened(self._path) as file:
                known = json.loads(file.read())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(known, dict):
            return {}
        return {str(name): path for name, path in known.items() if isinstance(path, str)}
