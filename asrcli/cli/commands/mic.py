"""`asr mic`: what a microphone hears, or what this machine plays, to text."""

from contextlib import ExitStack
from typing import Annotated

import typer

from asrcli.cli.builders.local_fallback import fallback_of
from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.audio import Agc, Backend, Denoise, Gain
from asrcli.cli.options.budget import BudgetLimit
from asrcli.cli.options.captions import Captions
from asrcli.cli.options.completion import device_names
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.fallback import FallbackOption
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.journal import JournalFolder, NoJournal
from asrcli.cli.options.library import LibraryOptions
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.model import model_option
from asrcli.cli.options.output import OutputOptions
from asrcli.cli.options.panels import AUDIO, CONNECTION, FLAG
from asrcli.cli.options.recognition import RecognitionOptions
from asrcli.cli.options.record import RecordOptions
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import UsageError
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL, ConnectionSettings
from asrcli.terminal.keyboard import has_keyboard

# The options of the short help.
COMMON = """--device --test --for --until-silence --ptt --save-audio --model --language --translate --hotwords --local
--fallback --region --api-key-file --format --output --timestamps --exec --quiet --verbose"""

EXAMPLES = """Examples:

asr mic --local

asr mic --device mic=Anna --device monitor=Call --output call.txt

asr mic --device usb -f jsonl --save-audio talk.flac -o talk.jsonl"""


Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        help="Number or part of a name from asr devices, or monitor: the sound that this machine plays; may be "
        "repeated. NAME=LABEL names the speaker.",
        metavar="NAME",
        autocompletion=device_names,
        rich_help_panel=AUDIO,
    ),
]
MeterOnly = Annotated[
    bool,
    typer.Option(
        "--test", help="Show the microphone level and advice; send nothing.", metavar=FLAG, rich_help_panel=AUDIO
    ),
]
For = Annotated[
    str | None,
    typer.Option("--for", help="End after this time: 50s, 10m, 1:30:00.", metavar="TIME", rich_help_panel=AUDIO),
]
UntilSilence = Annotated[
    str | None,
    typer.Option(help="End when nobody has spoken for this time: 30s, 5m.", metavar="TIME", rich_help_panel=AUDIO),
]
PushToTalk = Annotated[
    bool,
    typer.Option(
        "--ptt", help="Push to talk: space starts and ends each utterance.", metavar=FLAG, rich_help_panel=AUDIO
    ),
]
SaveAudio = Annotated[
    str | None,
    typer.Option(
        help="Save the audio that is sent: .wav, .flac, .mp3 or .opus.",
        metavar="PATH",
        rich_help_panel=AUDIO,
    ),
]
DeviceRetry = Annotated[
    bool,
    typer.Option(
        "--device-retry/--no-device-retry",
        help="Wait for a device that is disconnected.",
        metavar=FLAG,
        rich_help_panel=AUDIO,
    ),
]
ModelName = Annotated[
    str | None, model_option(f". Default: {DEFAULT_MODEL}; with --ptt or --no-vad the realtime one of asr models.")
]
Heartbeat = Annotated[
    bool | None,
    typer.Option(
        "--heartbeat/--no-heartbeat",
        help="While paused or muted, send silence to keep the connection open. Default: on.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]


@expand_option_groups
def mic(
    *,
    device: Devices = None,
    backend: Backend = None,
    test: MeterOnly = False,
    for_: For = None,
    until_silence: UntilSilence = None,
    ptt: PushToTalk = False,
    save_audio: SaveAudio = None,
    device_retry: DeviceRetry = True,
    gain: Gain = 0.0,
    denoise: Denoise = False,
    agc: Agc = False,
    model: ModelName = None,
    recognition_options: RecognitionOptions,
    connection_options: ConnectionOptions,
    heartbeat: Heartbeat = None,
    retry_options: RetryOptions,
    fallback: FallbackOption = None,
    budget: BudgetLimit = None,
    output_options: OutputOptions,
    captions: Captions = None,
    journal: JournalFolder = None,
    no_journal: NoJournal = False,
    library_options: LibraryOptions,
    record_options: RecordOptions,
    logging_options: LoggingOptions,
) -> None:
    """Transcribe speech from the microphone, live.

    Keys on a terminal: space pauses, m mutes, Enter ends the sentence, q or Ctrl-C finishes, ? lists them.
    At the end, asr waits for the last words; a second Ctrl-C exits at once.
    """
    from asrcli.cli.builders import journal_keeping, microphone_run, microphones, page_audio, run, sources

    manual = ptt or not recognition_options.vad
    name = model or (DEFAULT_MANUAL_MODEL if manual else DEFAULT_MODEL)
    found = sources.model_for(name, ["-"], recognition_options, None, connection_options)
    manual = manual or found.traits.manual_only
    # With --ptt a model without manual mode gets a task of its own for each utterance.
    vad = not manual or (ptt and "vad" not in found.takes)
    if ptt and not vad and recognition_options.listens_for_speech:
        raise UsageError("--ptt with --threshold or --prefix-padding-ms: the server does not detect speech then")
    # Silence can be sent to every model; only some have the parameter.
    heartbeat_parameter = None
    if "heartbeat" in found.takes:
        heartbeat_parameter = heartbeat
    recognition, notices = sources.recognition(
        found, recognition_options, connection_options, vad=vad, heartbeat=heartbeat_parameter, ptt=ptt
    )
    local_engine = fallback_of(fallback, found, recognition, connection_options, retry_options)
    microphone_builder = microphones.MicrophoneBuilder(
        tuple(device or ()), recognition,
        microphone_run.listening_mode(for_, until_silence, heartbeat=heartbeat, ptt=ptt),
        device_retry, gain, sources.AudioEnhancement(denoise=denoise, agc=agc), save_audio,
        cut=manual, backend=backend or "",
    )  # fmt: skip
    output_builder = output_options.builder(logging_options.level, recognition, keys=has_keyboard())
    output_builder.check([])
    page_audio.check_embedding(output_builder, [], saved=save_audio is not None)
    folder = journal_keeping.journal_folder(journal, no_journal=no_journal)
    log_to(logging_options.log_file)
    if test:
        microphone_run.check_test(fallback, captions=captions is not None, record=record_options.is_kept)
        microphone_run.test(microphone_builder, connection_options, output_options)
        return

    def run_builder(connection: ConnectionSettings, stack: ExitStack) -> run.RunBuilder:
        return run.RunBuilder(
            found, recognition, retry_options.applied_to(connection), None, retry_options.retry_settings(),
            connection_options, notices, uses_transcript_context=recognition_options.context_from_transcript,
            budget=budget, fallback=local_engine,
            recorder=record_options.recorder(stack, found.traits.name, recognition),
        )  # fmt: skip

    microphone_run.transcribe(
        microphone_builder, output_builder, folder, connection_options, run_builder, captions, library_options
    )
