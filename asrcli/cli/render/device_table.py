"""The list of microphones: a table for people, JSON for programs."""

from dataclasses import asdict

from rich import box
from rich.table import Table

from asrcli.cli.builders.microphones import quiet_libraries
from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import print_json, print_lines, print_table
from asrcli.core.printable import harmless
from asrcli.sources.backends.portaudio import input_devices


def print_devices(*, as_json: bool) -> None:
    """Print the input devices that PortAudio finds on this machine."""
    with quiet_libraries():
        devices = input_devices()
    if as_json:
        print_json([asdict(device) for device in devices])
        return
    if not devices:
        print_message("asr: no microphone here")
        return
    table = Table(box=box.SIMPLE)
    for title in ("", "name", "host API", "Hz", "channels"):
        table.add_column(title)
    for device in devices:
        mark = "*" if device.default else ""
        name = harmless(device.name)
        table.add_row(f"{mark}{device.index}", name, harmless(device.host_api), str(device.rate), str(device.channels))
    print_table(table)
    print_lines("* is the default; monitor is what this machine plays")
