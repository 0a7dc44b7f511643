"""The options for a message record."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.options.panels import DIAGNOSIS, FLAG
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError

if TYPE_CHECKING:
    from asrcli.core.settings import RecognitionSettings
    from asrcli.runs.wire_recording import WireRecorder

Record = Annotated[
    Path | None,
    typer.Option(
        "--record",
        help="Record every message in this file (.asrz), without secrets, audio as lengths only; see asr replay.",
        metavar="PATH",
        rich_help_panel=DIAGNOSIS,
    ),
]
RecordAudio = Annotated[
    bool,
    typer.Option("--record-audio", help="Include the audio in --record.", metavar=FLAG, rich_help_panel=DIAGNOSIS),
]


@dataclass(frozen=True)
class RecordOptions:
    """The values of the options, as the user gave them.

    Raises:
        UsageError: --record-audio without --record.
    """

    record: Record = None
    record_audio: RecordAudio = False

    def __post_init__(self) -> None:
        if self.record_audio and self.record is None:
            raise UsageError("--record-audio without --record: it says what a record keeps")

    @property
    def is_kept(self) -> bool:
        """Whether a record is kept."""
        return self.record is not None

    def recorder(self, stack: ExitStack, wire: str, recognition: "RecognitionSettings") -> "WireRecorder | None":
        """The record of a run, which the stack completes; None without a file.

        Raises:
            UsageError: the file holds something else than a record.
            OutputError: the file cannot be created.
        """
        if self.record is None:
            return None
        from asrcli.cli.builders.wire_records import recording

        return recording(stack, self.record, wire, recognition, keep_audio=self.record_audio)
