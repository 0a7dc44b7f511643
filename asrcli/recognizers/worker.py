"""The worker process of a recognizer: commands on standard input, events on standard output. One session at a time.

A thread reads ahead, so that a session can learn how much audio waits for it; the parent bounds how much that can be.

An engine may hold the interpreter's lock while it searches, so it gets an interpreter of its own. What travels are our
own dataclasses, pickled, each after its length; both ends are this program. After its events each command is answered
with None, and FinishTask with Finished: so the parent knows how far behind a worker is, and which one hangs.
"""

import os
import signal
import sys
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import IO

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.client_commands import Command, FinishTask, SendAudio
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError
from asrcli.core.packed_values import LENGTH, packed, unpacked
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import Engine, LoadAware, RecognizerSession, run_command
from asrcli.recognizers.registry import RecognizerOptions

NO_MEMORY = "too little memory for the recognizer: end other programs, or raise the limit (ulimit -v)"


@dataclass(frozen=True)
class WorkerArguments:
    """What the command line of a worker says.

    Attributes:
        module: The module of the recognizer.
        second_pass: The option of that name.
        model_folder: The folder of a model that was added; empty for other recognizers.
        languages: The codes of the languages of that model.
    """

    module: str
    second_pass: str = "auto"
    model_folder: str = ""
    languages: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments as they are written."""
        return (self.module, self.second_pass, self.model_folder, ",".join(self.languages))

    @classmethod
    def read(cls, module: str, second_pass: str, model_folder: str, languages: str) -> "WorkerArguments":
        """Return what was written."""
        return cls(module, second_pass, model_folder, tuple(filter(None, languages.split(","))))

    def load(self) -> Engine:
        """Load the recognizer.

        Raises:
            EngineUnavailable: it cannot be used.
        """
        options = RecognizerOptions(self.second_pass, model_folder=self.model_folder, languages=self.languages)
        engine: Engine = import_module(self.module).load(options)
        return engine


def main() -> None:
    """Serve one session after the other until standard input ends, which happens when the parent dies."""
    leave_signals_to_parent()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever C code prints must not get between the events
    try:
        _serve(sys.stdin.buffer, out, WorkerArguments.read(*sys.argv[1:]).load())
    except AsrError as exc:
        _send(out, exc)
    except BrokenPipeError:
        pass  # the parent is gone
    except Exception as exc:
        sentence = f"{type(exc).__name__}: {exc}"
        if isinstance(exc, MemoryError) or "bad_alloc" in sentence:
            sentence = NO_MEMORY
        _send(out, RuntimeError(sentence))
        raise


def leave_signals_to_parent() -> None:
    """Ignore Ctrl-C, and Ctrl-Break of Windows: the parent gets them too, and still wants the last results."""
    for name in ("SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


class _Incoming:
    """What has come on standard input, read by a thread; knows how much audio of it waits."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._queue: SimpleQueue[RecognitionSettings | Command | None] = SimpleQueue()
        self._read_bytes = self._taken_bytes = 0  # of audio; each has one thread that writes it
        Thread(target=self._read, name="reader", daemon=True).start()

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of audio have been read and not taken."""
        return self._read_bytes - self._taken_bytes

    def take(self) -> RecognitionSettings | Command | None:
        """Wait for the next value and return it; None at the end."""
        value = self._queue.get()
        if isinstance(value, SendAudio):
            self._taken_bytes += len(value.data)
        return value

    def _read(self) -> None:
        while len(head := self._stream.read(LENGTH.size)) == LENGTH.size:
            (size,) = LENGTH.unpack(head)
            data = self._stream.read(size)
            if len(data) < size:  # the parent died in the middle of a value
                break
            value: RecognitionSettings | Command = unpacked(data)
            if isinstance(value, SendAudio):
                self._read_bytes += len(value.data)
            self._queue.put(value)
        self._queue.put(None)


def _serve(stream: IO[bytes], out: IO[bytes], engine: Engine) -> None:
    incoming = _Incoming(stream)
    session: RecognizerSession | None = None
    bytes_per_s = 1
    while (value := incoming.take()) is not None:
        if isinstance(value, RecognitionSettings):
            session = engine.open(value)
            bytes_per_s = value.rate * SAMPLE_BYTES
            _send(out, None)
            continue
        assert session is not None  # noqa: S101  the parent opens a session before it sends a command
        if isinstance(session, LoadAware):
            session.waits(incoming.waiting_bytes / bytes_per_s)
        for event in run_command(session, value):
            _send(out, event)
        if isinstance(value, FinishTask):
            session = None
        else:
            _send(out, None)


def _send(out: IO[bytes], value: object) -> None:
    out.write(packed(value))
    out.flush()


if __name__ == "__main__":
    main()
