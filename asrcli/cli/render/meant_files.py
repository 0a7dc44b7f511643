"""Finds the recording that was probably meant by a name that no file has. It reads names in a folder, no contents."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from unicodedata import normalize

from asrcli.cli.render.suggestions import quoted
from asrcli.outputs.overwrite_check import MEDIA

# Looking for what is meant by one name takes milliseconds, so it is not done for many, or for a list of thousands.
MOST_NAMES = 2000  # of a folder, in which a name that is only similar is looked for
MOST_WORDS = 20  # of a command line
_QUOTES = "\"'\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\uff02\uff07"
_CLOSE = 0.75  # how alike two names are, from 0 to 1


def meant_file(path: str, typed: Sequence[str]) -> str:
    """What to do about a path that does not exist: a question with similar paths. Empty if there is none.

    Args:
        path: The path. Nothing is asked about one that a list names, or a long command line.
        typed: The words of the command line.
    """
    if path not in typed or len(typed) > MOST_WORDS:
        return ""
    if path.startswith("www."):
        return f"did you mean {quoted(f'https://{path}')}?"
    folder, name = os.path.split(path)
    names: list[str] = []
    with suppress(OSError, ValueError):
        names = sorted(each for each in os.listdir(folder or ".") if not each.startswith("."))  # noqa: PTH208
    for near in _candidates(name, names):
        found = [each for each in near if os.path.exists(os.path.join(folder, each))]  # noqa: PTH110, PTH118
        if found:
            return f"did you mean {' or '.join(quoted(os.path.join(folder, each)) for each in found[:2])}?"  # noqa: PTH118
    return ""


def _candidates(name: str, names: Sequence[str]) -> Iterator[list[str]]:
    """Lists of names that may be meant, the most certain one first."""
    bare = name.strip(_QUOTES)
    if not bare:
        return
    yield [each for each in names if _plain(each) == _plain(bare)]
    # A name with spaces that was not quoted: the shell has made several of it.
    yield [each for each in names if each.startswith(f"{bare} ") and _is_recording(each)]
    recordings = [each for each in names if _is_recording(each) or "." not in each + bare]
    stem = _stem(bare)
    yield [each for each in recordings if _plain(_stem(each)) == _plain(stem)]
    if len(names) <= MOST_NAMES:
        stems = {_plain(_stem(each)): each for each in recordings}
        yield [stems[each] for each in get_close_matches(_plain(stem), stems, 1, _CLOSE)]


def _plain(name: str) -> str:
    """The name without case, and with letters and their accents in one form, as other systems write them in two."""
    return normalize("NFC", name).casefold()


def _stem(name: str) -> str:
    """The name without the suffix of a recording, or without what may be a mistaken one."""
    return os.path.splitext(name)[0]  # noqa: PTH122


def _is_recording(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in MEDIA  # noqa: PTH122
