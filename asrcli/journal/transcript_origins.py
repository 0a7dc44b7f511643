"""Of which input each transcript in a folder is: remembered beside the sessions, for the next run into that folder."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from asrcli.journal.append_file import PRIVATE_FOLDER, open_private
from asrcli.journal.directory import default_folder
from asrcli.journal.owned_files import distrust, opened


class TranscriptOrigins:
    """The inputs of the transcripts in one folder. What cannot be read is not known."""

    def __init__(self, folder: Path) -> None:
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
        self._path = default_folder().parent / "transcripts" / f"{name}.json"
        self._known = self._read()

    def of(self, name: str) -> str | None:
        """The input of a transcript; empty for one that had no name, None where nobody knows."""
        return self._known.get(name)

    def remember(self, inputs: Mapping[str, str]) -> None:
        """Add transcripts and their inputs."""
        self._known |= inputs
        with suppress(OSError):
            self._path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            beside = self._path.with_suffix(f".{os.getpid()}")
            beside.unlink(missing_ok=True)
            with open(beside, "x", encoding="utf-8", opener=open_private) as file:
                json.dump(self._known, file)
            beside.replace(self._path)

    def _read(self) -> dict[str, str]:
        try:
            if distrust(self._path):
                return {}
            with opened(self._path) as file:
                known = json.loads(file.read())
        except (OSError, ValueError, RecursionError):
            return {}
        return {str(k): v for k, v in known.items() if isinstance(v, str)} if isinstance(known, dict) else {}
