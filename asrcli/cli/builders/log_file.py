"""The log of the program: a rotating file."""

import errno
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from asrcli.cli.console import print_message
from asrcli.core.errors import OutputError, UsageError, system_reason
from asrcli.outputs.output_paths import FOREIGN_LINK, is_foreign_link
from asrcli.outputs.overwrite_check import check_log_overwrite

LOG_BYTES = 1_000_000
LOG_FILES = 3  # how many older logs are kept, as NAME.1 and so on
IN_FILE = "%(asctime)s %(levelname)s %(name)s %(message)s"


def log_to(path: Path | None) -> None:
    """Send our own log to a rotating file, if there is one.

    Only our own: the debug log that a library writes about a handshake would show the key.

    Raises:
        OutputError: the file cannot be written, or it is not a log.
        UsageError: it names standard output.
    """
    from asrcli.outputs.event_log import OneLineFormatter

    logger = own_logger()
    if path is not None:
        handler = open_log(path)
        handler.setFormatter(OneLineFormatter(IN_FILE))
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)


def own_logger() -> logging.Logger:
    """Return our own logger, which prints nothing by itself."""
    logging.raiseExceptions = False  # if the disk is full, no traceback may spoil the live view
    logger = logging.getLogger("asrcli")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger


def open_log(path: Path, failed: Callable[[str], object] = lambda _: None) -> logging.Handler:
    """Return what writes to a rotating file.

    `failed` is called with a sentence when a full disk takes lines of it; the end of the program says it in any case.

    Raises:
        OutputError: the file cannot be written, or it is not a log.
        UsageError: it names standard output.
    """
    from asrcli.outputs.rotating_log import RotatingLog  # loads much that a run without a log file does not need

    if str(path) == "-":
        raise UsageError("--log-file - is standard output, and a log is a file", "choose another name")
    try:
        if path.is_dir():
            raise OutputError(str(path), "is a directory")
        for log_path in (path, *(path.with_name(f"{path.name}.{number}") for number in range(1, LOG_FILES + 1))):
            if problem := _problem(log_path):
                raise OutputError(str(log_path), problem)
        # Opening a pipe that nobody reads would wait forever; this open fails instead.
        if sys.platform != "win32" and path.is_fifo():
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return RotatingLog(path, LOG_BYTES, LOG_FILES, failed, lambda text: print_message(f"asr: {text}"))
    except (OSError, ValueError) as exc:
        reason = system_reason(exc)
        if isinstance(exc, OSError) and exc.errno == errno.ENXIO:
            reason = "is a pipe that nobody reads"
        raise OutputError(str(path), reason) from exc


def _problem(log_path: Path) -> str | None:
    """Why this file must not be written or renamed; empty or None if it may."""
    if is_foreign_link(log_path):
        return FOREIGN_LINK
    if log_path.is_dir():
        return "is a directory"
    return check_log_overwrite(log_path)
