"""An input of this machine as a back end lists it, and which one a name or a number means. Opens nothing."""

from collections.abc import Sequence

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError

NAME = "microphone"  # how an error calls the default device
PLAYED = "Monitor of "  # how PulseAudio and PipeWire begin the name of what the machine plays


@dataclass(frozen=True, slots=True)
class InputDevice:
    """An input device, as a back end lists it.

    Attributes:
        index: Its number for `--device`.
        host_api: The sound system that offers it.
        rate: Its own rate in Hz; None if the back end does not say.
        channels: How many it has; None if the back end does not say.
        default: Whether it is what a program gets that names none.
    """

    index: int
    name: str
    host_api: str
    rate: int | None
    channels: int | None
    default: bool


class NoSuchDevice(SourceError):
    """A device that a back end does not list; `names` are those of the devices that it lists."""

    def __init__(self, wanted: str, names: Sequence[str]) -> None:
        reason = f"no microphone has this name; choose one of {', '.join(names)}"
        if not names:
            reason = "this machine has no microphone; asr devices lists what there is"
        super().__init__(wanted, reason)
        self.names = names


def choose_device(devices: Sequence[InputDevice], wanted: str, *, instead: bool) -> InputDevice | None:
    """Return the device that the user means; with `instead`, the default one if it is not found.

    None is the default device where none is marked as such: what the system gives to a program that names none.

    An exact name takes precedence over a part of one, a microphone over what the machine plays. Empty is the default.

    Raises:
        NoSuchDevice: no device fits.
        SourceError: several do.
    """
    if not devices:
        raise NoSuchDevice(wanted or NAME, ())
    if wanted.isdecimal():
        matches = [device for device in devices if device.index == int(wanted)]
    else:
        matches = [device for device in devices if device.name.lower() == wanted.lower()]
        matches = matches or [device for device in devices if wanted and wanted.lower() in device.name.lower()]
        matches = [device for device in matches if not device.name.startswith(PLAYED)] or matches
    if len(matches) > 1:
        names = ", ".join(f"{device.index}: {device.name} ({device.host_api})" for device in matches)
        raise SourceError(wanted, f"could be several microphones: say which by its number ({names})")
    if wanted and not matches and not instead:
        raise NoSuchDevice(wanted, [device.name for device in devices])
    if matches:
        return matches[0]
    return next((device for device in devices if device.default), None)
