"""The list of microphones: a table for people, JSON for programs."""

from dataclasses import asdict

from rich import box
from rich.table import Table

from asrcli.cli.builders.microphones import quiet_libraries
from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import print_json, print_text
from asrcli.cli.render.tables import print_table
from asrcli.core.printable import harmless
from asrcli.sources.backends.registry import capture_backend, input_devices


def print_devices(backend_name: str, *, as_json: bool) -> None:
    """Print the input devices of this machine, and the back end that found them.

    Args:
        backend_name: Which back end is asked; an empty string is the first that works here.
        as_json: Print JSON, with the back end in each entry.

    Raises:
        SourceError: the back end is not installed, or its sound system does not answer.
    """
    with quiet_libraries():
        backend = capture_backend(backend_name)
        devices = input_devices(backend)
    if as_json:
        print_json([{"backend": backend.name, **asdict(device)} for device in devices])
        return
    if not devices:
        print_message(f"asr: no microphone here ({backend.name} was asked): plug one in; asr file needs none")
        return
    table = Table(box=box.SIMPLE)
    for title in ("", "name", "host API", "Hz", "channels"):
        table.add_column(title)
    for device in devices:
        mark = "*" if device.default else ""
        name = harmless(device.name)
        table.add_row(
            f"{mark}{device.index}", name, harmless(device.host_api), _number(device.rate), _number(device.channels)
        )
    print_table(table)
    print_text(f"found by {backend.name}; * is the default; monitor is what this machine plays")


def _number(value: int | None) -> str:
    if value is None:
        return "any"
    return str(value)
