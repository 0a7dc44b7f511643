"""Opens a file beside its decoder, for what a decoder leaves out without a message."""

from contextlib import suppress
from pathlib import Path
from typing import IO


def opened_again(path: str) -> IO[bytes] | None:
    """Open a file that a decoder reads too; the caller closes it.

    Args:
        path: Empty for an input that can be read only once, such as a pipe.

    Returns:
        None for such an input, and for a file that cannot be opened: whoever decodes it reports the error.
    """
    with suppress(OSError):
        if path:
            return Path(path).open("rb")
    return None
