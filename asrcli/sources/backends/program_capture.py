"""A running program that records to its standard output, and the reading of it. Linux only."""

import os
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from time import monotonic

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import SourceError
from asrcli.core.settings import without_key
from asrcli.sources.backends.silence_limit import first_within_limit
from asrcli.sources.boot_clock import boot_time
from asrcli.sources.device_reader import LostSamples

READ_MS = 50
OVERRUN = re.compile(rb"overrun!!! \(at least ([\d.]+) ms long\)")  # how arecord tells it
STDERR_BYTES = 65_536


class ProgramCapture:
    """A program that writes mono s16le at the rate of the wire to its standard output.

    Args:
        name: What the device is called.
        command: The program and its arguments.
        audio_format: What it writes.
    """

    def __init__(self, name: str, command: Sequence[str], audio_format: Format) -> None:
        self.name = name
        self._format = audio_format
        self._size = audio_format.samples(READ_MS) * SAMPLE_BYTES
        self._partial = b""
        self._overrun_ms = 0.0  # told by the program, and not reported by us yet
        self._samples = 0  # given or lost since it was started
        self._began_at = boot_time()
        self._last_line = ""
        self._tells = True  # whether its standard error is still open
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=without_key(os.environ) | {"LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C must not end it: the last words are still in its buffers
        )
        assert self._process.stdout is not None  # noqa: S101  it was started with pipes
        assert self._process.stderr is not None  # noqa: S101
        self._out, self._err = self._process.stdout.fileno(), self._process.stderr.fileno()
        if sys.platform != "win32":  # where no program is started to record
            os.set_blocking(self._err, False)

    def read(self) -> bytes | LostSamples:
        """Return the next 50 ms; after an overrun that the program tells, how much was lost.

        Raises:
            SourceError: the program has ended, with its last line of error output; or it gives nothing any more.
        """
        if self._overrun_ms and (lost := self._count_lost()):
            return LostSamples(lost)
        while len(self._partial) < self._size:
            more = first_within_limit(self._more, self.name)
            if not more:
                self._process.wait()
                self._look_at_errors()
                reason = self._last_line or "the sound server is gone"
                raise SourceError(self.name, f"cannot be listened to: {reason}")
            self._partial += more
        pcm, self._partial = self._partial[: self._size], self._partial[self._size :]
        self._samples += len(pcm) // SAMPLE_BYTES
        self._look_at_errors()
        return pcm

    def interrupt(self) -> None:
        """Kill the program, which ends a read that hangs. Safe from any thread."""
        self._process.kill()

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _more(self, timeout_s: float) -> bytes | None:
        """Return what the program has written; empty at its end, None if it wrote nothing in time."""
        until = monotonic() + timeout_s
        while True:
            pipes = [self._out]
            if self._tells:
                pipes.append(self._err)
            ready, _, _ = select.select(pipes, [], [], max(0.0, until - monotonic()))
            if self._err in ready:  # if nobody read it, the program would stop as soon as the pipe is full
                self._look_at_errors()
            if self._out in ready:
                return os.read(self._out, self._size - len(self._partial))
            if not ready:
                return None

    def _look_at_errors(self) -> None:
        """Read what the program has written to standard error."""
        try:
            written = os.read(self._err, STDERR_BYTES)
        except BlockingIOError:
            return
        self._tells = bool(written)
        self._overrun_ms += sum(float(found) for found in OVERRUN.findall(written))
        lines = written.decode("utf-8", "replace").strip().splitlines()
        if lines:
            self._last_line = lines[-1]

    def _count_lost(self) -> int:
        """Return how many samples an overrun has cost: what the program says, but not more than the clock allows."""
        told = round(self._overrun_ms * self._format.rate / 1000)
        self._overrun_ms = 0.0
        missing = round((boot_time() - self._began_at) * self._format.rate) - self._samples
        lost = max(0, min(told, missing))
        self._samples += lost
        return lost
