"""Where the transcripts of a batch go, and where its ledger is: in the same folder, or on this machine for a store."""

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from asrcli.core.errors import UsageError
from asrcli.journal.directory import default_folder
from asrcli.runs.batch.remote_store import check_remote_folder, identity_of, scheme_of

if TYPE_CHECKING:
    from asrcli.runs.batch.remote_store import RemoteFolder

BATCHES = "batches"  # beside the folder of the journal sessions


def shown_folder(word: str) -> str:
    """The folder of the transcripts for a person: what the user wrote, without what may be secret."""
    return str(ledger_folder(word)) if scheme_of(word) in {"", "file"} else identity_of(word.rstrip("/"))


def ledger_folder(word: str) -> Path:
    """The folder on this machine that holds the ledger, and the transcripts too unless they go to a store."""
    if scheme_of(word) == "file":
        return Path(unquote(word.partition("://")[2]))
    if not scheme_of(word):
        return Path(word)
    return default_folder().parent / BATCHES / sha256(identity_of(word.rstrip("/")).encode()).hexdigest()[:24]


def remote_folder(word: str, *, compared: bool) -> "RemoteFolder | None":
    """The folder in a store that an address names; None for a folder on this machine.

    Args:
        word: What the user wrote.
        compared: The transcripts are to be compared with references.

    Raises:
        UsageError: transcripts in a store cannot be compared.
        OutputError: the store cannot be used.
    """
    if scheme_of(word) in {"", "file"}:
        return None
    if compared:
        raise UsageError("--ref with transcripts in a store", "name a local folder, or compare them with asr eval")
    return check_remote_folder(word)
