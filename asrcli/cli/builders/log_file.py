"""The log of the program: a rotating file, and for `asr serve` standard error as well, written by a thread."""

import errno
import logging
import os
import sys
from pathlib import Path

from asrcli.core.errors import OutputError, system_reason
from asrcli.outputs.line_writer import FOREIGN_LINK, is_foreign_link
from asrcli.outputs.overwrite_check import check_log_overwrite

LOG_BYTES = 1_000_000
LOG_FILES = 3
IN_FILE = "%(asctime)s %(levelname)s %(name)s %(message)s"
ON_SCREEN = "asr: %(asctime)s %(message)s"


def log_to(path: Path | None) -> None:
    """Send our own log to a rotating file, if there is one.

    Only our own: the debug log that a library writes about a handshake would show the key.

    Raises:
        OutputError: the file cannot be written, or it is not a log.
    """
    from asrcli.outputs.event_log import OneLineFormatter

    logger = _own_logger()
    if path is not None:
        handler = _open_log(path)
        handler.setFormatter(OneLineFormatter(IN_FILE))
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)


def log_in_background(path: Path | None, *, on_screen: bool, as_json: bool) -> None:
    """Send the log of a server to a rotating file, and messages from INFO up to standard error if `on_screen`.

    A thread for each writes, so the server never waits for a disk, nor for a terminal or a pipe that nobody reads. With
    `as_json` each record is a JSON object on one line, for programs that collect logs.

    Raises:
        OutputError: the file cannot be written, or it is not a log.
    """
    from asrcli.outputs.background_log import BackgroundLog
    from asrcli.outputs.event_log import JsonFormatter, OneLineFormatter

    logger = _own_logger()
    targets: list[logging.Handler] = []
    if on_screen and (screen := _screen()):
        screen.setFormatter(JsonFormatter() if as_json else OneLineFormatter(ON_SCREEN))
        screen.setLevel(logging.INFO)
        targets.append(screen)
        logger.setLevel(logging.INFO)
    if path is not None:
        handler = _open_log(path)
        handler.setFormatter(JsonFormatter() if as_json else OneLineFormatter(IN_FILE))
        targets.append(handler)
        logger.setLevel(logging.DEBUG)
    loop_logger = logging.getLogger("asyncio")  # its warnings would go to standard error, and wait there
    loop_logger.propagate = False
    loop_logger.setLevel(logging.WARNING)
    loop_logger.addHandler(logging.NullHandler())
    for target in targets:
        background = BackgroundLog(target)
        logger.addHandler(background)
        loop_logger.addHandler(background)


def _own_logger() -> logging.Logger:
    logging.raiseExceptions = False  # if the disk is full, no traceback may spoil the live view
    logger = logging.getLogger("asrcli")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger


def _screen() -> logging.Handler | None:
    """Return what writes to standard error; None where there is none."""
    from asrcli.outputs.background_log import DescriptorHandler

    if sys.stderr is None:
        return None
    try:
        return DescriptorHandler(sys.stderr.fileno(), sys.stderr.encoding)
    except OSError:  # it is no file: a program that uses this one has put something else in its place
        return logging.StreamHandler()


def _open_log(path: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler  # loads much that a run without a log file does not need

    try:
        if path.is_dir():
            raise OutputError(str(path), "is a directory")
        for log_path in (path, *(path.with_name(f"{path.name}.{number}") for number in range(1, LOG_FILES + 1))):
            if problem := _problem(log_path):
                raise OutputError(str(log_path), problem)
        if path.is_fifo():  # opening a pipe that nobody reads would wait for ever; this open fails instead
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
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
