"""Which device a name means: `mic` the default microphone, `monitor` what the machine plays, else a part of a name."""

from asrcli.sources.device_reader import Device

MIC, MONITOR = "mic", "monitor"


def find_device(name: str) -> Device:
    """The device to open; whether there is one shows when it is opened."""
    if name.lower() == MONITOR:
        from asrcli.sources.backends.output_monitor import OutputMonitor

        return OutputMonitor()
    from asrcli.sources.backends.portaudio import PortAudio

    return PortAudio("" if name.lower() == MIC else name)
