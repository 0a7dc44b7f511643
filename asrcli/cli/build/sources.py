"""From options to sources: what is taken of each input, and how."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asrcli.core.audio import Format
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.validation import FORCE, unused_options_removed, check_recognition, model_notices, ignored_options
from asrcli.cli.options import values
from asrcli.cli.options.recognition import RecognitionOptions, fitted
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.core.settings import RecognitionSettings
from asrcli.core.errors import AsrError, SourceError, UsageError, combine_errors
from asrcli.dashscope.model_selection import AUTO, find_model, pick_model, wire_rate
from asrcli.sources.decoding_errors import TROUBLE

if TYPE_CHECKING:
    from asrcli.runs.run import ConcurrentSources
    from asrcli.core.interfaces import Source
    from asrcli.sources.input_reader import SampleFormat
    from asrcli.sources.clip import Clip


def taken(start: str | None, end: str | None, channel: str, gain_db: float, track: str | None = None) -> "Clip":
    """What is taken of each source.

    Raises:
        UsageError: times or a channel that are none, or an end before the beginning.
    """
    from asrcli.sources.clip import Clip

    begin_ms, end_ms = values.parse_time("--start", start) or 0, values.parse_time("--end", end)
    if end_ms is not None and end_ms <= begin_ms:
        raise UsageError(f"--end {end} is not behind --start {start or 0}")
    return Clip(begin_ms, end_ms, values.parse_channel(channel), gain_db, values.parse_track(track))


def bare_samples(*, raw: bool, encoding: str | None, rate: int | None, channels: int | None) -> "SampleFormat | None":
    """How bare samples are to be read, None for containers.

    Raises:
        UsageError: a description of bare samples for something that is none.
    """
    from asrcli.sources.input_reader import SampleFormat

    if raw:
        return SampleFormat(str(encoding or "s16le"), rate or 16000, channels or 1)
    given = {"--encoding": encoding, "--rate": rate, "--channels": channels}
    if named := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{' and '.join(named)} without --raw: only bare samples need to be described")
    return None


def model_for(
    name: str, paths: Sequence[str], languages: Sequence[str], samples: "SampleFormat | None", region: str
) -> Model:
    """The model of that name; `auto` looks at the audio, the language and what is offered in the region."""
    if name != AUTO:
        return find_model(name)
    from asrcli.sources.file import native

    return find_model(pick_model([about and about[0] for about in (native(path, samples) for path in paths)], languages, region))


def recognition(
    model: Model, recognition_options: RecognitionOptions, connection_options: ConnectionOptions, *, vad: bool, heartbeat: bool | None, ptt: bool = False
) -> tuple[RecognitionSettings, list[str]]:
    """What the model is asked to do, and what a user should know of it.

    Raises:
        UsageError: what it cannot do, or would ignore.
    """
    if connection_options.local and not model.known and not recognition_options.force:
        advice = "leave it out, or see asr models"
        raise UsageError(f"--model {model.name} with --local: no model of the service is called so", advice)
    model = connection_options.heard_by(model)
    asked = recognition_options.recognition(model, vad=vad, heartbeat=heartbeat)
    ignored = [*ignored_options(asked), *(["--context-from-transcript"] if recognition_options.context_from_transcript else [])]
    if connection_options.local and ignored and not recognition_options.force:
        raise UsageError(f"{' and '.join(ignored)} has no effect on the embedded recognizer (--local)")
    check_recognition(model, asked, connection_options.region_asked, force=recognition_options.force)
    if model.one_sentence and not ptt and not recognition_options.force:
        advice = f"for a talk there is gummy-realtime-v1; {FORCE}"
        raise UsageError(f"{model.name} hears one sentence and ends: it is for asr mic --ptt", advice)
    asked, cut = fitted(model, asked, remembers=recognition_options.context_from_transcript)
    told = [] if connection_options.local else model_notices(model)
    return unused_options_removed(model, asked), [*told, *([cut] if cut else [])]


@dataclass(frozen=True)
class AudioEnhancement:
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
        from asrcli.sources.enhancement import LEVEL, EnhancedSource

        return EnhancedSource(source, LEVEL if self.denoise else 0, self.agc)


UNTREATED = AudioEnhancement()


@dataclass(frozen=True)
class SourceBuilder:
    """How inputs become sources.

    Raises:
        UsageError: ways of reading that exclude each other.
    """

    model: Model
    asked: RecognitionSettings
    take: "Clip"
    samples: "SampleFormat | None"
    treatment: AudioEnhancement = UNTREATED
    each_channel: bool = False
    passthrough: bool = False
    exact: bool = False  # files whose header does not tell their length are read to know it

    def __post_init__(self) -> None:
        from asrcli.sources.clip import Clip

        if self.each_channel and self.take.channel is not None:
            raise UsageError("--each-channel with --channel: all of them or one")
        changed = self.take != Clip() or self.samples is not None or self.each_channel or not self.asked.vad
        if self.passthrough and (changed or self.treatment != UNTREATED):
            raise UsageError("--passthrough sends a file as it is: no option that changes or cuts its audio")

    def source(self, path: str) -> "Source | ConcurrentSources":
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
        from asrcli.sources.passthrough import PassthroughSource

        source = PassthroughSource(path)
        if source.audio_format not in self.model.traits.formats:
            decoded = ", ".join(self.model.traits.formats)
            raise UsageError(f"--passthrough: {self.model.name} decodes {decoded}, not {source.audio_format}")
        if self.model.rates and source.format.rate not in self.model.rates:
            rates = " or ".join(map(str, self.model.rates))
            raise UsageError(f"--passthrough: {self.model.name} takes {rates} Hz, not {source.format.rate} Hz")
        return source

    def _decoded(self, path: str, clip: "Clip", about: tuple[int, int] | None, speaker: str = "") -> "Source":
        """Cut into utterances where the server does not do it."""
        from asrcli.sources.file import FileSource
        from asrcli.sources.file_length import SCAN_BYTES
        from asrcli.sources.utterances import UtteranceCutter

        audio_format = Format(wire_rate(self.model, about[0] if about else None))
        scan_bytes = sys.maxsize if self.exact else SCAN_BYTES
        read = FileSource(path, audio_format, clip, self.samples, speaker=speaker, scan_bytes=scan_bytes)
        source = self.treatment.of(read)
        return source if self.asked.vad else UtteranceCutter(source, self.asked.silence_ms)

    def _channels(self, path: str, about: tuple[int, int] | None) -> "Source | ConcurrentSources":
        """The channels of a file as sources of their own, named left and right where there are two."""
        from asrcli.runs.run import ConcurrentSources

        if about is None:
            self._decoded(path, self.take, about)  # what is wrong with it comes first
            raise UsageError(f"--each-channel: {path} can be read only once", "put it into a file")
        count = about[1]
        if count == 1:
            return self._decoded(path, self.take, about)
        names = ["left", "right"] if count == 2 else [str(number + 1) for number in range(count)]
        takes = [replace(self.take, channel=channel) for channel in range(count)]
        return ConcurrentSources(tuple(self._decoded(path, *each) for each in zip(takes, [about] * count, names, strict=True)))


def file_sources(paths: Sequence[str], source_builder: SourceBuilder) -> "tuple[list[Source | ConcurrentSources], list[AsrError]]":
    """What each path holds, and what is wrong with the paths that hold nothing.

    Raises:
        UsageError: what the model or the options do not allow.
        SourceError: none of the paths is audio and there is only one.
        Several: none of the paths is audio.
    """
    if paths.count("-") > 1:
        raise UsageError("standard input (-) is named more than once")
    sources: list[Source | ConcurrentSources] = []
    failures: list[AsrError] = []
    for path in paths:
        try:
            sources.append(source_builder.source(path))
        except SourceError as exc:
            failures.append(exc)
        except TROUBLE as exc:  # whatever it is, the others are heard
            reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            failures.append(SourceError(path, f"cannot be read: {reason}"))
    if not sources:
        raise combine_errors(failures)
    return sources, failures
