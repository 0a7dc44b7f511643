"""One run of `asr mic`, from microphones to outputs, and the level test of --test."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from asrcli.cli.builders.caption_pages import captions
from asrcli.cli.builders.journal_keeping import JournalKeeping
from asrcli.cli.builders.microphones import PTT, MicrophoneBuilder, failed_recordings, key_handler, quiet_libraries
from asrcli.cli.builders.open_outputs import failures_at_end
from asrcli.cli.builders.outputs import OutputBuilder, planned_runs
from asrcli.cli.builders.page_audio import with_recordings
from asrcli.cli.builders.run import RunBuilder
from asrcli.cli.options import values
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.library import NO_LIBRARY, LibraryOptions
from asrcli.cli.options.output import OutputOptions
from asrcli.cli.render.level_meter import meter
from asrcli.core.errors import UsageError
from asrcli.core.events import Notice
from asrcli.core.settings import ConnectionSettings
from asrcli.sources.microphone_timeline import ListeningMode
from asrcli.terminal.keyboard import has_keyboard, keyboard


def listening_mode(for_: str | None, until_silence: str | None, *, heartbeat: bool | None, ptt: bool) -> ListeningMode:
    """How the microphones listen, from --for, --until-silence, --heartbeat and --ptt.

    Raises:
        UsageError: a length of time that is not valid, or --ptt without a keyboard or with --heartbeat.
    """
    if ptt and not has_keyboard():
        raise UsageError("--ptt needs a keyboard: standard input is not a terminal")
    if ptt and heartbeat:
        raise UsageError("--ptt with --heartbeat: between two utterances nothing is sent")
    return ListeningMode(
        flowing=heartbeat is not False and not ptt,
        for_ms=values.parse_duration("--for", for_),
        until_silence_ms=values.parse_duration("--until-silence", until_silence),
        push_to_talk=ptt,
    )


def check_test(fallback: str | None, *, captions: bool, record: bool) -> None:
    """Refuse options that have no effect on --test.

    Raises:
        UsageError: one of these is given.
    """
    given = {"--captions": captions, "--record": record, f"--fallback {fallback}": bool(fallback)}
    if names := [name for name, is_given in given.items() if is_given]:
        raise UsageError(f"--test with {' and '.join(names)}: a test sends nothing and has no text")


def test(
    microphone_builder: MicrophoneBuilder, connection_options: ConnectionOptions, output_options: OutputOptions
) -> None:
    """Show the level of the microphone.

    Raises:
        UsageError: an option is given that has no effect on a test, or several devices.
        SourceError: the device cannot be opened.
    """
    if len(microphone_builder.devices) > 1:
        raise UsageError("--test listens to one --device at a time")
    given: dict[str, object] = {
        "--ptt": microphone_builder.listening.push_to_talk,
        "--local": connection_options.local,
        "--url": connection_options.url,
        "-f": output_options.format,
        "-o": output_options.output,
        "--exec": output_options.command,
    }
    if names := [name for name, value in given.items() if value]:
        raise UsageError(f"--test with {' and '.join(names)}: a test sends nothing and has no text")
    if microphone_builder.save is not None:
        raise UsageError("--test with --save-audio: a test keeps nothing")
    with quiet_libraries():
        meter(microphone_builder.microphones()[0])


def transcribe(
    microphone_builder: MicrophoneBuilder,
    output_builder: OutputBuilder,
    journal_folder: Path | None,
    connection_options: ConnectionOptions,
    run_builder: Callable[[ConnectionSettings, ExitStack], RunBuilder],
    caption_port: int | None = None,
    library_options: LibraryOptions = NO_LIBRARY,
) -> None:
    """Transcribe the microphones until they end; with a journal folder also record audio and events.

    With a `caption_port` the transcript is also a page of captions. The `library` keeps it, if the user wants that.

    Raises:
        AsrError: whatever ended the run before its time; OutputError if the audio is not saved as a whole.
    """
    keeping = JournalKeeping(journal_folder)
    microphones = microphone_builder.microphones()
    sources = microphone_builder.sources(microphones, keeping.writing.kept)
    with failures_at_end(lambda: failed_recordings(sources)), ExitStack() as stack:
        stack.enter_context(quiet_libraries())
        page = captions(stack, caption_port, output_builder.level, capitalize=output_builder.capitalize)
        extra_outputs = [*page, keeping.writing.recorder, *microphone_builder.echo(microphones[0].emit)]
        runs = planned_runs(with_recordings(output_builder, sources), sources, [], extra_outputs)
        connection = connection_options.service_connection(stack, microphone_builder.recognition)
        notify = microphones[0].emit
        stack.enter_context(
            keeping.recording(
                microphone_builder.recognition, connection, output_builder, notify, local=connection_options.local
            )
        )
        if microphone_builder.listening.push_to_talk:
            notify(Notice("warning", PTT))
        stack.enter_context(keyboard(key_handler(microphones, ptt=microphone_builder.listening.push_to_talk)))
        kept = library_options.keeping("" if connection_options.local else connection.url, output_builder.level)
        kept.session_id = lambda _: keeping.writing.path.name if keeping.writing.path is not None else ""
        if microphone_builder.listening.ends_by_itself:  # nobody may be present then, and a question would wait forever
            kept.may_ask = False
        run_builder(connection, stack).run(kept.runs(runs, [output_builder.paths()]))
    kept.ask()  # not before: the keyboard is the user's again, and the journal is closed
