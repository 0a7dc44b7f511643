"""Which device a name means: `mic` the default microphone, `monitor` what the machine plays, else a part of a name."""

from collections.abc import Sequence

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends.input_device import NoSuchDevice, choose_device
from asrcli.sources.backends.output_monitor import OutputMonitor
from asrcli.sources.backends.registry import CaptureBackend, capture_backend, later_backends
from asrcli.sources.device_reader import Capture, Device

MIC, MONITOR = "mic", "monitor"


def find_device(name: str, backend: str = "") -> Device:
    """The device to open, of the back end that is named or else the first that works here and lists the name.

    Whether there is such a device shows when it is opened. The monitor has a back end of its own. Call it before other
    threads start.

    Raises:
        SourceError: the back end is not installed, or there is none at all; says how to get it.
    """
    if name.lower() == MONITOR:
        return OutputMonitor()
    if name.lower() == MIC:
        return capture_backend(backend).device("")
    first = capture_backend(backend)
    if backend or name.isdecimal():  # each back end has numbers of its own
        return first.device(name)
    return NamedDevice(name, first, later_backends(first))


class NamedDevice:
    """A microphone by a part of its name, of the first back end that lists it: they give a device different names.

    Args:
        wanted: The part of its name.
        first: The back end that is asked first, whatever is wrong with it.
        others: Those that are asked then. One that does not work here is passed over.
    """

    def __init__(self, wanted: str, first: CaptureBackend, others: Sequence[CaptureBackend]) -> None:
        self.name = wanted
        self._wanted = wanted
        self._first = first
        self._others = others
        self._device = first.device(wanted)

    def open(self, audio_format: Format, *, instead: bool) -> Capture:
        """Open the device, and keep to the back end that it was found in.

        Raises:
            SourceError: no back end lists the name, several devices fit, or it cannot be opened.
        """
        try:
            capture = self._device.open(audio_format, instead=instead)
        except NoSuchDevice as exc:
            self._device = self._elsewhere(exc)
            capture = self._device.open(audio_format, instead=instead)
        self.name = self._device.name
        return capture

    def _elsewhere(self, unknown: NoSuchDevice) -> Device:
        listed = [_listed(self._first, unknown)]
        for backend in self._others:
            try:
                backend.load()
                choose_device(backend.devices(), self._wanted, instead=False)
            except NoSuchDevice as exc:
                listed.append(_listed(backend, exc))
            except SourceError:
                continue
            else:
                return backend.device(self._wanted)
        if len(listed) == 1:
            raise unknown
        raise SourceError(self._wanted, f"no microphone has this name; {'; '.join(listed)}") from unknown


def _listed(backend: CaptureBackend, unknown: NoSuchDevice) -> str:
    return f"{backend.name} lists {', '.join(unknown.names) or 'none'}"
