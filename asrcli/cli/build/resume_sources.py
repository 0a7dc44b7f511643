"""From the journal of a run over files to sources that go on where its text ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.console import print_message
from asrcli.cli.options.values import MOST_CHANNELS, SLOWEST, EncodingName
from asrcli.core.errors import SourceError, UsageError, bare_url
from asrcli.cli.build.sources import SourceBuilder, AudioEnhancement
from asrcli.journal.reading import JournalPart
from asrcli.journal.source import SkippingSource, quiet_before
from asrcli.runs.run import ConcurrentSources, flatten_sources
from asrcli.sources.clip import Clip
from asrcli.sources.input_reader import SampleFormat

if TYPE_CHECKING:
    from asrcli.dashscope.catalogue import Model
    from asrcli.core.settings import RecognitionSettings
    from asrcli.journal.reading import Journal
    from asrcli.journal.records import JournalInput
    from asrcli.core.interfaces import Source


@dataclass(frozen=True)
class ResumeStage:
    """A run of the command that has something left.

    Attributes:
        parts: What was heard of it so far.
        inputs: What is left, the first of them from the middle.
        base_ms: Where that first one lies on the timeline of the run.
        begun: It has been heard in part.
        files: What it writes.
    """

    number: int
    parts: "list[JournalPart]"
    inputs: "tuple[JournalInput, ...]"
    base_ms: int
    begun: bool
    files: tuple[str, ...]

    def view(self, journal: "Journal") -> "Journal":
        """The journal as if there were this run alone."""
        showing = {**journal.header.showing, "paths": list(self.files)}
        numbers = [each.number for part in self.parts for each in part.sentences]
        header = replace(journal.header, showing=showing)
        return replace(journal, header=header, parts=self.parts or [JournalPart()], highest=max(numbers, default=0))

    def sources(self, source_builder: "SourceBuilder") -> "list[Source | ConcurrentSources]":
        """What is left to be heard.

        Raises:
            SourceError: a file cannot be read any more.
        """
        rest = [source_builder.source(one.path) for one in self.inputs[1:]]
        return [self._first(source_builder), *rest] if self.begun else [source_builder.source(self.inputs[0].path), *rest]

    def _first(self, source_builder: "SourceBuilder") -> "Source | ConcurrentSources":

        path = self.inputs[0].path
        made, for_looking = flatten_sources([source_builder.source(path)]), flatten_sources([source_builder.source(path)])
        left: list[Source] = []
        for source, looked in zip(made, for_looking, strict=True):
            ms = self._final_ms(source.speaker) - self.base_ms
            position = source.format.samples(max(ms, source.begin_ms))
            if ms > source.begin_ms:
                position = max(quiet_before(looked, position), source.format.samples(source.begin_ms))
            left.append(SkippingSource(source, position))
        return ConcurrentSources(tuple(left)) if len(left) > 1 else left[0]

    def _final_ms(self, speaker: str) -> int:
        finals = [each.final for part in self.parts for each in part.sentences]
        return max((final.end_ms for final in finals if final.speaker == speaker), default=0)


def resume_stages(journal: "Journal") -> list[ResumeStage]:
    """What is left.

    Raises:
        SourceError: an input has changed, or is not there any more.
        UsageError: what is left can be read once only.
    """
    found = []
    for number, (places, files) in enumerate(journal.header.stages):
        if number in journal.done:
            continue
        inputs = [journal.header.inputs[place] for place in places]
        parts = [part for part in journal.parts if part.stage == number and part.heard]
        begin_ms = _take(journal.header.reading).begin_ms
        at, base_ms = _reached(parts, inputs, begin_ms)
        left = [one for one in inputs[max(0, at) :] if one.size_bytes is not None]
        for one in inputs[max(0, at) :]:
            if one.size_bytes is None:
                print_message(f"asr: {'standard input' if one.path == '-' else bare_url(one.path)} can be read once only: left out")
        begun = at >= 0 and inputs[at].size_bytes is not None
        if left:
            found.append(ResumeStage(number, parts, tuple(left), base_ms if begun else 0, begun, files))
    if not found:
        raise UsageError(f"{journal.id}: nothing is left that can be read again")
    for one in (one for stage in found for one in stage.inputs):
        _check(one)
    return found


def _check(one: "JournalInput") -> None:
    try:
        about = Path(one.path).stat()
    except (OSError, ValueError) as exc:
        raise SourceError(one.path, (getattr(exc, "strerror", None) or str(exc)).lower()) from exc
    if (about.st_size, about.st_mtime_ns) != (one.size_bytes, one.mtime_ns):
        raise SourceError(one.path, "has changed since: its text would not fit what is there; transcribe it anew")


def _reached(parts: "list[JournalPart]", inputs: "Sequence[JournalInput]", start_ms: int) -> tuple[int, int]:
    """Which input was being heard last, -1 where none was, and where it lies on the timeline."""
    at, base_ms = -1, 0
    for part in parts:
        before = -1
        for name, begin_ms in part.heard:
            same = at >= 0 and name in _names(inputs[at])
            if not same or (before >= 0 and begin_ms != before):
                following = [n for n in range(at + 1, len(inputs)) if name in _names(inputs[n])]
                if following:
                    at, base_ms = following[0], max(0, begin_ms - start_ms)
            before = begin_ms
    return at, base_ms


def _names(one: "JournalInput") -> set[str]:
    return {bare_url(one.name), bare_url(one.path)}


def reading(journal: "Journal", found: "Model", recognition: "RecognitionSettings") -> "tuple[SourceBuilder, float | None]":
    """How the inputs are read, and how fast they are sent.

    Raises:
        SourceError: the journal does not say it.
    """

    said = journal.header.reading
    try:
        bare_samples, treated, pace = said.get("samples"), said.get("treatment") or {}, said.get("pace")
        samples = None
        if bare_samples is not None:
            encoding = EncodingName(bare_samples["encoding"]).value
            rate, channels = (_within(bare_samples, *b) for b in (("rate", 1000, 384_000), ("channels", 1, 64)))
            samples = SampleFormat(encoding, rate, channels)
        if pace is not None and not SLOWEST <= pace <= 1000:
            raise ValueError(pace)
        treatment = AudioEnhancement(denoise=treated.get("denoise") is True, agc=treated.get("agc") is True)
        take = _take(said)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise SourceError(journal.id, "no journal: it does not say how its files are read") from exc
    each = said.get("each_channel") is True
    return SourceBuilder(found, recognition, take, samples, treatment, each_channel=each), pace


def _take(said: Any) -> Any:
    try:
        took = said["take"]
        end_ms, channel, gain_db = took["end_ms"], took["channel"], took["gain_db"]
        if not isinstance(gain_db, int | float) or not -60 <= gain_db <= 60:
            raise ValueError(gain_db)
        most = 1 << 53
        return Clip(
            _within(took, "begin_ms", 0, most),
            None if end_ms is None else _within(took, "end_ms", 0, most),
            None if channel is None else _within(took, "channel", 0, MOST_CHANNELS - 1),
            gain_db,
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise SourceError("this session", "no journal: it does not say how its files are read") from exc


def _within(said: Any, name: str, least: int, most: int) -> int:
    value = said[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(name)
    return value
