"""The log of a run: what happened and when, but never the words of the transcript."""

import logging
from datetime import UTC, datetime

from asrcli.core.errors import without_secrets
from asrcli.core.events import Began, Ended, Event, Final, Gap, Notice, Reconnecting
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import account, as_json, reconnecting

LOGGING_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


class OneLineFormatter(logging.Formatter):
    """Formats each record as one line without control characters and secrets. A traceback follows it, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        record = logging.makeLogRecord(record.__dict__ | {"exc_text": None})
        record.message = harmless(without_secrets(record.getMessage()))
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        below = []
        if record.exc_info:
            below.append(self.formatException(record.exc_info))
        if record.stack_info:
            below.append(record.stack_info)
        lines = [line for text in below for line in text.splitlines()]
        return "\n    ".join([self.formatMessage(record), *(harmless(without_secrets(line)) for line in lines)])


class JsonFormatter(logging.Formatter):
    """Formats each record as a JSON object on one line, without secrets: time (UTC), level, logger, message, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        value = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if record.exc_info:
            value["error"] = without_secrets(self.formatException(record.exc_info))
        return as_json(value)


class EventLog:
    """An output that writes events to a logger."""

    passive = accepts_delay = True

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Log the events that help to find out later what went wrong."""
        if isinstance(event, Began):
            self._logger.info(
                "begin %s model=%s engine=%s task=%s", event.source, event.model, event.engine or "-", event.task_id
            )
        elif isinstance(event, Final):
            self._logger.debug("final %d: %d-%d ms", transcript.sentences, event.begin_ms, event.end_ms)
        elif isinstance(event, Gap):
            self._logger.warning("gap %d-%d ms: %s", event.begin_ms, event.end_ms, event.reason)
        elif isinstance(event, Reconnecting):
            self._logger.warning("%s", reconnecting(event))
        elif isinstance(event, Notice):
            self._logger.log(LOGGING_LEVELS[event.level], "%s", event.text)
        elif isinstance(event, Ended):
            self._logger.info("end %s", "; ".join(account(event)))

    def close(self) -> None:
        """Do nothing: the logger stays open."""
