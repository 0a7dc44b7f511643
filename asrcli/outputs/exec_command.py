"""Runs a command of the user for each final: the text on its standard input, the other fields in its environment.

The commands run one after the other in a thread of their own, so that a slow command does not delay the transcript.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from asrcli.core.errors import system_reason
from asrcli.core.events import Event, Final
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import said, translated

CLOSE_TIMEOUT_S = 10.0  # how long `close` waits for the commands that are left


class ExecCommand:
    """An output that runs a shell command. What it prints goes to standard error. It does not get the API key."""

    patient = True

    def __init__(self, command: str, warn: Callable[[str], None]) -> None:
        self._command = command
        self._warn = warn
        self._waiting: SimpleQueue[tuple[str, dict[str, str]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="command", daemon=True)
        self._thread.start()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Queue the command for a final that has text."""
        if isinstance(event, Final) and event.text.strip() and transcript.latest is not None:
            about = {"SENTENCE": transcript.latest.number, "BEGIN_MS": event.begin_ms, "END_MS": event.end_ms}
            texts = {"TRANSLATION": translated(event), "TRANSLATED_INTO": event.translated_into}
            texts |= {"SPEAKER": event.speaker}
            fields = about | {name: _encodable(text) for name, text in texts.items() if text}
            self._waiting.put((said(event), {f"ASR_{name}": str(value) for name, value in fields.items()}))

    def close(self) -> None:
        """Wait for the commands that are left, ten seconds at most, and warn if some are given up."""
        self._waiting.put(None)
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            self._warn(f"given up on commands that had not ended {CLOSE_TIMEOUT_S:.0f} s after the last sentence")

    def _run(self) -> None:
        failures = 0
        while (item := self._waiting.get()) is not None:
            if problem := self._problem(*item):
                failures += 1
                if failures == 1:
                    self._warn(problem)
        if failures > 1:
            self._warn(f"the command failed {failures} times")

    def _problem(self, text: str, about: dict[str, str]) -> str:
        """Run the command for one sentence. Return what went wrong; an empty string if nothing did."""
        environment = {key: value for key, value in os.environ.items() if key != "DASHSCOPE_API_KEY"} | about
        try:
            done = subprocess.run(  # noqa: S602  the user wrote it, for a shell
                self._command,
                shell=True,
                stdout=_standard_error(),
                input=text + "\n",
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment,
                check=False,
            )
        except OSError as exc:
            return f"the command could not be started: {system_reason(exc).lower()}"
        except Exception as exc:  # one sentence must not stop the commands of those behind it
            return f"the command could not be run: {exc}"
        if done.returncode:
            return f"the command failed with exit code {done.returncode}"
        return ""


def _standard_error() -> int:
    """Return the descriptor for what a command prints: standard output is for the transcript only."""
    try:
        if sys.stderr is not None:
            return sys.stderr.fileno()
    except (OSError, ValueError):  # standard error is closed, or is not a file
        pass
    return subprocess.DEVNULL


def _encodable(text: str) -> str:
    """Return text that an environment can hold: JSON may contain lone surrogates and NUL characters."""
    return harmless(text).encode("utf-8", "replace").decode("utf-8")
