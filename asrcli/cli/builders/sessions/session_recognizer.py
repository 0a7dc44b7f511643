"""Which recognizer on this machine continues a session: the one that has heard it so far."""

from dataclasses import replace

from asrcli.cli.options.connection import ConnectionOptions
from asrcli.core.errors import UsageError
from asrcli.journal.reading import Journal
from asrcli.recognizers.factory import find_heard_by


def same_recognizer(options: ConnectionOptions, journal: Journal) -> ConnectionOptions:
    """The options with the recognizer of the session, if one on this machine is asked and `--engine` names none.

    Raises:
        UsageError: it is not here any more.
    """
    heard_by = [name for name in journal.engines if name]
    if not options.local or options.engine is not None or not heard_by:
        return options
    info = find_heard_by(heard_by[-1])
    if info is None:
        raise UsageError(
            f"the recognizer {heard_by[-1]} is not here", "asr engines lists those that are; choose one with --engine"
        )
    return replace(options, engine=info.name)
