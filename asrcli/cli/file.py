"""`asr file`: audio and video files, and pipes, to text."""

from dataclasses import replace

from asrcli.cli import options as o
from asrcli.config import Recognition
from asrcli.errors import UsageError
from asrcli.models import check, find

EXAMPLES = "Examples:\n\nasr file talk.mp3 --timestamps\n\nffmpeg -i film.mkv -f wav - | asr file - --local -f jsonl"


def file(
    paths: o.Paths,
    pace: o.Pace = None,
    model: o.ModelName = "fun-asr-realtime",
    vad: o.Vad = True,
    silence_ms: o.SilenceMs = None,
    threshold: o.Threshold = None,
    language: o.Language = None,
    semantic: o.Semantic = None,
    local: o.Local = False,
    url: o.Url = None,
    api_key_file: o.ApiKeyFile = None,
    heartbeat: o.Heartbeat = None,
    format: o.Format = o.OutputFormat.TEXT,
    output: o.OutputFile = None,
    partials: o.Partials = False,
    timestamps: o.Timestamps = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = 0,
    debug: o.Debug = False,
    log_file: o.LogFile = None,
) -> None:
    """Transcribe files, or standard input.

    Each sentence goes to standard output as soon as it is final.

    Ctrl-C ends the input and waits for the last words; a second one leaves at once.
    """
    del debug  # read by the error boundary
    from contextlib import ExitStack

    from asrcli.cli import wiring

    if quiet and verbose:
        raise UsageError("--quiet with --verbose: one asks for less, the other for more")
    if paths.count("-") > 1:
        raise UsageError("standard input (-) is named more than once")
    found = find(model)
    asked = Recognition(
        model=model,
        rate=found.rate,
        languages=tuple(language or ()),
        vad=vad,
        silence_ms=silence_ms,
        threshold=threshold,
        semantic=semantic,
        heartbeat=heartbeat,
    )
    check(found, asked)
    if heartbeat is None and "heartbeat" in found.takes:
        asked = replace(asked, heartbeat=True)
    speed = o.parse_pace(pace) if pace is not None else (None if local else 1.0)
    wiring.log_to(log_file)
    with ExitStack() as stack:
        showing = wiring.Showing(format, output, partials, timestamps, None if quiet else verbose, speed)
        sources = wiring.file_sources(paths, asked)
        outputs = wiring.outputs(showing, stack)
        connection = wiring.connection(stack, local=local, url=url, key_file=api_key_file)
        wiring.run(found, asked, sources, outputs, connection, speed, local=local)
