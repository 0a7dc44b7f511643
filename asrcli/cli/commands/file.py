"""`asr file`: audio and video files, and pipes, to text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asrcli.cli.options import budget as options_budget
from asrcli.cli.options import journal as options_journal
from asrcli.cli.options import shared as o
from asrcli.cli.options import values
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.output import OutputOptions
from asrcli.cli.options.recognition import RecognitionOptions
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import UsageError, combine_errors
from asrcli.core.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from asrcli.core.errors import AsrError
    from asrcli.core.interfaces import Source
    from asrcli.core.settings import RecognitionSettings
    from asrcli.dashscope.catalogue import Model
    from asrcli.runs.run import ConcurrentSources

EXAMPLES = """Examples:

asr file talk.mp3 --timestamps relative

ffmpeg -i film.mkv -f wav - | asr file - --local -f srt -o film.srt"""


@expand_option_groups
def file(
    paths: o.Paths,
    *,
    start: o.Start = None,
    end: o.End = None,
    track: o.Track = None,
    channel: o.Channel = "mix",
    each_channel: o.EachChannel = False,
    gain: o.Gain = 0.0,
    denoise: o.Denoise = False,
    agc: o.Agc = False,
    pace: o.Pace = None,
    raw: o.Raw = False,
    encoding: o.Encoding = None,
    rate: o.Rate = None,
    channels: o.Channels = None,
    passthrough: o.Passthrough = False,
    model: o.ModelName = DEFAULT_MODEL,
    recognition_options: RecognitionOptions,
    connection_options: ConnectionOptions,
    heartbeat: o.Heartbeat = None,
    retry_options: RetryOptions,
    budget: options_budget.BudgetLimit = None,
    estimate: options_budget.Estimate = False,
    output_options: OutputOptions,
    output_dir: o.OutputDir = None,
    journal: options_journal.KeepIn = None,
    no_journal: options_journal.KeepNothing = False,
    logging_options: LoggingOptions,
) -> None:
    """Transcribe files, or standard input.

    Each sentence goes to standard output as soon as it is final.

    Ctrl-C ends the input and waits for the last words; a second one leaves at once.

    asr resume goes on with a run that did not end in order.
    """
    from contextlib import ExitStack

    from asrcli.cli.build import outputs as show
    from asrcli.cli.build import run
    from asrcli.cli.build import sources as reads
    from asrcli.cli.build.staged_files import StagedRun

    filing = StagedRun(options_journal.journal_folder(journal, no_journal=no_journal), paths)
    if passthrough and connection_options.local:
        raise UsageError("--passthrough with --local: the embedded recognizer decodes no files", "leave it out")
    samples = reads.bare_samples(raw=raw, encoding=encoding, rate=rate, channels=channels)
    found = reads.model_for(model, paths, recognition_options.language or [], samples, connection_options.region_asked)
    recognition, told = reads.recognition(
        found, recognition_options, connection_options, vad=recognition_options.vad, heartbeat=heartbeat
    )
    speed = values.parse_pace(pace) if pace is not None else (None if connection_options.local else 1.0)
    output_builder = output_options.showing(logging_options.level, recognition, folder=output_dir, pace=speed)
    output_builder.check(paths, logging_options.log_file)
    run.log_to(logging_options.log_file)
    clip = reads.taken(start, end, channel, gain, track)
    treatment = reads.AudioEnhancement(denoise=denoise, agc=agc)
    source_builder = reads.SourceBuilder(
        found, recognition, clip, samples, treatment, each_channel=each_channel, passthrough=passthrough, exact=estimate
    )
    sources, failures = reads.file_sources(paths, source_builder)
    if estimate:
        _estimate(found, recognition, connection_options, sources, failures)
        return
    with ExitStack() as stack:
        runs = show.runs(output_builder, sources, paths)
        connection = retry_options.applied_to(connection_options.at(stack, recognition))
        tries = retry_options.retry_settings()
        remembers = recognition_options.context_from_transcript
        most, quiet = options_budget.budget_limit(budget), logging_options.level is None
        run_builder = run.RunBuilder(
            found, recognition, connection, speed, tries, connection_options, told, remembers, most, quiet
        )
        kept = filing.recording(
            runs, recognition, connection, output_builder, source_builder, speed, local=connection_options.local
        )
        run_builder.run(stack.enter_context(kept), failures)


def _estimate(
    model: "Model",
    recognition: "RecognitionSettings",
    connection_options: ConnectionOptions,
    sources: "Sequence[Source | ConcurrentSources]",
    failures: "Sequence[AsrError]",
) -> None:
    from asrcli.cli.render.stdout import print_lines

    price = options_budget.known(model, "--estimate", connection_options.region_asked, local=connection_options.local)
    print_lines(*options_budget.forecast_cost(sources, model, price, recognition))
    if failures:
        raise combine_errors(failures)
