"""From options to sources: what is taken of each input, and how."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asrcli.audio import Format
from asrcli.catalogue import Model
from asrcli.checks import FORCE, better, check, notices, unheeded
from asrcli.cli import values
from asrcli.cli.asking import Asking, fitted
from asrcli.cli.service import Service
from asrcli.config import Recognition
from asrcli.errors import AsrError, SourceError, UsageError, together
from asrcli.models import AUTO, find, pick, wire_rate

if TYPE_CHECKING:
    from asrcli.run import Together
    from asrcli.seams import Source
    from asrcli.sources.opened import Samples
    from asrcli.sources.take import Take


USUAL_MODEL = "fun-asr-realtime"
MANUAL_MODEL = "qwen3-asr-flash-realtime"  # where the client cuts sentences


def taken(start: str | None, end: str | None, channel: str, gain_db: float, track: str | None = None) -> "Take":
    """What is taken of each source.

    Raises:
        UsageError: times or a channel that are none, or an end before the beginning.
    """
    from asrcli.sources.take import Take

    begin_ms, end_ms = values.parse_time("--start", start) or 0, values.parse_time("--end", end)
    if end_ms is not None and end_ms <= begin_ms:
        raise UsageError(f"--end {end} is not behind --start {start or 0}")
    return Take(begin_ms, end_ms, values.parse_channel(channel), gain_db, values.parse_track(track))


def bare_samples(*, raw: bool, encoding: str | None, rate: int | None, channels: int | None) -> "Samples | None":
    """How bare samples are to be read, None for containers.

    Raises:
        UsageError: a description of bare samples for something that is none.
    """
    from asrcli.sources.opened import Samples

    if raw:
        return Samples(str(encoding or "s16le"), rate or 16000, channels or 1)
    given = {"--encoding": encoding, "--rate": rate, "--channels": channels}
    if named := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{' and '.join(named)} without --raw: only bare samples need to be described")
    return None


def model_for(
    name: str, paths: Sequence[str], languages: Sequence[str], samples: "Samples | None", region: str
) -> Model:
    """The model of that name; `auto` looks at the audio, the language and what is offered in the region."""
    if name != AUTO:
        return find(name)
    from asrcli.sources.file import native

    return find(pick([about and about[0] for about in (native(path, samples) for path in paths)], languages, region))


def recognition(
    model: Model, asking: Asking, service: Service, *, vad: bool, heartbeat: bool | None, ptt: bool = False
) -> tuple[Recognition, list[str]]:
    """What the model is asked to do, and what a user should know of it.

    Raises:
        UsageError: what it cannot do, or would ignore.
    """
    if service.local and not model.known and not asking.force:
        advice = "leave it out, or see asr models"
        raise UsageError(f"--model {model.name} with --local: no model of the service is called so", advice)
    model = service.heard_by(model)
    asked = asking.recognition(model, vad=vad, heartbeat=heartbeat)
    ignored = [*unheeded(asked), *(["--context-from-transcript"] if asking.context_from_transcript else [])]
    if service.local and ignored and not asking.force:
        raise UsageError(f"{' and '.join(ignored)} has no effect on the embedded recognizer (--local)")
    check(model, asked, service.region_asked, force=asking.force)
    if model.one_sentence and not ptt and not asking.force:
        advice = f"for a talk there is gummy-realtime-v1; {FORCE}"
        raise UsageError(f"{model.name} hears one sentence and ends: it is for asr mic --ptt", advice)
    asked, cut = fitted(model, asked, remembers=asking.context_from_transcript)
    told = [] if service.local else notices(model)
    return better(model, asked), [*told, *([cut] if cut else [])]


@dataclass(frozen=True)
class Treatment:
    """What is done to audio that is hard to understand."""

    denoise: bool = False
    agc: bool = False

    def of(self, source: "Source") -> "Source":
        """The source, treated.

        Raises:
            UsageError: what cannot be done here, or to audio of this rate.
        """
        if not self.denoise and not self.agc:
            return source
        from asrcli.sources.enhance import LEVEL, Enhanced

        return Enhanced(source, LEVEL if self.denoise else 0, self.agc)


UNTREATED = Treatment()


@dataclass(frozen=True)
class Reading:
    """How inputs become sources.

    Raises:
        UsageError: ways of reading that exclude each other.
    """

    model: Model
    asked: Recognition
    take: "Take"
    samples: "Samples | None"
    treatment: Treatment = UNTREATED
    each_channel: bool = False
    passthrough: bool = False
    exact: bool = False  # files whose header does not tell their length are read to know it

    def __post_init__(self) -> None:
        from asrcli.sources.take import Take

        if self.each_channel and self.take.channel is not None:
            raise UsageError("--each-channel with --channel: all of them or one")
        changed = self.take != Take() or self.samples is not None or self.each_channel or not self.asked.vad
        if self.passthrough and (changed or self.treatment != UNTREATED):
            raise UsageError("--passthrough sends a file as it is: no option that changes or cuts its audio")

    def source(self, path: str) -> "Source | Together":
        """What a path holds.

        Raises:
            SourceError: nothing that can be read.
            UsageError: what the model or the options do not allow.
        """
        from asrcli.sources.file import native

        if self.passthrough:
            return self._as_it_is(path)
        about = native(path, self.samples, self.take.track)
        return self._channels(path, about) if self.each_channel else self._decoded(path, self.take, about)

    def _as_it_is(self, path: str) -> "Source":
        from asrcli.sources.own import OwnBytes

        source = OwnBytes(path)
        if source.audio_format not in self.model.on.formats:
            decoded = ", ".join(self.model.on.formats)
            raise UsageError(f"--passthrough: {self.model.name} decodes {decoded}, not {source.audio_format}")
        if self.model.rates and source.format.rate not in self.model.rates:
            rates = " or ".join(map(str, self.model.rates))
            raise UsageError(f"--passthrough: {self.model.name} takes {rates} Hz, not {source.format.rate} Hz")
        return source

    def _decoded(self, path: str, take: "Take", about: tuple[int, int] | None, speaker: str = "") -> "Source":
        """Cut into utterances where the server does not do it."""
        from asrcli.sources.file import FileSource
        from asrcli.sources.measuring import SCAN_BYTES
        from asrcli.sources.utterances import Utterances

        audio_format = Format(wire_rate(self.model, about[0] if about else None))
        scan_bytes = sys.maxsize if self.exact else SCAN_BYTES
        read = FileSource(path, audio_format, take, self.samples, speaker=speaker, scan_bytes=scan_bytes)
        source = self.treatment.of(read)
        return source if self.asked.vad else Utterances(source, self.asked.silence_ms)

    def _channels(self, path: str, about: tuple[int, int] | None) -> "Source | Together":
        """The channels of a file as sources of their own, named left and right where there are two."""
        from asrcli.run import Together

        if about is None:
            self._decoded(path, self.take, about)  # what is wrong with it comes first
            raise UsageError(f"--each-channel: {path} can be read only once", "put it into a file")
        count = about[1]
        if count == 1:
            return self._decoded(path, self.take, about)
        names = ["left", "right"] if count == 2 else [str(number + 1) for number in range(count)]
        takes = [replace(self.take, channel=channel) for channel in range(count)]
        return Together(tuple(self._decoded(path, *each) for each in zip(takes, [about] * count, names, strict=True)))


def file_sources(paths: Sequence[str], reading: Reading) -> "tuple[list[Source | Together], list[AsrError]]":
    """What each path holds, and what is wrong with the paths that hold nothing.

    Raises:
        UsageError: what the model or the options do not allow.
        SourceError: none of the paths is audio and there is only one.
        Several: none of the paths is audio.
    """
    if paths.count("-") > 1:
        raise UsageError("standard input (-) is named more than once")
    sources: list[Source | Together] = []
    failures: list[AsrError] = []
    for path in paths:
        try:
            sources.append(reading.source(path))
        except SourceError as exc:
            failures.append(exc)
    if not sources:
        raise together(failures)
    return sources, failures
