"""The process of a key: `python -m asrcli.server.key_processes.child CONTROL CHANNEL`, two descriptors of sockets.

It serves the connections that the server hands over, and ends when the server wants it, or is gone.
"""

import asyncio
import logging
import signal
import socket
import sys
from contextlib import suppress
from itertools import count

from asrcli.core.garbage_collection import SERVER_THRESHOLDS, collect_less_often
from asrcli.core.settings import RecognitionSettings, Secret
from asrcli.recognizers import factory
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.key_processes.handed_connections import HandedConnections
from asrcli.server.key_processes.messages import (
    Alive,
    ConnectionEnded,
    ConnectionTaken,
    Drain,
    KeyLimits,
    ListAnswer,
    Listening,
    ListQuestion,
    LogLine,
    MetricsReport,
    ServerPlan,
    Stop,
    next_message,
    send_message,
)
from asrcli.server.local_server import LocalServer
from asrcli.server.log_filter import log
from asrcli.server.monitoring import ServerMetrics
from asrcli.server.serving_forever import SWITCH_S

ALIVE_EVERY_S = 1.0  # the server is told that this process does not hang, and the figures


class ChildServer:
    """Serves what is handed over, and talks with the server.

    Args:
        reader: What the server says.
        writer: To the server.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._keys = ApiKeys([])
        self._metrics = ServerMetrics()
        self._reported = ""  # the figures as they were told last
        self._numbers = count()
        self._questions: dict[int, asyncio.Future[RecognitionSettings]] = {}

    async def run(self, channel: int) -> int:
        """Serve until the server wants the end; returns the exit status. `channel` is what connections come by."""
        plan = await next_message(self._reader)
        if not isinstance(plan, ServerPlan):
            return 0  # the server has gone
        self._log(plan.log_level)
        status = 0
        try:
            await self._serve(plan, channel)
        except Exception:
            log.exception("a process for a key cannot go on")
            await asyncio.sleep(0)  # meanwhile the record of the log is sent
            status = 1
        self._writer.close()
        with suppress(OSError):  # the server has gone
            await self._writer.wait_closed()
        return status

    async def _serve(self, plan: ServerPlan, channel: int) -> None:
        recognizer = factory.make(factory.find(plan.engine), plan.options, plan.workers)
        server = LocalServer(
            recognizer, keys=self._keys, limits=plan.limits, answers=plan.answers, apply_lists=self._with_lists
        )
        self._metrics = server.metrics
        await server.start_handed(HandedConnections(channel, self._connection_taken, self._connection_ended))
        self._tell(Listening())
        reporting = asyncio.create_task(self._report_again())
        if not isinstance(await self._listen(), Stop):
            await self._drain(server)
        await server.stop()
        reporting.cancel()
        self._report()

    async def _drain(self, server: LocalServer) -> None:
        """Let tasks end, unless the server does not want to wait any more."""
        draining = asyncio.create_task(server.drain())
        listening = asyncio.create_task(self._listen())
        await asyncio.wait([draining, listening], return_when=asyncio.FIRST_COMPLETED)
        if listening.done() and listening.result() is None:  # the server has gone: nobody else can end them
            await draining
        for task in (draining, listening):
            task.cancel()

    async def _listen(self) -> Drain | Stop | None:
        """Take what the server says until it wants the end, or has gone."""
        while True:
            message = await next_message(self._reader)
            match message:
                case KeyLimits(tasks_per_minute):
                    unused = Secret("")
                    self._keys.replace(
                        ApiKey(name, unused, tasks_per_minute=limit) for name, limit in tasks_per_minute.items()
                    )
                case ListAnswer(number, recognition):
                    question = self._questions.pop(number)
                    if not question.done():  # its client has gone meanwhile
                        question.set_result(recognition)
                case Drain() | Stop() | None:
                    return message

    async def _with_lists(self, recognition: RecognitionSettings) -> RecognitionSettings:
        """The recognition with the hot words of its lists, which the server has."""
        if not (recognition.vocabulary_id or recognition.phrase_id):
            return recognition
        number = next(self._numbers)
        answer: asyncio.Future[RecognitionSettings] = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        self._tell(ListQuestion(number, recognition))
        return await answer

    async def _report_again(self) -> None:
        while True:
            self._tell(Alive())
            self._report()
            await asyncio.sleep(ALIVE_EVERY_S)

    def _report(self) -> None:
        """Tell the server the figures, if they have changed."""
        if (now := str(self._metrics)) != self._reported:
            self._reported = now
            self._tell(MetricsReport(self._metrics))

    def _connection_taken(self, number: int) -> None:
        self._tell(ConnectionTaken(number))

    def _connection_ended(self, number: int) -> None:
        self._report()
        self._tell(ConnectionEnded(number))

    def _tell(self, message: object) -> None:
        send_message(self._writer, message)

    def _log(self, level: int) -> None:
        """Let the server log what is logged here."""
        handler = _ServerLog(asyncio.get_running_loop(), self._writer)
        for logger in (logging.getLogger("asrcli"), logging.getLogger("asyncio")):
            logger.propagate = False
            logger.addHandler(handler)
        logging.getLogger("asrcli").setLevel(level)


class _ServerLog(logging.Handler):
    """Hands records on to the server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._loop = loop
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on, from any thread."""
        text = record.exc_text
        if record.exc_info and not text:
            text = logging.Formatter().formatException(record.exc_info)
        fields = {"name": record.name, "levelno": record.levelno, "levelname": record.levelname}
        fields |= {"msg": record.getMessage(), "created": record.created, "msecs": record.msecs, "exc_text": text}
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(send_message, self._writer, LogLine(fields))


async def _serve(control: int, channel: int) -> int:
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=control))
    return await ChildServer(reader, writer).run(channel)


def main() -> None:
    """Serve until the server wants the end. Signals are for the server, which lets tasks end first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.setswitchinterval(SWITCH_S)
    collect_less_often(SERVER_THRESHOLDS)
    control, channel = map(int, sys.argv[1:])
    sys.exit(asyncio.run(_serve(control, channel)))


if __name__ == "__main__":
    main()
