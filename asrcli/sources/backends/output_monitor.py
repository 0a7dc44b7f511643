"""Records what this machine plays: the monitor of the default output, read by `parec` or miniaudio. Linux only."""

import sys
from importlib.util import find_spec

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends.installation import program_advice
from asrcli.sources.backends.miniaudio import MiniaudioMonitor
from asrcli.sources.backends.program_capture import ProgramCapture
from asrcli.sources.backends.recording_programs import PAREC
from asrcli.sources.device_reader import Capture

NAME = "monitor"
ELSEWHERE = {
    "darwin": "macOS has no monitor of its output: install a loopback device such as BlackHole and name that",
    "win32": "Windows offers it as a microphone: switch on Stereo Mix, or install a virtual cable, and name that",
}


class OutputMonitor:
    """The monitor of the default output as a device; PulseAudio or PipeWire converts it to the format of the wire."""

    name = NAME

    def open(self, audio_format: Format, *, instead: bool) -> Capture:
        """Start `parec`, whichever back end reads the microphones; without it miniaudio opens the monitor.

        Raises:
            SourceError: this system has no monitor, or neither is installed; says what the user can do.
        """
        if sys.platform in ELSEWHERE:
            raise SourceError(NAME, ELSEWHERE[sys.platform])
        if advice := program_advice(PAREC.name):
            if not find_spec("miniaudio"):
                raise SourceError(NAME, advice)
            return MiniaudioMonitor().open(audio_format, instead=instead)
        return ProgramCapture(NAME, PAREC.command("@DEFAULT_MONITOR@", audio_format), audio_format)
