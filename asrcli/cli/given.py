"""Text files that options and arguments name: read whole, up to a size that no such file has."""

import sys
from pathlib import Path

from asrcli.errors import UsageError

MOST_BYTES = 16 << 20


def text_of(path: str | Path, called: str) -> str:
    """What is in a text file; - is standard input.

    Raises:
        UsageError: it cannot be read, is no text, or has no end.
    """
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise UsageError(f"{called}: longer than {MOST_BYTES >> 20} MB")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{called}: not a text file in UTF-8") from None
    except (OSError, ValueError) as exc:
        raise UsageError(f"{called}: {getattr(exc, 'strerror', None) or 'no name of a file'}") from exc
