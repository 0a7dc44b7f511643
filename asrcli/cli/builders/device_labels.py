"""What the values of --device and --save-audio stand for: a label for each device, and a file for its audio."""

import re
from collections.abc import Sequence
from pathlib import Path

from asrcli.cli.options.values import parse_device
from asrcli.sources.backends.device_names import MIC

NO_FILE_NAME = re.compile(r"""[/\\:*?"<>|\x00-\x1f]""")  # what cannot stand in a name on every system


def speaker_labels(devices: Sequence[str]) -> list[str]:
    """What the speaker of each device is called: its label, or its name; a single device needs no name.

    Raises:
        UsageError: a device is not NAME or NAME=LABEL.
    """
    named = [parse_device(text) for text in devices or (MIC,)]
    if len(named) == 1:
        return [named[0][1]]
    return [label or device for device, label in named]


def saved_files(save: str, devices: Sequence[str]) -> list[Path]:
    """The files to which the audio of the devices is saved: one for each.

    Raises:
        UsageError: a device is not NAME or NAME=LABEL.
    """
    path = Path(save)
    if len(devices) < 2:
        return [path]
    names = [NO_FILE_NAME.sub("_", label) for label in speaker_labels(devices)]
    return [path.with_name(f"{path.stem}-{name}{path.suffix}") for name in names]
