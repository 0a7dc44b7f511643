"""Which device a name means: `mic` the default microphone, `monitor` what the machine plays, else a part of a name."""

from asrcli.sources.backends.output_monitor import OutputMonitor
from asrcli.sources.backends.registry import capture_backend
from asrcli.sources.device_reader import Device

MIC, MONITOR = "mic", "monitor"


def find_device(name: str, backend: str = "") -> Device:
    """The device to open, of the back end that is named or else the first that works here.

    Whether there is such a device shows when it is opened. The monitor has a back end of its own. Call it before other
    threads start.

    Raises:
        SourceError: the back end is not installed, or there is none at all; says how to get it.
    """
    if name.lower() == MONITOR:
        return OutputMonitor()
    return capture_backend(backend).device("" if name.lower() == MIC else name)
