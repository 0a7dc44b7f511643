"""`asr file`: audio and video files, and pipes, to text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asrcli.cli import keeping, spending, values
from asrcli.cli import options as o
from asrcli.cli.asking import Asking
from asrcli.cli.grouping import grouped
from asrcli.cli.patience import Patience
from asrcli.cli.service import Service
from asrcli.cli.shown import Shown
from asrcli.cli.status import Status
from asrcli.errors import UsageError, together

if TYPE_CHECKING:
    from asrcli.catalogue import Model
    from asrcli.config import Recognition
    from asrcli.errors import AsrError
    from asrcli.run import Together
    from asrcli.seams import Source

EXAMPLES = """Examples:

asr file talk.mp3 --timestamps relative

ffmpeg -i film.mkv -f wav - | asr file - --local -f srt -o film.srt"""


@grouped
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
    model: o.ModelName = "fun-asr-realtime",
    asking: Asking,
    service: Service,
    heartbeat: o.Heartbeat = None,
    patience: Patience,
    budget: spending.BudgetLimit = None,
    estimate: spending.Estimate = False,
    shown: Shown,
    output_dir: o.OutputDir = None,
    journal: keeping.KeepIn = None,
    no_journal: keeping.KeepNothing = False,
    status: Status,
) -> None:
    """Transcribe files, or standard input.

    Each sentence goes to standard output as soon as it is final.

    Ctrl-C ends the input and waits for the last words; a second one leaves at once.

    asr resume goes on with a run that did not end in order.
    """
    from contextlib import ExitStack

    from asrcli.cli import reading as reads
    from asrcli.cli import showing as show
    from asrcli.cli import wiring
    from asrcli.cli.filing import Filing

    filing = Filing(keeping.journal_folder(journal, no_journal=no_journal), paths)
    if passthrough and service.local:
        raise UsageError("--passthrough with --local: the embedded recognizer decodes no files", "leave it out")
    samples = reads.bare_samples(raw=raw, encoding=encoding, rate=rate, channels=channels)
    found = reads.model_for(model, paths, asking.language or [], samples, service.region_asked)
    asked, told = reads.recognition(found, asking, service, vad=asking.vad, heartbeat=heartbeat)
    speed = values.parse_pace(pace) if pace is not None else (None if service.local else 1.0)
    showing = shown.showing(status.level, asked, folder=output_dir, pace=speed)
    showing.check(paths, status.log_file)
    wiring.log_to(status.log_file)
    take = reads.taken(start, end, channel, gain, track)
    treatment = reads.Treatment(denoise=denoise, agc=agc)
    reading = reads.Reading(
        found, asked, take, samples, treatment, each_channel=each_channel, passthrough=passthrough, exact=estimate
    )
    sources, failures = reads.file_sources(paths, reading)
    if estimate:
        _estimate(found, asked, service, sources, failures)
        return
    with ExitStack() as stack:
        runs = show.runs(showing, sources, paths)
        connection = patience.of(service.at(stack, asked))
        tries = patience.tries()
        remembers = asking.context_from_transcript
        most, quiet = spending.limit(budget), status.level is None
        asks = wiring.Asks(found, asked, connection, speed, tries, service, told, remembers, most, quiet)
        kept = filing.during(runs, asked, connection, showing, reading, speed, local=service.local)
        asks.run(stack.enter_context(kept), failures)


def _estimate(
    model: "Model",
    asked: "Recognition",
    service: Service,
    sources: "Sequence[Source | Together]",
    failures: "Sequence[AsrError]",
) -> None:
    from asrcli.cli.printing import put

    price = spending.known(model, "--estimate", service.region_asked, local=service.local)
    put(*spending.forecast(sources, model, price, asked))
    if failures:
        raise together(failures)
