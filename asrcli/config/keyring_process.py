"""The process that talks to the keyring of the system, for config/keyring_access.py: one command, one answer.

A keyring may hang, ask for a password or write to the terminal. Here it can do none of that to the program: this
process has no terminal, and its parent ends it. The key travels through the pipes, never on the command line.
"""

import json
import os
import sys
from contextlib import suppress
from typing import Any

SERVICE = "asrcli"  # under this name the keyring keeps our keys
READY = {"ready": True}
# The names of the modules of back ends that keep nothing.
KEEP_NOTHING = ("keyring.backends.fail", "keyring.backends.null")


def main() -> None:
    """Say READY, so that the start of Python and its imports do not count as waiting; then answer one command."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a back end prints must not get into the answer
    with suppress(ImportError):  # the answer says so
        import keyring.errors  # noqa: F401
    _say(out, READY)
    _say(out, _answer(json.loads(sys.stdin.buffer.readline())))


def _say(out: Any, value: dict[str, Any]) -> None:
    out.write(json.dumps(value) + "\n")
    out.flush()


def _answer(command: dict[str, str]) -> dict[str, Any]:
    """Do the command. The error holds the class of the exception alone: its text might hold the key."""
    try:
        import keyring.errors
    except ImportError:
        return {"trouble": "missing"}
    try:
        backend = keyring.get_keyring()
        if type(backend).__module__.startswith(KEEP_NOTHING):
            return {"trouble": "none"}
        answer: dict[str, Any] = {"backend": backend.name, "key": None}
        account = command["account"]
        if command["do"] == "set":
            backend.set_password(SERVICE, account, command["key"])
        if command["do"] == "delete":
            if backend.get_password(SERVICE, account) is not None:
                backend.delete_password(SERVICE, account)
            return answer
        answer["key"] = backend.get_password(SERVICE, account)
    except keyring.errors.KeyringLocked:
        return {"trouble": "locked"}
    except keyring.errors.NoKeyringError:
        return {"trouble": "none"}
    except Exception as exc:  # whatever a back end raises: the caller names its class
        return {"trouble": "failed", "error": type(exc).__name__}
    return answer


if __name__ == "__main__":
    main()
