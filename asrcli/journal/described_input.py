"""Describes an input of a run over files, so that a later run knows whether it is still the same. Reads no sound."""

import stat
from pathlib import Path

from asrcli.core.errors import bare_url
from asrcli.journal.records import JournalInput


def described_input(path: str) -> JournalInput:
    """Describe an input for the journal. Standard input, an address or a pipe has no size: it can be read only once."""
    if path == "-" or "://" in path:
        return JournalInput(bare_url(path), name=bare_url(path))
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return JournalInput(path, name=path)
    where = str(Path(path).absolute())
    if not stat.S_ISREG(status.st_mode):
        return JournalInput(where, name=path)
    return JournalInput(where, status.st_size, status.st_mtime_ns, path)
