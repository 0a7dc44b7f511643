"""From options to the model, the recognition settings and the sources of files."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from asrcli.cli.options import values
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.recognition import RecognitionOptions
from asrcli.core.audio import Format
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError, SourceError, UsageError, combine_errors, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.model_selection import AUTO, find_model, pick_model, wire_rate
from asrcli.dashscope.preparation import check_local_model, prepare_recognition
from asrcli.runs.run import ConcurrentSources
from asrcli.sources.decoding_errors import DECODER_ERRORS
from asrcli.sources.enhancement import LEVEL, EnhancedSource
from asrcli.sources.excerpt import Clip
from asrcli.sources.file import CHUNK_MS, FULL_PACE_CHUNK_MS, LOCAL_CHUNK_MS, FileSource, native
from asrcli.sources.file_length import SCAN_BYTES
from asrcli.sources.sample_format import SampleFormat

if TYPE_CHECKING:
    from asrcli.core.interfaces import Source
    from asrcli.sources import one_channel, passthrough, utterances
else:  # few runs send files as they are, cut utterances here, or ask for channels
    one_channel = LazyModule("asrcli.sources.one_channel")
    passthrough = LazyModule("asrcli.sources.passthrough")
    utterances = LazyModule("asrcli.sources.utterances")


def clip(start: str | None, end: str | None, channel: str, gain_db: float, track: str | None = None) -> "Clip":
    """Which part of each source is read, and how loud.

    Raises:
        UsageError: a time, channel or track that is not valid, or an end before the start.
    """
    begin_ms = values.parse_time("--start", start) or 0
    end_ms = values.parse_time("--end", end)
    if end_ms is not None and end_ms <= begin_ms:
        raise UsageError(f"--end {end} is not after --start {start or 0}")
    return Clip(begin_ms, end_ms, values.parse_channel(channel), gain_db, values.parse_track(track))


def raw_pcm_format(*, raw: bool, encoding: str | None, rate: int | None, channels: int | None) -> "SampleFormat | None":
    """The format of raw PCM; None for containers, which name their own.

    Raises:
        UsageError: raw PCM is described without --raw.
    """
    if raw:
        return SampleFormat(str(encoding or "s16le"), rate or 16000, channels or 1)
    given = {"--encoding": encoding, "--rate": rate, "--channels": channels}
    if named := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{' and '.join(named)} without --raw: only raw PCM needs a description")
    return None


def model_for(
    name: str,
    paths: Sequence[str],
    recognition_options: RecognitionOptions,
    raw_format: "SampleFormat | None",
    connection_options: ConnectionOptions,
) -> Model:
    """The model of that name; `auto` looks at the audio, the language and what is offered in the region.

    Raises:
        UsageError: the name is empty, or no server is named for a wire that the service does not speak.
    """
    if name == AUTO:
        natives = [about and about[0] for about in (native(path, raw_format) for path in paths)]
        name = pick_model(natives, recognition_options.language or [], connection_options.region_asked)
    found = find_model(name, recognition_options.wire or "")
    if found.traits.elsewhere and not connection_options.names_server:
        problem = f"{name} is spoken to on the wire {found.wire}, which DashScope does not have"
        raise UsageError(problem, "name a server with --url")
    if not found.traits.served and connection_options.local:
        raise UsageError(f"--wire {found.wire} with --local: the embedded recognizer does not speak it")
    return found


def recognition(
    model: Model,
    recognition_options: RecognitionOptions,
    connection_options: ConnectionOptions,
    *,
    vad: bool,
    heartbeat: bool | None,
    ptt: bool = False,
) -> tuple[RecognitionSettings, list[str]]:
    """The settings for the model, and notices for the user about them.

    Raises:
        UsageError: the model does not support a setting, or would ignore it.
    """
    local = connection_options.local
    force = recognition_options.force
    if local and not force and not recognition_options.wire:
        check_local_model(model)
    model = connection_options.adapt(model)
    asked = recognition_options.recognition(model, vad=vad, heartbeat=heartbeat)
    return prepare_recognition(
        model,
        asked,
        connection_options.region_asked,
        local=local,
        force=force,
        push_to_talk=ptt,
        uses_transcript_context=recognition_options.context_from_transcript,
    )


@dataclass(frozen=True)
class AudioEnhancement:
    """Noise suppression and automatic gain, for audio that is hard to understand."""

    denoise: bool = False
    agc: bool = False

    def of(self, source: "Source") -> "Source":
        """The source with the enhancement applied.

        Raises:
            UsageError: it is not available on this system, or not for this rate.
        """
        if not self.denoise and not self.agc:
            return source
        denoise = 0
        if self.denoise:
            denoise = LEVEL
        return EnhancedSource(source, denoise, self.agc)


NO_ENHANCEMENT = AudioEnhancement()


@dataclass(frozen=True)
class SourceBuilder:
    """Makes the sources for paths.

    Attributes:
        model: The model that gets the audio.
        recognition: The recognition settings.
        clip: Which part of each file is read, which track and channel, and how loud.
        raw_format: The format of raw PCM; None for containers, which name their own.
        enhancement: Noise suppression and automatic gain.
        each_channel: Each channel is a source of its own.
        passthrough: Files are sent as they are, for a service that decodes them.
        exact: A file is read to its end if its header does not contain its length.
        chunk_ms: How much audio is sent at once, where the service finds the utterances.
        shown: The names of fetched files for people, by their paths.

    Raises:
        UsageError: options that exclude each other.
    """

    model: Model
    recognition: RecognitionSettings
    clip: "Clip"
    raw_format: "SampleFormat | None"
    enhancement: AudioEnhancement = NO_ENHANCEMENT
    each_channel: bool = False
    passthrough: bool = False
    exact: bool = False
    chunk_ms: int = CHUNK_MS
    shown: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.each_channel and self.clip.channel is not None:
            raise UsageError("--each-channel with --channel: choose all channels or one")
        changed = self.clip != Clip() or self.raw_format is not None or self.each_channel or not self.recognition.vad
        if self.passthrough and (changed or self.enhancement != NO_ENHANCEMENT):
            raise UsageError("--passthrough sends a file as it is: no option that changes or cuts its audio")

    def source(self, path: str) -> "Source | ConcurrentSources":
        """The source for a path; with --each-channel one for each channel.

        Raises:
            SourceError: it cannot be read.
            UsageError: the model or the options do not allow it.
        """
        if self.passthrough:
            return self._as_it_is(path)
        about = native(path, self.raw_format, self.clip.track)
        if self.each_channel:
            return self._channels(path, about)
        return self._decoded(path, self.clip, about)

    def _as_it_is(self, path: str) -> "Source":
        source = passthrough.PassthroughSource(path)
        if source.audio_format not in self.model.traits.formats:
            decoded = ", ".join(self.model.traits.formats)
            raise UsageError(f"--passthrough: {self.model.name} decodes {decoded}, not {source.audio_format}")
        if self.model.rates and source.format.rate not in self.model.rates:
            rates = " or ".join(map(str, self.model.rates))
            raise UsageError(f"--passthrough: {self.model.name} takes {rates} Hz, not {source.format.rate} Hz")
        return source

    def _decoded(self, path: str, clip: "Clip", about: tuple[int, int] | None, speaker: str = "") -> "Source":
        """The decoded audio, cut into utterances here if the server does not do that."""
        own_rate = None
        if about is not None:
            own_rate, _ = about
        audio_format = Format(wire_rate(self.model, own_rate))
        scan_bytes = SCAN_BYTES
        if self.exact:
            scan_bytes = sys.maxsize
        chunk_ms = CHUNK_MS
        if self.recognition.vad:  # without it, utterances are cut here, between chunks
            chunk_ms = self.chunk_ms
        read = FileSource(
            path, audio_format, clip, self.raw_format, chunk_ms=chunk_ms, speaker=speaker, scan_bytes=scan_bytes,
            shown=self.shown.get(path, ""),
        )  # fmt: skip
        source = self.enhancement.of(read)
        if self.recognition.vad:
            return source
        return utterances.UtteranceCutter(source, self.recognition.silence_ms)

    def _channels(self, path: str, about: tuple[int, int] | None) -> "Source | ConcurrentSources":
        """Each channel of a file as a source of its own, named left and right if there are two."""
        if about is None:
            self._decoded(path, self.clip, about)  # if it cannot be read, say that first
            raise UsageError(f"--each-channel: {path} can be read only once", "put it into a file")
        count = about[1]
        if count == 1:
            return one_channel.OneChannelSource(self._decoded(path, self.clip, about))
        names = [str(number + 1) for number in range(count)]
        if count == 2:
            names = ["left", "right"]
        sources = [
            self._decoded(path, replace(self.clip, channel=channel), about, name) for channel, name in enumerate(names)
        ]
        return ConcurrentSources(tuple(sources))


def chunk_ms(pace: float | None, *, local: bool) -> int:
    """How much audio is sent at once at a pace. None is full pace, where nobody waits for the first word of a chunk."""
    if pace is None:
        return FULL_PACE_CHUNK_MS
    if local:
        return LOCAL_CHUNK_MS
    return CHUNK_MS


def file_sources(
    paths: Sequence[str], source_builder: SourceBuilder
) -> "tuple[list[Source | ConcurrentSources], list[AsrError]]":
    """The sources of all paths that can be read, and the errors of those that cannot.

    Raises:
        UsageError: the model or the options do not allow it.
        SourceError: the only path cannot be read.
        MultipleErrors: none of several paths can be read.
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
        except DECODER_ERRORS as exc:  # whatever it is, the others are transcribed
            reason = system_reason(exc) or type(exc).__name__
            failures.append(SourceError(path, f"cannot be read: {reason}"))
    if not sources:
        raise combine_errors(failures)
    return sources, failures
