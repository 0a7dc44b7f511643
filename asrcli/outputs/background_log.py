"""Writes log lines from a thread of its own, so that code that logs never waits for a disk or a reader of the lines."""

import contextlib
import logging
import os
from queue import SimpleQueue
from threading import Thread

MAX_WAITING = 2000  # lines; more are lost, and counted
CLOSE_WITHIN_S = 1.0  # for the lines that still wait at the end of the program
LOST = "%d lines of this log were lost, because what takes them was too slow"


class DescriptorHandler(logging.Handler):
    """Writes records to a descriptor, past Python's own buffer: a thread that hangs in it keeps a program from ending.

    Args:
        descriptor: A descriptor that is open for writing.
        encoding: Of the text.
    """

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        super().__init__()
        self._descriptor = descriptor
        self._encoding = encoding

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; waits until it is taken. A descriptor that is closed takes none."""
        data = (self.format(record) + "\n").encode(self._encoding, "backslashreplace")
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._descriptor, data) :]


class BackgroundLog(logging.Handler):
    """A handler in front of another one. It formats at once; a thread of its own writes.

    Args:
        target: The handler that writes; only the thread uses it from now on, and its formatter and level count.
    """

    def __init__(self, target: logging.Handler) -> None:
        super().__init__(target.level)
        self.setFormatter(target.formatter)
        target.setFormatter(None)  # the text that it gets is complete
        self._target = target
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._lost = 0  # only the threads that log write it
        self._reported = 0  # of these; only the thread writes it
        self._thread = Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line to the thread; it is lost when too many wait."""
        if self._lines.qsize() >= MAX_WAITING:
            self._lost += 1
        else:
            self._lines.put(self.format(record))

    def close(self) -> None:
        """Wait until all lines are written, but not for long: the thread may hang, and the program must end."""
        self._lines.put(None)
        self._thread.join(CLOSE_WITHIN_S)
        if self._thread.is_alive() and isinstance(self._target, logging.StreamHandler):
            self._target.stream = None  # otherwise the end of the program would wait for the lock that the thread holds
        super().close()

    def _write(self) -> None:
        while (text := self._lines.get()) is not None:
            self._target.emit(logging.makeLogRecord({"msg": text}))
            self._report_lost()
        self._report_lost()

    def _report_lost(self) -> None:
        lost = self._lost - self._reported
        if lost:
            self._reported += lost
            record = logging.LogRecord("asrcli", logging.WARNING, __file__, 0, LOST, (lost,), None)
            self._target.emit(logging.makeLogRecord({"msg": self.format(record)}))
