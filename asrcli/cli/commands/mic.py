"""`asr mic`: what a microphone hears, or what this machine plays, to text."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.options import journal as options_journal
from asrcli.cli.options import shared as o
from asrcli.cli.options import values
from asrcli.cli.options.budget import BudgetLimit, budget_limit
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.output import OutputOptions
from asrcli.cli.options.recognition import RecognitionOptions
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import UsageError
from asrcli.core.events import Notice
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL, ConnectionSettings

if TYPE_CHECKING:
    from asrcli.cli.build.microphones import MicrophoneBuilder
    from asrcli.cli.build.outputs import OutputBuilder
    from asrcli.cli.build.run import RunBuilder
    from asrcli.sources.microphone_timeline import ListeningMode

EXAMPLES = """Examples:

asr mic --local

asr mic --device usb -f jsonl --save-audio talk.flac -o talk.jsonl"""


Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        help="Microphone by number or part of its name (see asr devices); monitor: what is played here; "
        "may be repeated: mic and monitor.",
        metavar="NAME|N",
        rich_help_panel=o.AUDIO,
    ),
]
MeterOnly = Annotated[
    bool,
    typer.Option("--test", help="Show the level, advise, send nothing.", metavar=o.FLAG, rich_help_panel=o.AUDIO),
]
For = Annotated[
    str | None,
    typer.Option("--for", help="End after so long: 50s, 10m, 1:30:00.", metavar="TIME", rich_help_panel=o.AUDIO),
]
UntilSilence = Annotated[
    str | None,
    typer.Option(help="End when nobody has spoken for so long: 30s, 5m.", metavar="TIME", rich_help_panel=o.AUDIO),
]
PushToTalk = Annotated[
    bool,
    typer.Option(
        "--ptt", help="Push to talk: space begins and ends each utterance.", metavar=o.FLAG, rich_help_panel=o.AUDIO
    ),
]
SaveAudio = Annotated[
    str | None,
    typer.Option(
        help="Keep what is sent: .wav, .flac, .mp3 or .opus, playable at any moment.",
        metavar="PATH",
        rich_help_panel=o.AUDIO,
    ),
]
DeviceRetry = Annotated[
    bool,
    typer.Option(
        "--device-retry/--no-device-retry",
        help="Wait for a device that goes away.",
        metavar=o.FLAG,
        rich_help_panel=o.AUDIO,
    ),
]
ModelName = Annotated[
    str | None, o.asked_model(f". Default: {DEFAULT_MODEL}; {DEFAULT_MANUAL_MODEL} with --ptt or --no-vad.")
]
Heartbeat = Annotated[
    bool | None,
    typer.Option(
        "--heartbeat/--no-heartbeat",
        help="While paused or muted send silence, and keep the connection; --no-heartbeat sends nothing. Default: on.",
        metavar=o.FLAG,
        rich_help_panel=o.CONNECTION,
        show_default=False,
    ),
]


@expand_option_groups
def mic(
    *,
    device: Devices = None,
    test: MeterOnly = False,
    for_: For = None,
    until_silence: UntilSilence = None,
    ptt: PushToTalk = False,
    save_audio: SaveAudio = None,
    device_retry: DeviceRetry = True,
    gain: o.Gain = 0.0,
    denoise: o.Denoise = False,
    agc: o.Agc = False,
    model: ModelName = None,
    recognition_options: RecognitionOptions,
    connection_options: ConnectionOptions,
    heartbeat: Heartbeat = None,
    retry_options: RetryOptions,
    budget: BudgetLimit = None,
    output_options: OutputOptions,
    journal: options_journal.KeepIn = None,
    no_journal: options_journal.KeepNothing = False,
    logging_options: LoggingOptions,
) -> None:
    """Transcribe what the microphone hears, while it is spoken.

    On a terminal, keys: space pauses, m mutes, Enter ends the sentence, q or Ctrl-C finishes, ? lists them.

    The end waits for the last words; a second Ctrl-C leaves at once.
    """
    from asrcli.cli.build import microphones as listens
    from asrcli.cli.build import run
    from asrcli.cli.build import sources as reads
    from asrcli.terminal.keyboard import has_keyboard

    manual = ptt or not recognition_options.vad
    name = model or (DEFAULT_MANUAL_MODEL if manual else DEFAULT_MODEL)
    found = reads.model_for(name, ["-"], recognition_options.language or [], None, connection_options.region_asked)
    vad = not manual or (ptt and "vad" not in found.takes)  # there each utterance is a task of its own
    if ptt and not vad and recognition_options.listens_for_speech:
        raise UsageError("--ptt with --threshold or --prefix-padding-ms: the server does not listen for speech then")
    flowing = heartbeat if "heartbeat" in found.takes else None  # silence can flow to any model
    recognition, told = reads.recognition(
        found, recognition_options, connection_options, vad=vad, heartbeat=flowing, ptt=ptt
    )
    hearing = _hearing(for_, until_silence, heartbeat=heartbeat, ptt=ptt)
    treatment = reads.AudioEnhancement(denoise=denoise, agc=agc)
    devices = tuple(device or ())
    microphone_builder = listens.MicrophoneBuilder(
        devices, recognition, hearing, device_retry, gain, treatment, save_audio, cut=manual
    )
    output_builder = output_options.showing(logging_options.level, recognition, keys=has_keyboard())
    output_builder.check([], logging_options.log_file, microphone_builder.saved())
    kept = options_journal.JournalKeeping(options_journal.journal_folder(journal, no_journal=no_journal))
    run.log_to(logging_options.log_file)
    if test:
        sent = {"--ptt": ptt, "--local": connection_options.local, "--url": connection_options.url}
        _test(
            microphone_builder,
            sent | {"-f": output_options.format, "-o": output_options.output, "--exec": output_options.command},
        )
        return
    tries = retry_options.retry_settings()
    remembers = recognition_options.context_from_transcript

    def asks(connection: ConnectionSettings) -> run.RunBuilder:
        bounded = retry_options.applied_to(connection)
        return run.RunBuilder(
            found, recognition, bounded, None, tries, connection_options, told, remembers, budget_limit(budget)
        )

    _transcribe(microphone_builder, output_builder, kept, connection_options, asks)


def _hearing(for_: str | None, until_silence: str | None, *, heartbeat: bool | None, ptt: bool) -> "ListeningMode":
    from asrcli.sources.microphone_timeline import ListeningMode
    from asrcli.terminal.keyboard import has_keyboard

    if ptt and not has_keyboard():
        raise UsageError("--ptt needs a keyboard: standard input is no terminal")
    if ptt and heartbeat:
        raise UsageError("--ptt with --heartbeat: between two utterances nothing is sent")
    return ListeningMode(
        flowing=heartbeat is not False and not ptt,
        for_ms=values.parse_duration("--for", for_),
        until_silence_ms=values.parse_duration("--until-silence", until_silence),
        push_to_talk=ptt,
    )


def _test(microphone_builder: "MicrophoneBuilder", given: Mapping[str, object]) -> None:
    from asrcli.cli.build.microphones import quiet_libraries
    from asrcli.cli.render.level_meter import meter

    if len(microphone_builder.devices) > 1:
        raise UsageError("--test listens to one --device at a time")
    if useless := [name for name, value in given.items() if value]:
        raise UsageError(f"--test with {' and '.join(useless)}: a test sends nothing and has no text")
    if microphone_builder.save is not None:
        raise UsageError("--test with --save-audio: a test keeps nothing")
    with quiet_libraries():
        meter(microphone_builder.microphones()[0])


def _transcribe(
    microphone_builder: "MicrophoneBuilder",
    output_builder: "OutputBuilder",
    kept: options_journal.JournalKeeping,
    connection_options: ConnectionOptions,
    asks: "Callable[[ConnectionSettings], RunBuilder]",
) -> None:
    from asrcli.cli.build.microphones import PTT, pressed, quiet_libraries
    from asrcli.cli.build.outputs import runs
    from asrcli.terminal.keyboard import keyboard

    microphones = microphone_builder.microphones()
    sources = microphone_builder.sources(microphones, kept.writing.kept)
    with ExitStack() as stack:
        stack.enter_context(quiet_libraries())
        behind = [kept.writing.recorder, *microphone_builder.echo(microphones[0].emit)]
        outputs = runs(output_builder, sources, [], behind)
        connection = connection_options.at(stack, microphone_builder.asked)
        notify = microphones[0].emit
        stack.enter_context(
            kept.recording(microphone_builder.asked, connection, output_builder, notify, local=connection_options.local)
        )
        if microphone_builder.hearing.push_to_talk:
            notify(Notice("warning", PTT))
        stack.enter_context(keyboard(pressed(microphones, ptt=microphone_builder.hearing.push_to_talk)))
        asks(connection).run(outputs)
