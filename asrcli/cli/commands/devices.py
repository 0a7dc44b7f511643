"""`asr devices`: the microphones that `asr mic` can use."""

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.audio import Backend
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson

EXAMPLES = "Examples:\n\nasr devices\n\nasr devices --json | jq -r '.[] | select(.default).name'"


def devices(as_json: AsJson = False, backend: Backend = None, debug: Debug = False, log_file: LogFile = None) -> None:
    """List the microphones of this machine: number, name, host API, rate and channels.

    Use the number or a part of the name with asr mic --device. The last line names the back end that found the
    microphones.
    """
    del debug  # read by the error boundary
    from asrcli.cli.render.device_table import print_devices

    log_to(log_file)
    print_devices(backend or "", as_json=as_json)
