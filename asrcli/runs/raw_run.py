"""A raw exchange: messages go out at a pace, and every answer is shown as it came. There is no transcript."""

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError, ConnectionLost
from asrcli.core.interfaces import Transport
from asrcli.core.message import Closed, Message, Text, Writable
from asrcli.engine.inbox import ThreadCrashed
from asrcli.protocol.raw_exchange import RawExchange, message_name, message_refusal
from asrcli.terminal.interrupts import interruptible


@dataclass(frozen=True, slots=True)
class RawPiece:
    """Something to send: audio, or the text of a message; `due_ms` after the first piece at pace 1."""

    data: bytes | str
    due_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class _MessageSent:
    """A message that goes out."""

    message: Message


@dataclass(frozen=True, slots=True)
class _AllSent:
    """The last message has gone out, or `error` ended the pieces early."""

    error: AsrError | None = None


class RawRun:
    """One exchange over one connection.

    Args:
        transport: The open connection; closed at the end.
        exchange: The first and last messages, and the names of the answers that matter.
        pieces: What is sent between the first and the last messages, read in a thread of its own.
        pace: How many times real time; None as fast as the connection takes it.
        idle_s: How long to wait for the next answer after the last message.
        show: Called with every message in order, and whether it was sent by us.
    """

    def __init__(
        self,
        transport: Transport,
        exchange: RawExchange,
        pieces: Iterator[RawPiece],
        pace: float | None,
        idle_s: float,
        show: Callable[[Message, bool], None],
    ) -> None:
        self._transport = transport
        self._exchange = exchange
        self._pieces = pieces
        self._pace = pace
        self._idle_s = idle_s
        self._show = show
        self._inbox: SimpleQueue[Message | _MessageSent | _AllSent | ThreadCrashed] = SimpleQueue()
        self._ready = Event()
        self._ended = Event()
        self._room = Event()
        self._interrupted = False
        self.closed: Closed | None = None  # how the other end closed, where it did

    def run(self) -> None:
        """Run the exchange until the answer that ends it, or until no more answers come.

        Raises:
            ConnectionLost: the other end closed too early, or sent nothing for too long.
            ServiceRefused: the service reports that the task has failed.
            KeyboardInterrupt: the user ended the exchange, at once or after the last answer.
        """
        try:
            with interruptible(self._finish):
                self._send(self._exchange.first)
                if not self._exchange.ready:
                    self._ready.set()
                Thread(target=self._receive, name="receive", daemon=True).start()
                Thread(target=self._send_pieces, name="send", daemon=True).start()
                self._follow()
        finally:
            self._ended.set()
            self._ready.set()
            self._room.set()
            self._transport.close()
        if self._interrupted:
            raise KeyboardInterrupt

    def _finish(self) -> None:
        self._interrupted = True
        self._ended.set()
        self._room.set()

    def _follow(self) -> None:
        """Show all messages until the exchange is over."""
        all_sent = False
        while (item := self._next(all_sent=all_sent)) is not None:
            if isinstance(item, _AllSent):
                all_sent = True
                if item.error is not None:
                    raise item.error
            elif isinstance(item, Closed):
                self.closed = item
                if self._exchange.over or item.code != 1000:
                    raise ConnectionLost(item.reason or "closed by the server", item.code)
                return
            elif isinstance(item, _MessageSent):
                self._show(item.message, True)
            else:
                self._show(item, False)
                if self._ends(item):
                    return

    def _next(self, *, all_sent: bool) -> "Message | Closed | _AllSent | _MessageSent | None":
        """Wait for what comes next; None if this exchange has no last answer, because silence is its end then."""
        # While audio flows the other end may be silent for any time.
        timeout_s = None
        if all_sent or not self._ready.is_set():
            timeout_s = self._idle_s
        try:
            item = self._inbox.get(timeout=timeout_s)
        except Empty:
            if all_sent and (self._exchange.silence_ends or not self._exchange.over):
                return None
            raise ConnectionLost(f"no answer for {self._idle_s:.0f} s") from None
        if isinstance(item, ThreadCrashed):
            raise item.error
        return item

    def _ends(self, message: Message) -> bool:
        """Return whether an answer is the last one; the first answer lets the audio flow."""
        name = message_name(message)
        if (name and name == self._exchange.failed) or (name == "error" and not self._ready.is_set()):
            raise message_refusal(message)
        if name and name == self._exchange.ready:
            self._ready.set()
        return bool(name) and name == self._exchange.over

    def _send(self, messages: "tuple[Message, ...] | list[Message]") -> None:
        for message in messages:
            self._inbox.put(_MessageSent(message))  # before its answer can come
            self._transport.send(message)

    def _receive(self) -> None:
        try:
            message: Message | Writable | None = None
            while not isinstance(message, Closed):
                message = self._transport.recv()
                if isinstance(message, Writable | Closed):
                    self._room.set()
                if not isinstance(message, Writable):
                    self._inbox.put(message)
        except BaseException as exc:  # the top of a thread: the main thread raises it
            self._inbox.put(ThreadCrashed(exc))

    def _wait_for_room(self) -> bool:
        """Wait until the connection has room; False when the exchange has ended."""
        while not self._ended.is_set():
            self._room.clear()  # before the check, so that room which comes after the check wakes us
            if self._transport.writable:
                return True
            if not self._ended.is_set():
                self._room.wait()
        return False

    def _send_pieces(self) -> None:
        """Send the pieces and the last messages: the send thread."""
        try:
            self._ready.wait()
            began = monotonic()
            for piece in self._pieces:
                due = 0.0
                if self._pace:
                    due = began + piece.due_ms / 1000 / self._pace
                if self._ended.wait(max(0.0, due - monotonic())) or not self._wait_for_room():
                    break
                if isinstance(piece.data, str):
                    self._send([Text(piece.data)])
                else:
                    self._send(self._exchange.audio(piece.data))
            self._send(self._exchange.last)
            self._inbox.put(_AllSent())
        except ConnectionLost:
            pass  # the receive thread says how it ended
        except AsrError as exc:
            self._inbox.put(_AllSent(exc))
        except BaseException as exc:  # the top of a thread: the main thread raises it
            self._inbox.put(ThreadCrashed(exc))
