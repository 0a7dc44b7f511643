"""`asr batch`: many recordings to text, several at once; run again, it goes on where it was."""

import shlex
from enum import StrEnum
from pathlib import Path

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options import values
from asrcli.cli.options.audio import Agc, Channel, Denoise, EachChannel, Gain, Pace, Track
from asrcli.cli.options.batch_options import (
    BatchOutputOptions,
    BatchRecognitionOptions,
    DaskScheduler,
    DryRun,
    Jobs,
    Redo,
    References,
    SplitLength,
    StartsPerMinute,
    Watched,
    Words,
)
from asrcli.cli.options.budget import BudgetLimit, Estimate
from asrcli.cli.options.configured import refuse_options_except
from asrcli.cli.options.connection import ConnectionOptions, Heartbeat
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.library import LibraryOptions
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.model import ModelName
from asrcli.cli.options.output import AsJson
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import SourceError, UsageError
from asrcli.core.settings import DEFAULT_MODEL
from asrcli.dashscope.model_selection import AUTO

EXAMPLES = """Examples:

asr batch recordings/ --out transcripts --jobs 16 -f srt

asr batch report transcripts --json | jq -r '.[] | .state + " " + .path'"""

COMMON = "--out --jobs --split --dry-run --force --format --name --model --language --estimate --local --quiet"


class BatchAction(StrEnum):
    """What can stand in the place of the inputs."""

    STATUS = "status"
    REPORT = "report"
    RETRY = "retry"


@expand_option_groups
def batch(
    words: Words = None,
    *,
    jobs: Jobs = None,
    redo: Redo = False,
    split: SplitLength = None,
    ref: References = None,
    watch: Watched = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    track: Track = None,
    channel: Channel = "mix",
    each_channel: EachChannel = False,
    gain: Gain = 0.0,
    denoise: Denoise = False,
    agc: Agc = False,
    pace: Pace = None,
    model: ModelName = DEFAULT_MODEL,
    recognition_options: BatchRecognitionOptions,
    connection_options: ConnectionOptions,
    heartbeat: Heartbeat = None,
    rpm: StartsPerMinute = None,
    dask: DaskScheduler = None,
    retry_options: RetryOptions,
    budget: BudgetLimit = None,
    estimate: Estimate = False,
    output_options: BatchOutputOptions,
    library_options: LibraryOptions,
    logging_options: LoggingOptions,
) -> None:
    """Transcribe many recordings in parallel; run it again to continue.

    Finished inputs are skipped, unless the input or the settings have changed. If one input fails, the others continue.

    asr batch status DIR prints counts, asr batch report DIR lists all inputs, asr batch retry DIR retries failed
    inputs.

    Ctrl-C waits for the last words of the audio that was sent; a second Ctrl-C exits at once. Finished transcripts are
    kept.
    """
    from asrcli.cli.builders import fast_run, sources
    from asrcli.cli.builders.batch import batch_folders, batch_preview, batch_run, batch_settings, batch_setup
    from asrcli.runs.batch.output_names import check_template

    action, words, named = _asked(words or [], output_options.out, watch, ref)
    out = batch_folders.ledger_folder(named)
    if action in {BatchAction.STATUS, BatchAction.REPORT}:
        shown = batch_folders.shown_folder(named)
        if action is BatchAction.STATUS:
            batch_settings.show_status(out, shown, as_json=as_json)
        else:
            batch_settings.show_report(out, shown, as_json=as_json)
        return
    if as_json:
        raise UsageError("--json is for asr batch status and asr batch report", "--dry-run shows what would be done")
    if model == AUTO:
        raise UsageError(f"--model {AUTO} looks at one recording: a batch has one model", "name it, see asr models")
    found_model = sources.model_for(model, [], recognition_options, None, connection_options)
    vad = recognition_options.vad and not found_model.traits.manual_only
    recognition, notices = batch_settings.recognition_settings(
        found_model, recognition_options, connection_options, vad=vad, heartbeat=heartbeat
    )
    split_ms = values.parse_duration("--split", split)
    if split_ms is not None:
        fast_run.check_split("--split", vad=vad, each_channel=each_channel)
    speed = connection_options.pace_of(pace)
    output_builder = batch_settings.output_builder(output_options, recognition)
    log_to(logging_options.log_file)
    source_builder = sources.SourceBuilder(
        found_model, recognition, sources.clip(None, None, channel, gain, track), None,
        sources.AudioEnhancement(denoise=denoise, agc=agc), each_channel=each_channel, exact=estimate,
    )  # fmt: skip
    setup = batch_setup.BatchSetup(
        source_builder, output_builder, connection_options, retry_options,
        recognition_options.context_from_transcript, speed, split_ms,
    )  # fmt: skip
    request = batch_run.BatchRequest(
        words, out, check_template(output_options.name), setup, jobs, rpm, budget, redo, output_options.plain,
        logging_options.level, notices, batch_settings.references(ref, output_builder), watch,
        batch_folders.remote_folder(named, compared=ref is not None), dask, library_options,
    )  # fmt: skip
    if dry_run or estimate:
        batch_preview.preview(request, estimate=estimate)
    else:
        request.run()


def _asked(
    words: list[str], out: str | None, watch: Path | None, ref: Path | None
) -> tuple[BatchAction | None, list[str], str]:
    """The action, the inputs, and the folder of the transcripts, which may stand after an action.

    Raises:
        UsageError: there is no folder, or no input, or nothing can be watched, or the action does not take an option.
        SourceError: the folder to watch is not there.
    """
    if watch is not None and not watch.is_dir():
        raise SourceError(str(watch), "is not a folder that can be watched")
    if watch is not None and (ref is not None or words[:1] == [BatchAction.RETRY]):
        other = "--ref" if ref is not None else "asr batch retry"
        raise UsageError(f"--watch with {other}, which needs an end", "leave one out")
    if not words and watch is None:
        raise UsageError("no input", "name files, directories or a manifest, or a folder to --watch")
    if not words or words[0] not in list(BatchAction):
        if out is None and words[1:] and words[1] in list(BatchAction):
            raise UsageError(f"{words[1]} stands before the folder", f"asr batch {words[1]} {shlex.quote(words[0])}")
        if out is None:
            raise UsageError("no folder for the transcripts", "name one: --out DIR")
        return None, words, out
    action, *rest = words
    folders = [*rest, *([out] if out is not None else [])]
    if len(folders) != 1:
        raise UsageError(f"asr batch {action} takes one folder", f"asr batch {action} DIR; a file: ./{action}")
    if action != BatchAction.RETRY:
        refuse_options_except({"out", "json", "debug"}, f"asr batch {action}")
    return BatchAction(action), [], folders[0]
