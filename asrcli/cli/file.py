"""`asr file`: audio and video files, and pipes, to text."""

from asrcli.cli import options as o
from asrcli.cli import patience as p
from asrcli.cli import values

EXAMPLES = """Examples:

asr file talk.mp3 --timestamps relative

ffmpeg -i film.mkv -f wav - | asr file - --local -f srt -o film.srt"""


def file(
    paths: o.Paths,
    start: o.Start = None,
    end: o.End = None,
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
    reconnect: p.Reconnect = True,
    retries: p.RetryLimit = None,
    retry_wait: p.RetryWait = 0.5,
    catch_up: p.CatchUp = p.CATCH_UP,
    connect_timeout: p.ConnectTimeout = 10.0,
    stall_timeout: p.StallTimeout = 30.0,
    keepalive: p.Keepalive = None,
    format: o.Formats = None,
    output: o.OutputFile = None,
    output_dir: o.OutputDir = None,
    append: o.Append = False,
    partials: o.Partials = False,
    timestamps: o.Timestamps = None,
    template: o.Template = None,
    capitalize: o.Capitalize = False,
    max_line: o.MaxLine = None,
    max_lines: o.MaxLines = None,
    command: o.Exec = None,
    plain: o.PlainScreen = False,
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

    from asrcli.cli import reading as reads
    from asrcli.cli import showing as show
    from asrcli.cli import wiring

    patience = p.Patience(reconnect, retries, retry_wait, catch_up, connect_timeout, stall_timeout, keepalive)
    samples = reads.bare_samples(raw=raw, encoding=encoding, rate=rate, channels=channels)
    found = reads.model_for(model, paths, language or [], samples)
    asked = reads.recognition(
        found,
        vad=vad,
        silence_ms=silence_ms,
        threshold=threshold,
        language=language,
        semantic=semantic,
        heartbeat=heartbeat,
    )
    speed = values.parse_pace(pace) if pace is not None else (None if local else 1.0)
    showing = show.Showing(
        formats=tuple(dict.fromkeys(format or [values.OutputFormat.TEXT])),
        path=output,
        folder=output_dir,
        append=append,
        partials=partials,
        stamp=timestamps,
        template=template,
        capitalize=capitalize,
        command=command,
        max_line=max_line,
        max_lines=max_lines,
        plain=plain,
        level=values.status_level(quiet=quiet, verbose=verbose),
        pace=speed,
    )
    showing.check(paths, log_file)
    wiring.log_to(log_file)
    take = reads.taken(start, end, channel, gain)
    treatment = reads.Treatment(denoise=denoise, agc=agc)
    reading = reads.Reading(found, asked, take, samples, treatment, each_channel=each_channel, passthrough=passthrough)
    sources, failures = reads.file_sources(paths, reading)
    with ExitStack() as stack:
        runs = show.runs(showing, sources, stack)
        connection = wiring.connection(stack, asked, local=local, url=url, key_file=api_key_file)
        connection = patience.of(connection, paced=speed is not None)
        tries = patience.retries(live=False, pace=speed)
        wiring.run(found, asked, runs, failures, connection, speed, tries, local=local)
