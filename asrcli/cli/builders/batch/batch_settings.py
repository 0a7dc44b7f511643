"""From the options of `asr batch` to its settings, and the report on an existing batch."""

from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.builders import sources
from asrcli.cli.builders.batch.batch_folders import ledger_folder
from asrcli.cli.builders.batch.batch_references import batch_references
from asrcli.cli.builders.batch.batch_run import is_running
from asrcli.cli.builders.outputs import OutputBuilder
from asrcli.cli.options import values
from asrcli.cli.options.batch_options import FORCE_SETTINGS
from asrcli.cli.render.batch_tables import print_report, print_status
from asrcli.core.causes import Cause
from asrcli.core.errors import UsageError
from asrcli.runs.batch.batch_ledger import read_ledger

if TYPE_CHECKING:
    from asrcli.cli.builders.batch.batch_references import BatchReferences
    from asrcli.cli.options.batch_options import BatchOutputOptions, BatchRecognitionOptions
    from asrcli.cli.options.connection import ConnectionOptions
    from asrcli.core.settings import RecognitionSettings
    from asrcli.dashscope.catalogue import Model


def recognition_settings(
    found_model: "Model",
    recognition_options: "BatchRecognitionOptions",
    connection_options: "ConnectionOptions",
    *,
    vad: bool,
    heartbeat: bool | None,
) -> "tuple[RecognitionSettings, list[str]]":
    """The settings for the model, and notices; errors name the option that sends them anyway here.

    Raises:
        UsageError: the model does not support a setting, or would ignore it.
    """
    try:
        return sources.recognition(found_model, recognition_options, connection_options, vad=vad, heartbeat=heartbeat)
    except UsageError as exc:
        if exc.cause is not Cause.SERVICE_DECIDES:
            raise
        raise UsageError(described(exc).replace("--force ", f"{FORCE_SETTINGS} ")) from exc


def show_status(out: Path, shown: str, *, as_json: bool) -> None:
    """Print how far the batch is whose ledger is in a folder; `shown` is that of its transcripts, for a person.

    Raises:
        AsrError: there is no ledger, or it cannot be read.
    """
    print_status(shown, read_ledger(out, shown), running=is_running(out), as_json=as_json)


def show_report(out: Path, shown: str, *, as_json: bool) -> None:
    """Print what became of each input.

    Raises:
        AsrError: as `show_status`.
    """
    print_report(read_ledger(out, shown), as_json=as_json)


def output_builder(output_options: "BatchOutputOptions", recognition: "RecognitionSettings") -> OutputBuilder:
    """The formats of all transcripts, checked.

    Raises:
        UsageError: options that contradict each other.
    """
    builder = OutputBuilder(
        formats=tuple(dict.fromkeys(output_options.format or [values.OutputFormat.TEXT])),
        path=str(ledger_folder(output_options.out or "transcript")),
        overwrite=output_options.overwrite,
        stamp=output_options.timestamps,
        template=output_options.template,
        capitalize=output_options.capitalize,
        max_line=output_options.max_line,
        max_lines=output_options.max_lines,
        level=None,
        translated=recognition.both_texts,
    )
    builder.check_options()
    return builder


def references(ref: Path | None, builder: OutputBuilder) -> "BatchReferences | None":
    """What --ref names; None without it.

    Raises:
        UsageError, SourceError: as `batch_references`.
    """
    if ref is None:
        return None
    return batch_references(ref, builder)
