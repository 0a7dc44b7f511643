"""The log of a run: what happened and when, never what was said."""

import logging

from asrcli.events import Began, Ended, Event, Final, Gap, Notice, Reconnecting
from asrcli.outputs.text import account, reconnecting
from asrcli.transcript import Transcript

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


class Log:
    """An Output that writes to a logger."""

    passive = True

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def hear(self, event: Event, transcript: Transcript) -> None:
        """Log what someone may need to find out later."""
        if isinstance(event, Began):
            self._logger.info("begin %s model=%s task=%s", event.source, event.model, event.task_id)
        elif isinstance(event, Final):
            self._logger.debug("final %d: %d-%d ms", transcript.sentences, event.begin_ms, event.end_ms)
        elif isinstance(event, Gap):
            self._logger.warning("gap %d-%d ms: %s", event.begin_ms, event.end_ms, event.reason)
        elif isinstance(event, Reconnecting):
            self._logger.warning("%s", reconnecting(event))
        elif isinstance(event, Notice):
            self._logger.log(LEVELS[event.level], "%s", event.text)
        elif isinstance(event, Ended):
            self._logger.info("end %s", "; ".join(account(event)))

    def close(self) -> None:
        """Nothing to end."""
