"""The log of a server: a rotating file and standard error, each written by a thread."""

import logging
import sys
from pathlib import Path

from asrcli.cli.builders.log_file import IN_FILE, open_log, own_logger
from asrcli.outputs.background_log import BackgroundLog, DescriptorHandler
from asrcli.outputs.event_log import JsonFormatter, OneLineFormatter

ON_SCREEN = "asr: %(asctime)s %(message)s"


def log_in_background(path: Path | None, *, on_screen: bool, as_json: bool) -> None:
    """Send the log of a server to a rotating file, and messages from INFO up to standard error if `on_screen`.

    A thread for each writes, so the server never waits for a disk, nor for a terminal or a pipe that nobody reads. With
    `as_json` each record is a JSON object on one line, for programs that collect logs.

    Raises:
        OutputError: the file cannot be written, or it is not a log.
    """
    logger = own_logger()
    targets: list[logging.Handler] = []
    if on_screen and (screen := _screen()):
        screen.setFormatter(JsonFormatter() if as_json else OneLineFormatter(ON_SCREEN))
        screen.setLevel(logging.INFO)
        targets.append(screen)
        logger.setLevel(logging.INFO)
    if path is not None:
        handler = open_log(path, logger.warning)
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


def _screen() -> logging.Handler | None:
    """Return what writes to standard error; None if there is none."""
    if sys.stderr is None:
        return None
    try:
        return DescriptorHandler(sys.stderr.fileno(), sys.stderr.encoding)
    except OSError:  # it is no file: a program that uses this one has put something else in its place
        return logging.StreamHandler()
