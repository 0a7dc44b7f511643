"""`asr file`: audio and video files, and pipes, to text."""

from contextlib import ExitStack

from asrcli.cli.builders.local_fallback import fallback_of
from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.audio import (
    Agc,
    Channel,
    Channels,
    Denoise,
    EachChannel,
    Encoding,
    End,
    Fast,
    Gain,
    Pace,
    Passthrough,
    Paths,
    Rate,
    Raw,
    Start,
    Track,
)
from asrcli.cli.options.budget import BudgetLimit, Estimate
from asrcli.cli.options.captions import Captions
from asrcli.cli.options.connection import ConnectionOptions, Heartbeat
from asrcli.cli.options.fallback import FallbackOption
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.journal import JournalFolder, NoJournal
from asrcli.cli.options.library import LibraryOptions
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.model import ModelName
from asrcli.cli.options.output import OutputDir, OutputOptions
from asrcli.cli.options.recognition import RecognitionOptions
from asrcli.cli.options.record import RecordOptions
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import UsageError
from asrcli.core.settings import DEFAULT_MODEL

# The options of the short help.
COMMON = """--start --end --each-channel --pace --model --language --translate --hotwords --local --region
--api-key-file --estimate --format --output --output-dir --timestamps --partials --exec --quiet --verbose"""

EXAMPLES = """Examples:

asr file talk.mp3 --timestamps relative

asr file *.mp3 --output-dir texts --format srt

ffmpeg -i film.mkv -f wav - | asr file - --local -f srt -o film.srt"""


@expand_option_groups
def file(
    paths: Paths,
    *,
    start: Start = None,
    end: End = None,
    track: Track = None,
    channel: Channel = "mix",
    each_channel: EachChannel = False,
    gain: Gain = 0.0,
    denoise: Denoise = False,
    agc: Agc = False,
    pace: Pace = None,
    fast: Fast = False,
    raw: Raw = False,
    encoding: Encoding = None,
    rate: Rate = None,
    channels: Channels = None,
    passthrough: Passthrough = False,
    model: ModelName = DEFAULT_MODEL,
    recognition_options: RecognitionOptions,
    connection_options: ConnectionOptions,
    heartbeat: Heartbeat = None,
    retry_options: RetryOptions,
    fallback: FallbackOption = None,
    budget: BudgetLimit = None,
    estimate: Estimate = False,
    output_options: OutputOptions,
    output_dir: OutputDir = None,
    captions: Captions = None,
    journal: JournalFolder = None,
    no_journal: NoJournal = False,
    library_options: LibraryOptions,
    record_options: RecordOptions,
    logging_options: LoggingOptions,
) -> None:
    """Transcribe files, or standard input.

    Each sentence goes to standard output as soon as it is final. Ctrl-C ends the input and waits for the last words; a
    second Ctrl-C exits at once. asr resume continues an interrupted run.
    """
    from asrcli.cli.builders import caption_pages, journal_keeping, outputs, page_audio, run, sources, staged_files

    staged_run = staged_files.StagedRun(journal_keeping.journal_folder(journal, no_journal=no_journal), paths)
    if passthrough and connection_options.local:
        raise UsageError("--passthrough with --local: the embedded recognizer decodes no files", "leave it out")
    if fast:
        from asrcli.cli.builders.fast_run import check_fast

        check_fast(recognition_options.vad, each_channel, fallback is not None, passthrough, record_options.is_kept)
    raw_format = sources.raw_pcm_format(raw=raw, encoding=encoding, rate=rate, channels=channels)
    found_model = sources.model_for(model, paths, recognition_options, raw_format, connection_options)
    vad = recognition_options.vad and not found_model.traits.manual_only
    recognition, notices = sources.recognition(
        found_model, recognition_options, connection_options, vad=vad, heartbeat=heartbeat
    )
    local_engine = fallback_of(fallback, found_model, recognition, connection_options, retry_options, passthrough)
    speed = connection_options.pace_of(pace)
    output_builder = output_options.builder(logging_options.level, recognition, folder=output_dir, pace=speed)
    output_builder.check(paths)
    page_audio.check_embedding(output_builder, paths)
    log_to(logging_options.log_file)
    source_builder = sources.SourceBuilder(
        found_model, recognition, sources.clip(start, end, channel, gain, track), raw_format,
        sources.AudioEnhancement(denoise=denoise, agc=agc), each_channel=each_channel, passthrough=passthrough,
        exact=estimate, chunk_ms=sources.chunk_ms(speed, local=connection_options.local),
    )  # fmt: skip
    inputs, failures = sources.file_sources(paths, source_builder)
    if estimate:
        from asrcli.cli.builders.cost import print_estimate

        print_estimate(inputs, failures, found_model, recognition, connection_options)
        return
    output_builder = page_audio.with_files(output_builder, paths, source_builder.clip, raw_format)
    with ExitStack() as stack:
        page = caption_pages.captions(stack, captions, logging_options.level, capitalize=output_options.capitalize)
        runs = outputs.planned_runs(output_builder, inputs, paths, page)
        connection = retry_options.applied_to(connection_options.service_connection(stack, recognition))
        run_builder = run.RunBuilder(
            found_model, recognition, connection, speed, retry_options.retry_settings(), connection_options, notices,
            uses_transcript_context=recognition_options.context_from_transcript, budget=budget,
            quiet=logging_options.level is None, fallback=local_engine, fast=fast,
            recorder=record_options.recorder(stack, found_model.traits.name, recognition),
        )  # fmt: skip
        keeping = library_options.keeping("" if connection_options.local else connection.url)
        kept_runs = staged_run.kept(runs, keeping, output_builder, source_builder)
        recorded_runs = staged_run.recording(
            kept_runs, recognition, connection, output_builder, source_builder, speed, local=connection_options.local
        )
        run_builder.run(stack.enter_context(recorded_runs), failures)
