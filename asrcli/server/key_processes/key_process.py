"""The process of one or several keys as the server sees it: started, given connections, watched, asked to end."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from asrcli.core.errors import system_reason
from asrcli.core.settings import RecognitionSettings, without_key
from asrcli.server.key_processes.handed_clients import HandedClients
from asrcli.server.key_processes.handed_connections import hand_over
from asrcli.server.key_processes.messages import (
    ConnectionEnded,
    ConnectionTaken,
    Drain,
    HandedOver,
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
from asrcli.server.log_filter import log
from asrcli.server.monitoring import ServerMetrics

AGAIN_S, LONGEST_AGAIN_S = 1.0, 60.0  # after which a process that has ended is started again; doubled each time
END_S = 1.0  # that a process has to end once its connections are closed
EXIT_S = 10.0  # that one has to exit which says nothing any more
CHANNEL_BYTES = 256 << 10  # of connections that wait for the process
# A process says every second that it is there. While this program is stopped (Ctrl-Z), no more than one tick passes.
TICK_S = 1.0
LATE_TICKS = 3  # after which it gets no new client
HUNG_TICKS = 10  # after which it is killed
START_TICKS = 60  # after which one is killed that has not begun to listen
DIED, HUNG = "the process of this key ended", "the process of this key hung"


@contextmanager
def _pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets that are connected, closed at the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


class KeyProcess:
    """One process. Until it listens, and after it has ended, it takes no connection and the server keeps them.

    Args:
        plan: What it serves.
        with_lists: Returns a recognition with the hot words of its lists.
        on_end: Called with the name of a key when a connection with it has ended.

    Attributes:
        limits: The tasks that its keys may begin within a minute, by their names.
        metrics: What it has counted.
    """

    def __init__(
        self,
        plan: ServerPlan,
        with_lists: Callable[[RecognitionSettings], RecognitionSettings],
        on_end: Callable[[str], None],
    ) -> None:
        self.limits: dict[str, int | None] = {}
        self.metrics = ServerMetrics()
        self._plan = plan
        self._with_lists = with_lists
        self._clients = HandedClients(on_end)
        self._earlier = ServerMetrics()  # of processes that have ended
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._channel: socket.socket | None = None  # while it takes connections
        self._silent_ticks = 0  # since it said something
        self._most_silent_ticks = START_TICKS
        self._end_reason = DIED
        self._ending = asyncio.Event()
        self._again_s = AGAIN_S
        self._running = asyncio.get_running_loop().create_task(self._run())

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def takes_connections(self) -> bool:
        """Whether connections can be handed over."""
        return self._channel is not None and self._silent_ticks < LATE_TICKS

    def hand_over(self, descriptor: int, handed: HandedOver) -> bool:
        """Give a connection away; returns False if the server has to keep it.

        Args:
            descriptor: Of the connection, which is to be closed here.
            handed: What comes with it.
        """
        if self._channel is None:
            return False
        try:
            number = self._clients.add(descriptor, handed.key_name)
        except OSError:  # no file is left
            return False
        if not hand_over(self._channel, descriptor, handed._replace(number=number)):
            self._clients.forget(number)
            return False
        return True

    def set_limits(self, limits: dict[str, int | None]) -> None:
        """Take other limits, by the names of the keys."""
        self.limits = limits
        self._tell(KeyLimits(limits))

    def drain(self) -> None:
        """Take no connection any more; the process lets its tasks end, and ends."""
        self._end(Drain())

    async def stop(self, within_s: float) -> None:
        """Close every connection now: clients have `within_s` seconds to answer. Then the process is killed."""
        self._end(Stop())
        # A second signal cancels every task, this one too: whoever waits for it must not be cancelled again by that.
        await asyncio.wait([self._running], timeout=within_s + END_S)
        self._kill()
        await asyncio.wait([self._running])

    def _end(self, message: Drain | Stop) -> None:
        self._ending.set()
        self._channel = None
        self._tell(message)

    def _tell(self, message: object) -> None:
        if self._writer is not None:
            send_message(self._writer, message)

    async def _run(self) -> None:
        """Keep a process running, until it is to end."""
        while not self._ending.is_set():
            try:
                await self._run_once()
            except OSError as exc:
                log.error("a process of the key %s cannot be started: %s", self._name, system_reason(exc))
            except Exception:  # the next process may do better; until then the server keeps the clients
                log.exception("a bug in the server")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._again_s):
                    await self._ending.wait()
            self._again_s = min(2 * self._again_s, LONGEST_AGAIN_S)

    async def _run_once(self) -> None:
        with _pair() as (ours, theirs), _pair() as (our_channel, their_channel):
            our_channel.setblocking(False)
            our_channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHANNEL_BYTES)
            descriptors = theirs.fileno(), their_channel.fileno()
            # -P: a module in the user's directory must not replace one of Python's. A session of its own: Ctrl-C in the
            # terminal reaches the server alone.
            command = (sys.executable, "-P", "-m", "asrcli.server.key_processes.child", *map(str, descriptors))
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=without_key(os.environ),
                pass_fds=descriptors,
                start_new_session=True,
            )
            theirs.close()
            their_channel.close()
            reader, self._writer = await asyncio.open_connection(sock=ours)
            self._end_reason, self._silent_ticks, self._most_silent_ticks = DIED, 0, START_TICKS
            watch = asyncio.get_running_loop().create_task(self._watch(reader))
            try:
                await self._talk(reader, our_channel)
            except BaseException:
                self._kill()  # nothing else may write to its clients
                raise
            finally:
                watch.cancel()
                self._channel = None
                self._writer.close()
                self._writer = None
                await self._clients.end_all(self._end_reason)
                self._forget()
                status = await self._ended(self._process)
                self._process = None
        if not self._ending.is_set() and self._end_reason is DIED:
            log.error("the process of the key %s ended with status %d, and is started again", self._name, status)

    async def _talk(self, reader: asyncio.StreamReader, channel: socket.socket) -> None:
        """Tell the process what it is to do, and take what it says until it has ended. `channel` is for connections."""
        self._tell(self._plan)
        self._tell(KeyLimits(self.limits))
        if self._ending.is_set():
            self._tell(Stop())
        while (message := await next_message(reader)) is not None:
            self._silent_ticks = 0
            if not isinstance(message, Listening):
                self._take(message)
                continue
            self._most_silent_ticks = HUNG_TICKS
            if not self._ending.is_set():
                self._channel = channel
                self._again_s = AGAIN_S

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        """Kill the process if it says nothing for too long."""
        while self._silent_ticks < self._most_silent_ticks:
            await asyncio.sleep(TICK_S)
            self._silent_ticks += 1
        self._end_reason = HUNG
        log.error(
            "the process of the key %s says nothing for %.0f s: it is killed, and started again",
            self._name,
            TICK_S * self._silent_ticks,
        )
        self._channel = None
        self._kill()
        await asyncio.sleep(END_S)
        reader.feed_eof()  # the system does not end it: its clients must not wait for that

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        """Wait until a process that says nothing any more has ended; returns its status."""
        with suppress(TimeoutError):
            async with asyncio.timeout(EXIT_S):
                return await process.wait()
        self._kill()
        return await process.wait()

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    @property
    def _name(self) -> str:
        return ", ".join(self.limits) or "(none any more)"

    def _take(self, message: object) -> None:
        match message:
            case ConnectionTaken(number):
                self._clients.taken(number)
            case ConnectionEnded(number):
                self._clients.ended(number)
            case MetricsReport(metrics):
                self.metrics = self._earlier.plus(metrics)
            case ListQuestion(number, recognition):
                self._tell(ListAnswer(number, self._with_lists(recognition)))
            case LogLine(record):
                logging.getLogger("asrcli").handle(logging.makeLogRecord(record))

    def _forget(self) -> None:
        """Count what the process had as ended."""
        self.metrics.running_tasks = 0
        self._earlier = self.metrics
