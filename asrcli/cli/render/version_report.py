"""What `asr --version -v` prints: all versions that a report of a problem needs, without a path or a secret."""

from asrcli.cli.render.stdout import print_lines
from asrcli.runs.doctor.versions import versions


def print_versions() -> None:
    """Print a line for each part: its name and its version.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    print_lines(*(f"{name} {text}" for name, text in versions().items()))
