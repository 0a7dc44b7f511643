"""A folder that may not be read. Permissions would not do: root reads every folder."""

import errno
import os
from pathlib import Path

import pytest


def refuse_to_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `os.scandir` of this folder fail, and of no other one."""
    scandir = os.scandir

    def refused(path: str) -> object:
        if Path(path) == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refused)
