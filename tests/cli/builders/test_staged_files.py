"""Which errors of a run over files leave something to `asr resume`."""

import errno
import os

import pytest

from asrcli.cli.builders.staged_files import is_over
from asrcli.core.errors import ConnectionLost, MultipleErrors, OutputClosed, SourceError


class DecodingError(OSError):
    """An error as the decoder raises it: FFmpeg uses EIO for a file that is cut short."""


def unreadable(cause: BaseException | None) -> SourceError:
    """The error of an input, with what caused it."""
    error = SourceError("a.wav", "cannot be read any further")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENOTCONN])
def test_an_input_whose_disk_failed_can_be_continued(number: int) -> None:
    """A share whose server was away, a USB stick that was pulled out: the rest is there when it is back."""
    error = unreadable(OSError(number, os.strerror(number)))
    assert not is_over(error)
    assert not is_over(MultipleErrors([unreadable(None), error]))


@pytest.mark.parametrize(
    "error",
    [
        None,
        unreadable(None),
        unreadable(DecodingError(errno.EIO, os.strerror(errno.EIO))),
        unreadable(PermissionError(errno.EACCES, os.strerror(errno.EACCES))),
        OutputClosed(),
    ],
)
def test_what_is_damaged_is_not_transcribed_again(error: BaseException | None) -> None:
    """It would end at the same place, and nothing would be left to do but to delete the session."""
    assert is_over(error)


def test_a_lost_connection_leaves_the_rest() -> None:
    """A later run has another one."""
    assert not is_over(ConnectionLost("reset"))
