"""`asr replay`: a message record, played through the outputs."""

from pathlib import Path
from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options import values
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.output import OutputOptions
from asrcli.core.settings import RecognitionSettings

EXAMPLES = "Examples:\n\nasr replay talk.asrz\n\nasr replay talk.asrz --speed max -f jsonl --partials"

RecordFile = Annotated[
    Path, typer.Argument(help="A file that --record has written.", metavar="RECORD", show_default=False)
]
Speed = Annotated[
    str, typer.Option("--speed", help="Replay speed, as a multiple of the original: 0.5, 10, max.", metavar="SPEED")
]


@expand_option_groups
def replay(
    record: RecordFile,
    *,
    speed: Speed = "1",
    output_options: OutputOptions,
    logging_options: LoggingOptions,
) -> None:
    """Replay recorded messages of a service, without the service.

    The recorded messages go through the codecs and outputs of this version. Nothing is sent, and no key is needed.
    Ctrl-C ends the replay.
    """
    from asrcli.cli.builders.replayed_run import replay_record

    pace = values.parse_pace(speed, "--speed")
    output_builder = output_options.builder(logging_options.level, RecognitionSettings(""))
    output_builder.check([str(record)])
    log_to(logging_options.log_file)
    replay_record(record, pace, output_builder)
