"""The worker process of the embedded recognizer: requests on standard input, events on standard output.

pocketsphinx holds the interpreter's lock while it searches, so it gets an interpreter of its own. What travels are our
own dataclasses, pickled, each behind its length; both ends are this program. Behind its events each request is answered
with None, but Finish with Finished: so the parent knows how far behind a worker is, and which one answers no more.
"""

import os
import pickle
import signal
import struct
import sys
from typing import IO, Any

from asrcli.core.client_commands import Command, FinishTask
from asrcli.core.errors import AsrError
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.pocketsphinx import SphinxSession, load_decoder

LENGTH = struct.Struct("<I")


def packed(value: object) -> bytes:
    """A value as it travels."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


def unpacked(data: bytes) -> Any:
    """The value in what travelled. Only ever from our own child or parent."""
    return pickle.loads(data)  # noqa: S301


def main() -> None:
    """Serve one session after the other until standard input ends, which it does when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who still wants our last words
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever C code prints must not run into the events
    try:
        _serve(sys.stdin.buffer, out, sys.argv[1])
    except AsrError as exc:
        _send(out, exc)
    except BrokenPipeError:
        pass  # the parent is gone
    except Exception as exc:
        _send(out, RuntimeError(f"{type(exc).__name__}: {exc}"))
        raise


def _serve(incoming: IO[bytes], out: IO[bytes], second_pass: str) -> None:
    decoder = load_decoder()
    fresh_means = decoder.get_cmn(False)
    session: SphinxSession | None = None
    while head := incoming.read(LENGTH.size):
        value: RecognitionSettings | Command = unpacked(incoming.read(*LENGTH.unpack(head)))
        if isinstance(value, RecognitionSettings):
            decoder.set_cmn(fresh_means)
            session = SphinxSession(decoder, value, second_pass)
            _send(out, None)
            continue
        assert session is not None  # noqa: S101  the parent opens before it asks
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
