"""From the journal of a run over files to sources that continue where its text ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.builders.sources import AudioEnhancement, SourceBuilder
from asrcli.cli.console import print_message
from asrcli.cli.options.values import MOST_CHANNELS, SLOWEST, EncodingName
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, UsageError, bare_url, system_reason
from asrcli.core.event_placement import shift_final
from asrcli.journal.continued_outputs import has_gaps_to_fill
from asrcli.journal.journal_part import JournalPart, finals_of, text_end_ms
from asrcli.journal.source import SkippingSource, TranscribedSource, quiet_before
from asrcli.runs.run import ConcurrentSources, flatten_sources
from asrcli.sources.excerpt import Clip
from asrcli.sources.sample_format import SampleFormat

if TYPE_CHECKING:
    from asrcli.core.interfaces import Source
    from asrcli.core.settings import RecognitionSettings
    from asrcli.dashscope.catalogue import Model
    from asrcli.journal.reading import Journal
    from asrcli.journal.records import JournalInput


@dataclass(frozen=True)
class ResumeStage:
    """The rest of one stage: inputs that share outputs, and that an earlier run did not finish.

    Attributes:
        parts: What earlier runs transcribed of the stage.
        inputs: The inputs that are left; the first may be transcribed in part.
        base_ms: Where the first input begins on the timeline of the stage.
        begun: The first input has been transcribed in part, or as a whole if it is `transcribed`.
        transcribed: All audio of the first input has text; only files are left to write.
        files: The files that the stage writes.
    """

    number: int
    parts: "list[JournalPart]"
    inputs: "tuple[JournalInput, ...]"
    base_ms: int
    begun: bool
    transcribed: bool
    files: tuple[str, ...]

    def view(self, journal: "Journal") -> "Journal":
        """The journal as if it had only this stage."""
        showing = {**journal.header.showing, "paths": list(self.files)}
        numbers = [each.number for part in self.parts for each in part.sentences]
        header = replace(journal.header, showing=showing)
        return replace(journal, header=header, parts=self.parts or [JournalPart()], highest=max(numbers, default=0))

    def sources(self, source_builder: "SourceBuilder") -> "list[Source | ConcurrentSources]":
        """The sources that are left to transcribe.

        Raises:
            SourceError: a file can no longer be read.
        """
        if not self.begun:
            return [source_builder.source(one.path) for one in self.inputs]
        return [self._first(source_builder), *(source_builder.source(later.path) for later in self.inputs[1:])]

    def _first(self, source_builder: "SourceBuilder") -> "Source | ConcurrentSources":
        """The first input from a quiet moment before the end of its text; it is opened twice to find that moment."""
        path = self.inputs[0].path
        sources = flatten_sources([source_builder.source(path)])
        searched = flatten_sources([source_builder.source(path)])
        left: list[Source] = []
        for source, to_search in zip(sources, searched, strict=True):
            ms = text_end_ms(self.parts, source.speaker) - self.base_ms
            position = source.format.samples(max(ms, source.begin_ms))
            if self.transcribed:
                left.append(TranscribedSource(source, position))
                continue
            if ms > source.begin_ms:
                position = max(quiet_before(to_search, position), source.format.samples(source.begin_ms))
            finals = [shift_final(final, -self.base_ms) for final in finals_of(self.parts, source.speaker)]
            left.append(SkippingSource(source, position, tuple(finals)))
        if len(left) > 1:
            return ConcurrentSources(tuple(left))
        return left[0]


def resume_stages(journal: "Journal") -> list[ResumeStage]:
    """The stages that are not finished.

    Raises:
        SourceError: an input has changed or does not exist any more.
        UsageError: nothing that is left can be read again.
    """
    found = []
    for number, (places, files) in enumerate(journal.header.stages):
        if number in journal.done:
            continue
        inputs = [journal.header.inputs[place] for place in places]
        parts = [part for part in journal.parts if part.stage == number and part.heard]
        begin_ms = read_clip(journal.header.reading).begin_ms
        at, base_ms = _reached(parts, inputs, begin_ms)
        transcribed = at >= 0 and _is_transcribed(journal, number, parts)
        left = [one for one in inputs[max(0, at) :] if one.size_bytes is not None]
        for one in inputs[max(0, at) :]:
            if one.size_bytes is None:
                name = bare_url(one.path)
                if one.path == "-":
                    name = "standard input"
                print_message(f"asr: {name} can be read only once: left out")
        begun = at >= 0 and inputs[at].size_bytes is not None
        if not begun:
            base_ms = 0
        if left:
            found.append(ResumeStage(number, parts, tuple(left), base_ms, begun, transcribed, files))
    if not found:
        raise UsageError(f"{journal.id}: nothing is left that can be read again")
    for one in (one for stage in found for one in stage.inputs):
        _check(one)
    return found


def _is_transcribed(journal: "Journal", number: int, parts: "list[JournalPart]") -> bool:
    """Whether all audio of a stage surely has text: a run reached the end, no gap follows, and no record is damaged."""
    is_whole = number in journal.transcribed and not journal.damages
    return is_whole and not has_gaps_to_fill(replace(journal, parts=parts))


def _check(one: "JournalInput") -> None:
    try:
        about = Path(one.path).stat()
    except (OSError, ValueError) as exc:
        raise SourceError(one.path, system_reason(exc).lower()) from exc
    if (about.st_size, about.st_mtime_ns) != (one.size_bytes, one.mtime_ns):
        raise SourceError(
            one.path, "has changed since then: its text would not fit; transcribe it again from the start"
        )


def _reached(parts: "list[JournalPart]", inputs: "Sequence[JournalInput]", start_ms: int) -> tuple[int, int]:
    """The number of the input transcribed last, or -1, and where it begins on the timeline of the stage."""
    at = -1
    base_ms = 0
    for part in parts:
        before = -1
        for name, begin_ms in part.heard:
            same = at >= 0 and name in _names(inputs[at])
            if not same or (before >= 0 and begin_ms != before):
                following = [n for n in range(at + 1, len(inputs)) if name in _names(inputs[n])]
                if following:
                    at = following[0]
                    base_ms = max(0, begin_ms - start_ms)
            before = begin_ms
    return at, base_ms


def _names(one: "JournalInput") -> set[str]:
    return {bare_url(one.name), bare_url(one.path)}


def reading(
    journal: "Journal", found: "Model", recognition: "RecognitionSettings"
) -> "tuple[SourceBuilder, float | None]":
    """How the inputs are read, and how fast they are sent, as the journal says it.

    Raises:
        SourceError: the journal does not say it, or not in a valid way.
    """
    stored = journal.header.reading
    try:
        enhancement = stored.get("treatment") or {}
        pace = stored.get("pace")
        raw_format = read_raw_format(stored)
        if pace is not None and not SLOWEST <= pace <= 1000:
            raise ValueError(pace)
        audio_enhancement = AudioEnhancement(
            denoise=enhancement.get("denoise") is True, agc=enhancement.get("agc") is True
        )
        clip = read_clip(stored)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise SourceError(journal.id, "no journal: it does not say how its files are read") from exc
    each_channel = stored.get("each_channel") is True
    return SourceBuilder(found, recognition, clip, raw_format, audio_enhancement, each_channel=each_channel), pace


def read_raw_format(stored: Mapping[str, Any]) -> SampleFormat | None:
    """The format of raw PCM, from the journal; None for containers.

    Raises:
        KeyError, TypeError, ValueError: it does not say it in a valid way.
    """
    raw_pcm = stored.get("samples")
    if raw_pcm is None:
        return None
    encoding = EncodingName(raw_pcm["encoding"]).value
    rate, channels = (_within(raw_pcm, *b) for b in (("rate", 1000, 384_000), ("channels", 1, 64)))
    return SampleFormat(encoding, rate, channels)


def read_clip(stored: Any) -> Clip:
    """What is transcribed of each file, as the journal says it.

    Raises:
        SourceError: it does not say it.
    """
    try:
        took = stored["take"]
        end_ms, channel, gain_db = took["end_ms"], took["channel"], took["gain_db"]
        if not isinstance(gain_db, int | float) or not -60 <= gain_db <= 60:
            raise ValueError(gain_db)
        most = 1 << 53
        if end_ms is not None:
            _within(took, "end_ms", 0, most)
        if channel is not None:
            _within(took, "channel", 0, MOST_CHANNELS - 1)
        return Clip(_within(took, "begin_ms", 0, most), end_ms, channel, gain_db)
    except (KeyError, TypeError, ValueError) as exc:
        raise SourceError("this session", "no journal: it does not say how its files are read") from exc


def _within(stored: Any, name: str, least: int, most: int) -> int:
    value = stored[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(name)
    return value
