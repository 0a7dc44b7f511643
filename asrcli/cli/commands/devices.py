"""`asr devices`: what `asr mic` can listen to."""

from dataclasses import asdict

from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson

EXAMPLES = "Examples:\n\nasr devices\n\nasr devices --json | jq -r '.[] | select(.default).name'"


def devices(as_json: AsJson = False, debug: Debug = False, log_file: LogFile = None) -> None:
    """List the microphones of this machine: number, name, host API, rate and channels.

    Name one to asr mic with --device, by its number or a part of its name.
    """
    del debug  # read by the error boundary
    from rich import box
    from rich.table import Table

    from asrcli.cli.build import run
    from asrcli.cli.build.microphones import quiet_libraries
    from asrcli.cli.console import print_message
    from asrcli.cli.render.stdout import print_json, print_lines, print_table
    from asrcli.core.printable import harmless
    from asrcli.sources.backends.portaudio import input_devices

    run.log_to(log_file)
    with quiet_libraries():
        found = input_devices()
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        print_message("asr: no microphone here")
        return
    table = Table(box=box.SIMPLE)
    for title in ("", "name", "host API", "Hz", "channels"):
        table.add_column(title)
    for one in found:
        mark = "*" if one.default else ""
        name = harmless(one.name)
        table.add_row(f"{mark}{one.index}", name, harmless(one.host_api), str(one.rate), str(one.channels))
    print_table(table)
    print_lines("* is the default; monitor is what this machine plays")
