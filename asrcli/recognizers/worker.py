"""The worker process of a recognizer: commands on standard input, events on standard output. One session at a time.

An engine may hold the interpreter's lock while it searches, so it gets an interpreter of its own. What travels are our
own dataclasses, pickled, each behind its length; both ends are this program. After its events each command is answered
with None, and FinishTask with Finished: so the parent knows how far behind a worker is, and which one hangs.
"""

import os
import pickle
import signal
import struct
import sys
from importlib import import_module
from typing import IO, Any

from asrcli.core.client_commands import Command, FinishTask
from asrcli.core.errors import AsrError
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import Engine, RecognizerSession, run_command
from asrcli.recognizers.registry import RecognizerOptions

LENGTH = struct.Struct("<I")


def packed(value: object) -> bytes:
    """Return a value as the bytes that travel: its length and its pickle."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


def unpacked(data: bytes) -> Any:
    """Return the value of a pickle. Only ever from our own child or parent."""
    return pickle.loads(data)  # noqa: S301


def main() -> None:
    """Serve one session after the other until standard input ends, which happens when the parent dies.

    The arguments are the module of the recognizer and the second-pass option.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which still wants the last results
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever C code prints must not get between the events
    try:
        engine: Engine = import_module(sys.argv[1]).load(RecognizerOptions(second_pass=sys.argv[2]))
        _serve(sys.stdin.buffer, out, engine)
    except AsrError as exc:
        _send(out, exc)
    except BrokenPipeError:
        pass  # the parent is gone
    except Exception as exc:
        _send(out, RuntimeError(f"{type(exc).__name__}: {exc}"))
        raise


def _serve(incoming: IO[bytes], out: IO[bytes], engine: Engine) -> None:
    session: RecognizerSession | None = None
    while head := incoming.read(LENGTH.size):
        value: RecognitionSettings | Command = unpacked(incoming.read(*LENGTH.unpack(head)))
        if isinstance(value, RecognitionSettings):
            session = engine.open(value)
            _send(out, None)
            continue
        assert session is not None  # noqa: S101  the parent opens a session before it sends a command
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
