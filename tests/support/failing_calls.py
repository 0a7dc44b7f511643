"""A file system that refuses one call: each call of a piece of code can be made to fail in turn."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

CALLS = ("stat", "lstat", "fsync", "open", "replace", "rename", "unlink", "mkdir", "chmod", "truncate", "close")


class FailingCall:
    """Counts the calls on files below a folder, and refuses one of them.

    Attributes:
        refused: The name of the call that was refused; empty as long as there was none.
    """

    def __init__(self, folder: Path, number: int, error: int) -> None:
        self.refused = ""
        self._folder = str(folder)
        self._number = number
        self._error = error
        self._descriptors: set[int] = set()
        self._counts = False

    def begin(self) -> None:
        """Count from now on."""
        self._counts = True

    def end(self) -> None:
        """Refuse nothing more."""
        self._counts = False

    def wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A call that is counted, and refused if it is its turn."""

        def counted(file: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._counts or not self._concerns(file):
                return call(file, *args, **kwargs)
            self._number -= 1
            if self._number:
                return self._done(name, file, call(file, *args, **kwargs))
            self.refused = name
            if name == "close":  # the system closes it even so
                call(file, *args, **kwargs)
            raise OSError(self._error, os.strerror(self._error), None if isinstance(file, int) else os.fspath(file))

        return counted

    def _concerns(self, file: Any) -> bool:
        if isinstance(file, int):
            return file in self._descriptors
        return isinstance(file, str | os.PathLike) and os.fspath(file).startswith(self._folder)

    def _done(self, name: str, file: Any, result: Any) -> Any:
        if name == "close":
            self._descriptors.discard(file)
        elif name == "open":
            self._descriptors.add(result if isinstance(result, int) else result.fileno())
        return result


@contextmanager
def failing_call(folder: Path, number: int, error: int) -> Iterator[FailingCall]:
    """In the block, refuse the call of this number on a file below the folder; `begin` and `end` say what counts."""
    failing = FailingCall(folder, number, error)
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, failing.wrapped(name, getattr(os, name)))
        opened = failing.wrapped("open", io.open)
        patch.setattr(io, "open", opened)
        patch.setattr("builtins.open", opened)
        yield failing


def each_call_refused(folder: Path, error: int) -> Iterator[FailingCall]:
    """Refuse the first call between `begin` and `end` in the body of a loop, then the second, until there is none."""
    for number in count(1):
        with failing_call(folder, number, error) as failing:
            yield failing
        if not failing.refused:
            assert number > 1, "nothing was called"
            return
