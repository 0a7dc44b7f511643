"""The rows of `make bench`: what each measures, against whom, and the limit that it must keep."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from asrcli.recognizers.registry import RECOGNIZERS, missing
from tests.bench import instructions, library, recognizer, served
from tests.bench.batch_curve import BatchPoint, batch_curve, further
from tests.bench.curves import COUNTS, Point, curve, lockstep_rows, stream_rows
from tests.bench.measure import ASR, OTHER, OURS, Limit, Row, finished, in_turns, started, steady
from tests.bench.record_price import record_rows
from tests.bench.scripted_service import ServiceProcess, service
from tests.support.tone import encoded, silence, tone, wav

MODELS = {"inference": "fun-asr-realtime", "realtime": "qwen3-asr-flash-realtime"}
SETTLE_S, STEADY_S, TALK_S = 2.0, 10.0, 40
FIRST_CHUNK_S = 0.1  # the first audio has been spoken when it is sent
HOUR, RATE = 3600, 44100
PATIENCE_S = 20.0
STARTS = 3  # the SDK sometimes ends a task before it has sent audio


@dataclass(frozen=True)
class Bench:
    """What all rows share.

    Attributes:
        folder: Where files are made.
        runs: How often each figure is taken.
        counts: The numbers of streams of the scaling curve.
        serve_counts: Those of the curve of `asr serve`.
    """

    folder: Path
    runs: int
    counts: Sequence[int] = COUNTS
    serve_counts: Sequence[int] = served.COUNTS

    @cached_property
    def talk(self) -> str:
        """Half a minute as WAV."""
        return str(wav(self.folder / "talk.wav", tone(1000) * TALK_S))

    @cached_property
    def hour_wav(self) -> str:
        """An hour as WAV."""
        return str(wav(self.folder / "hour.wav", (tone(1000) + silence(500)) * (HOUR * 2 // 3)))

    def mp3(self, hours: int) -> str:
        """This many hours as MP3: the frames of a minute, repeated, as an encoder that writes no header makes them."""
        path = self.folder / f"{hours}h.mp3"
        if not path.exists():
            minute = self.folder / "minute.mp3"
            pcm = (tone(1000, RATE) + tone(500, RATE, 700) + silence(500, RATE)) * 30
            encoded(minute, "libmp3lame", pcm, RATE, bit_rate=64000, write_xing="0", id3v2_version="0")
            data = minute.read_bytes()
            with path.open("wb") as file:
                for _ in range(hours * 60):
                    file.write(data)
        return str(path)

    @cached_property
    def serve_points(self) -> list[served.Served]:
        """The curve of the scripted server."""
        return list(served.curve("scripted", self.serve_counts))

    @cached_property
    def points(self) -> list[Point]:
        """The scaling curve, whose streams begin evenly over one sentence."""
        return list(curve(self.counts))

    @cached_property
    def batch_points(self) -> list[BatchPoint]:
        """The curve of `asr batch`."""
        return list(batch_curve())

    def clients(self, wire: str, address: str, file: str, pace: str) -> dict[str, list[str]]:
        """The command of each contender for one job."""
        ours = [
            *ASR,
            "file",
            file,
            "--url",
            address,
            "--model",
            MODELS[wire],
            "--pace",
            pace,
            "--no-journal",
            "--quiet",
        ]
        others = {who: [*OTHER, who, wire, address, file, "0" if pace == "max" else pace] for who in ("sdk", "bare")}
        return {OURS: ours, **others}


def first_audio_ms(command: Sequence[str], served: ServiceProcess) -> float:
    """Milliseconds from the start of a process to its first audio at the service, without the time to speak it."""
    for _ in range(STARTS):
        served.ask("reset")
        began = time.monotonic()
        with started(command):
            while time.monotonic() < began + PATIENCE_S:
                if (after_s := served.first_audio(began)) is not None:
                    return (after_s - FIRST_CHUNK_S) * 1000
                time.sleep(0.05)
    raise SystemExit(f"no audio from {command}")


def whole_cpu_s(commands: Mapping[str, Sequence[str]]) -> dict[str, Callable[[], float]]:
    """For each command a function that runs it to its end and returns its CPU seconds."""
    return {who: partial(lambda command: finished(command).cpu_s, command) for who, command in commands.items()}


def help_(bench: Bench) -> Iterator[Row]:
    """The help of the program and of its largest command, against that of an empty program."""
    for words, most in ((["--help"], 1.1), (["file", "--help"], 1.3)):
        commands = {OURS: [*ASR, *words], "typer": [*OTHER, "typer"]}
        figures = in_turns(whole_cpu_s(commands), 2 * bench.runs)
        milliseconds = {who: [taken * 1000 for taken in each] for who, each in figures.items()}
        yield Row(f"`asr {' '.join(words)}`, CPU", "ms", milliseconds, ((Limit(most, "typer"),),))


def start(bench: Bench) -> Iterator[Row]:
    """From the start of the process to its first audio at the service."""
    with service() as served:
        commands = bench.clients("inference", served.address, bench.talk, "1")
        measures = {who: partial(first_audio_ms, command, served) for who, command in commands.items()}
        figures = in_turns(measures, bench.runs)
    yield Row("start to first audio byte", "ms", figures, ((Limit(0.25, "sdk"),), (Limit(1.3, "bare"),)))


def live(bench: Bench) -> Iterator[Row]:
    """A live stream, once started. All contenders run at the same time, on both wires."""
    taken: dict[str, dict[str, list[float]]] = {wire: {} for wire in MODELS}
    for _ in range(bench.runs):
        with service() as served:
            commands = {
                (wire, who): command
                for wire in MODELS
                for who, command in bench.clients(wire, served.address, bench.talk, "1").items()
            }
            all_run = partial(lambda served, count: len(served.ask("summary")["first"]) >= count, served, len(commands))
            named = {f"{wire} {who}": command for (wire, who), command in commands.items()}
            spent = steady(named, all_run, SETTLE_S, STEADY_S)
        for wire, who in commands:
            taken[wire].setdefault(who, []).append(spent[f"{wire} {who}"])
    for wire, most in (("inference", 0.45), ("realtime", 1.0)):
        limits = ((Limit(most, "sdk"), Limit(1.15, "bare")), (Limit(1.4, "bare"),))
        yield Row(f"CPU of a live stream, {wire}", "ms/s", taken[wire], limits)


def record(bench: Bench) -> Iterator[Row]:
    """A live stream with a record of its messages, against one without."""
    yield from record_rows(
        bench.folder, bench.runs, lambda wire, address: bench.clients(wire, address, bench.talk, "1")[OURS]
    )


def streams(bench: Bench) -> Iterator[Row]:
    """Many streams in one process: how many, what each further one takes, and how late their results are."""
    yield from stream_rows(bench.points)
    if bench.points:
        yield from lockstep_rows(max(point.streams for point in bench.points))


def batch(bench: Bench) -> Iterator[Row]:
    """`asr batch` at the speed of speech: how much audio it takes in a second, and what each further stream takes."""
    points = bench.batch_points
    speed, (cpu_ms, memory_mb) = points[-1].speed, further(points)
    yield Row(f"`asr batch`, {points[-1].streams} streams, audio in a second", "s", {OURS: [speed]}, ())
    yield Row("CPU of a further stream of `asr batch`", "ms/s", {OURS: [cpu_ms]}, ())
    yield Row("memory of a further stream of `asr batch`", "MB", {OURS: [memory_mb]}, ())


def server(bench: Bench) -> Iterator[Row]:
    """The local server with the scripted recognizer: how many streams a core carries."""
    points = [point for point in bench.points if point.late <= 0.01 and point.streams >= 10]
    if points:
        best = max(points, key=lambda point: point.streams)
        a_core = best.streams / best.server_cpu
        yield Row(
            f"streams a core of the local server, at {best.streams}", "", {OURS: [a_core]}, ((Limit(least=900),),)
        )


def serve(bench: Bench) -> Iterator[Row]:
    """`asr serve` as a command: streams a core and memory of a further stream, with the scripted engine."""
    points = bench.serve_points
    few, many = points[0], points[-1]
    yield Row(f"asr serve, scripted: streams a core, at {many.streams}", "", {OURS: [many.streams / many.cpu]}, ())
    if many.streams > few.streams:
        memory = (many.memory_mb - few.memory_mb) / (many.streams - few.streams)
        yield Row("asr serve, scripted: memory of a further stream", "MB", {OURS: [memory]}, ())
    yield Row(f"asr serve, scripted: p95 at {many.streams}", "ms", {OURS: [many.p95_ms]}, ())


def engines(bench: Bench) -> Iterator[Row]:
    """`asr serve` with the recognizers that are here: streams a core, memory of a stream, delay of partials."""
    del bench
    for engine, counts in served.ENGINES.items():
        if lacking := missing(RECOGNIZERS[engine]):
            print(f"{engine}: {lacking}")
            continue
        points = list(served.curve(engine, counts))
        one, many = points[0], points[-1]
        memory = (many.memory_mb - one.memory_mb) / (many.streams - one.streams)
        yield Row(f"asr serve, {engine}: streams a core", "", {OURS: [one.streams / one.cpu]}, ())
        yield Row(f"asr serve, {engine}: memory of a further stream", "MB", {OURS: [memory]}, ())
        for point in points:
            yield Row(f"asr serve, {engine}: partials' p95 at {point.streams}", "ms", {OURS: [point.p95_ms]}, ())


def wav_(bench: Bench) -> Iterator[Row]:
    """An hour of WAV at full pace."""
    with service() as served:
        commands = bench.clients("inference", served.address, bench.hour_wav, "max")
        del commands["sdk"]
        figures = in_turns(whole_cpu_s(commands), bench.runs)
    yield Row("1 h of WAV at full pace, CPU", "s", figures, ((Limit(2, "bare"),),))


def mp3(bench: Bench) -> Iterator[Row]:
    """An hour of MP3 at full pace, against decoding it and sending nothing."""
    file = bench.mp3(1)
    with service() as served:
        commands = {
            OURS: bench.clients("inference", served.address, file, "max")[OURS],
            "decode": [*OTHER, "decode", file],
        }
        figures = in_turns(whole_cpu_s(commands), bench.runs)
    yield Row("1 h of MP3 at full pace, CPU", "s", figures, ((Limit(1.5, "decode"),),))


def long(bench: Bench) -> Iterator[Row]:
    """Ten hours of MP3: how soon its audio comes, and how soon from a bare loop that decodes it."""
    with service() as served:
        commands = bench.clients("inference", served.address, bench.mp3(10), "max")
        soon = {who: partial(_soon_ms, commands[who], served) for who in (OURS, "bare")}
        first = in_turns(soon, bench.runs)
    yield Row("10 h of MP3, first audio", "ms", first, ((Limit(150),),))


def _soon_ms(command: Sequence[str], served: ServiceProcess) -> float:
    """Milliseconds to the first audio at full pace: there nothing has to be spoken before."""
    return first_audio_ms(command, served) + FIRST_CHUNK_S * 1000


def peak(bench: Bench) -> Iterator[Row]:
    """Ten hours of MP3: the memory that they need. Once, for nothing in it depends on chance."""
    with service() as served:
        command = bench.clients("inference", served.address, bench.mp3(10), "max")[OURS]
        yield Row("10 h of MP3, peak of memory", "MB", {OURS: [finished(command).peak_mb]}, ((Limit(60),),))


def silent(bench: Bench) -> Iterator[Row]:
    """An hour without a final, against a quarter of it."""
    quarter = str(wav(bench.folder / "quarter.wav", (tone(1000) + silence(500)) * (HOUR // 6)))
    with service("--silent") as served:
        peaks = [
            finished(bench.clients("inference", served.address, each, "max")[OURS]).peak_mb
            for each in (quarter, bench.hour_wav)
        ]
    yield Row("growth without a final", "MB/h", {OURS: [(peaks[1] - peaks[0]) / 0.75]}, ((Limit(3),),))


def embedded(bench: Bench) -> Iterator[Row]:
    """pocketsphinx: a session against the recognizer called directly, and the latest final."""
    figures = in_turns({OURS: recognizer.session_s, "direct": recognizer.direct_s}, bench.runs)
    yield Row("pocketsphinx, a session, CPU", "s", figures, ((Limit(1.15, "direct"),),))
    worst = [recognizer.worst_final_s(recognizer.breathless())]
    yield Row("pocketsphinx, latest final of speech without a pause", "s", {OURS: worst}, ((Limit(2),),))


def counted(bench: Bench) -> Iterator[Row]:
    """A small fixed run, counted in instructions."""
    del bench
    for name, figure, kept in instructions.counted():
        yield Row(
            f"{name}, against what was kept",
            "× plain Python",
            {OURS: [figure]},
            ((Limit(kept * instructions.TOLERANCE),),),
        )


def library_(bench: Bench) -> Iterator[Row]:
    """Searches in the library of transcripts."""
    yield library.search_row(bench.folder)


ROWS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "help": help_, "start": start, "live": live, "record": record, "streams": streams, "batch": batch,
    "server": server, "serve": serve, "engines": engines, "wav": wav_, "mp3": mp3,
    "long": long, "peak": peak, "silent": silent, "recognizer": embedded, "instructions": counted, "library": library_,
}  # fmt: skip
