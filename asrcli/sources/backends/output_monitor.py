"""Records what this machine plays: the monitor of the default output, read from the program `parec`. Linux only."""

import shutil
import subprocess
import sys

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import SourceError
from asrcli.sources.device_reader import LostSamples

NAME = "monitor"
READ_MS = 50
COMMAND = "parec"  # of PulseAudio; works with PipeWire too
ELSEWHERE = {
    "darwin": "macOS has no monitor of its output: install a loopback device such as BlackHole and name that",
    "win32": "Windows offers it as a microphone: switch on Stereo Mix, or install a virtual cable, and name that",
}


class OutputMonitor:
    """The monitor of the default output as a device; PulseAudio or PipeWire converts it to the format of the wire."""

    name = NAME

    def open(self, audio_format: Format, *, instead: bool) -> "MonitorCapture":
        """Start `parec`.

        Raises:
            SourceError: this system has no monitor, or `parec` is missing; says what the user can do.
        """
        del instead
        if sys.platform in ELSEWHERE:
            raise SourceError(NAME, ELSEWHERE[sys.platform])
        if shutil.which(COMMAND) is None:
            raise SourceError(NAME, f"needs {COMMAND}: apt-get install pulseaudio-utils")
        return MonitorCapture(audio_format)


class MonitorCapture:
    """A running `parec`."""

    name = NAME

    def __init__(self, audio_format: Format) -> None:
        self._size = audio_format.samples(READ_MS) * SAMPLE_BYTES
        options = ["--device=@DEFAULT_MONITOR@", "--format=s16le", "--channels=1", f"--rate={audio_format.rate}"]
        self._process = subprocess.Popen(
            [COMMAND, *options, f"--latency-msec={READ_MS}", "--client-name=asr"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C must not end it: the last words are still in its buffers
        )

    def read(self) -> bytes | LostSamples:
        """Return the next 50 ms.

        Raises:
            SourceError: `parec` has ended; with its last line of error output.
        """
        assert self._process.stdout is not None  # noqa: S101  it was started with a pipe
        pcm = self._process.stdout.read(self._size)
        if len(pcm) == self._size:
            return pcm
        self._process.wait()
        assert self._process.stderr is not None  # noqa: S101  it was started with a pipe
        lines = self._process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        raise SourceError(NAME, f"cannot be listened to: {lines[-1] if lines else 'the sound server is gone'}")

    def interrupt(self) -> None:
        """Kill `parec`, which ends a read that hangs because the sound server gives nothing. Safe from any thread."""
        self._process.kill()

    def close(self) -> None:
        """End `parec`."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
