"""`asr mic`: what a microphone hears, or what this machine plays, to text."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli import keeping, values
from asrcli.cli import options as o
from asrcli.cli.asking import Asking
from asrcli.cli.grouping import grouped
from asrcli.cli.patience import Patience
from asrcli.cli.service import Service
from asrcli.cli.shown import Shown
from asrcli.cli.spending import BudgetLimit, limit
from asrcli.cli.status import Status
from asrcli.config import Connection
from asrcli.errors import UsageError
from asrcli.events import Notice

if TYPE_CHECKING:
    from asrcli.cli.listening import Listening
    from asrcli.cli.showing import Showing
    from asrcli.cli.wiring import Asks
    from asrcli.sources.timeline import Hearing

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
    str | None, o.asked_model(". Default: fun-asr-realtime; qwen3-asr-flash-realtime with --ptt or --no-vad.")
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


@grouped
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
    asking: Asking,
    service: Service,
    heartbeat: Heartbeat = None,
    patience: Patience,
    budget: BudgetLimit = None,
    shown: Shown,
    journal: keeping.KeepIn = None,
    no_journal: keeping.KeepNothing = False,
    status: Status,
) -> None:
    """Transcribe what the microphone hears, while it is spoken.

    On a terminal, keys: space pauses, m mutes, Enter ends the sentence, q or Ctrl-C finishes, ? lists them.

    The end waits for the last words; a second Ctrl-C leaves at once.
    """
    from asrcli.cli import listening as listens
    from asrcli.cli import reading as reads
    from asrcli.cli import wiring
    from asrcli.engine.keyboard import has_keyboard

    manual = ptt or not asking.vad
    name = model or (reads.MANUAL_MODEL if manual else reads.USUAL_MODEL)
    found = reads.model_for(name, ["-"], asking.language or [], None, service.region_asked)
    vad = not manual or (ptt and "vad" not in found.takes)  # there each utterance is a task of its own
    if ptt and not vad and asking.listens_for_speech:
        raise UsageError("--ptt with --threshold or --prefix-padding-ms: the server does not listen for speech then")
    flowing = heartbeat if "heartbeat" in found.takes else None  # silence can flow to any model
    asked, told = reads.recognition(found, asking, service, vad=vad, heartbeat=flowing, ptt=ptt)
    hearing = _hearing(for_, until_silence, heartbeat=heartbeat, ptt=ptt)
    treatment = reads.Treatment(denoise=denoise, agc=agc)
    devices = tuple(device or ())
    listening = listens.Listening(devices, asked, hearing, device_retry, gain, treatment, save_audio, cut=manual)
    showing = shown.showing(status.level, asked, keys=has_keyboard())
    showing.check([], status.log_file, listening.saved())
    kept = keeping.Keeping(keeping.journal_folder(journal, no_journal=no_journal))
    wiring.log_to(status.log_file)
    if test:
        sent = {"--ptt": ptt, "--local": service.local, "--url": service.url}
        _test(listening, sent | {"-f": shown.format, "-o": shown.output, "--exec": shown.command})
        return
    tries = patience.tries()
    remembers = asking.context_from_transcript

    def asks(connection: Connection) -> wiring.Asks:
        bounded = patience.of(connection)
        return wiring.Asks(found, asked, bounded, None, tries, service, told, remembers, limit(budget))

    _transcribe(listening, showing, kept, service, asks)


def _hearing(for_: str | None, until_silence: str | None, *, heartbeat: bool | None, ptt: bool) -> "Hearing":
    from asrcli.engine.keyboard import has_keyboard
    from asrcli.sources.timeline import Hearing

    if ptt and not has_keyboard():
        raise UsageError("--ptt needs a keyboard: standard input is no terminal")
    if ptt and heartbeat:
        raise UsageError("--ptt with --heartbeat: between two utterances nothing is sent")
    return Hearing(
        flowing=heartbeat is not False and not ptt,
        for_ms=values.parse_duration("--for", for_),
        until_silence_ms=values.parse_duration("--until-silence", until_silence),
        push_to_talk=ptt,
    )


def _test(listening: "Listening", given: Mapping[str, object]) -> None:
    from asrcli.cli.listening import quiet_libraries
    from asrcli.cli.meter import meter

    if len(listening.devices) > 1:
        raise UsageError("--test listens to one --device at a time")
    if useless := [name for name, value in given.items() if value]:
        raise UsageError(f"--test with {' and '.join(useless)}: a test sends nothing and has no text")
    if listening.save is not None:
        raise UsageError("--test with --save-audio: a test keeps nothing")
    with quiet_libraries():
        meter(listening.microphones()[0])


def _transcribe(
    listening: "Listening",
    showing: "Showing",
    kept: keeping.Keeping,
    service: Service,
    asks: "Callable[[Connection], Asks]",
) -> None:
    from asrcli.cli.listening import PTT, pressed, quiet_libraries
    from asrcli.cli.showing import runs
    from asrcli.engine.keyboard import keyboard

    microphones = listening.microphones()
    sources = listening.sources(microphones, kept.writing.kept)
    with ExitStack() as stack:
        stack.enter_context(quiet_libraries())
        behind = [kept.writing.recorder, *listening.echo(microphones[0].tell)]
        outputs = runs(showing, sources, [], behind)
        connection = service.at(stack, listening.asked)
        notify = microphones[0].tell
        stack.enter_context(kept.during(listening.asked, connection, showing, notify, local=service.local))
        if listening.hearing.push_to_talk:
            notify(Notice("warning", PTT))
        stack.enter_context(keyboard(pressed(microphones, ptt=listening.hearing.push_to_talk)))
        asks(connection).run(outputs)
