"""From inputs to the audio that a page can play: which file it is, and where in it each moment of the run is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import UsageError, bare_url
from asrcli.core.lazy_module import LazyModule
from asrcli.runs.run import flatten_sources
from asrcli.sources.file import FileSource

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.events import Began
    from asrcli.core.interfaces import Source
    from asrcli.journal.reading import Journal
    from asrcli.outputs.html import heard_audio
    from asrcli.runs.run import ConcurrentSources
    from asrcli.sources import encoder
    from asrcli.sources.excerpt import Clip
    from asrcli.sources.sample_format import SampleFormat
else:
    heard_audio = LazyModule("asrcli.outputs.html.heard_audio")
    encoder = LazyModule("asrcli.sources.encoder")


def check_embedding(output_builder: "OutputBuilder", inputs: Sequence[str], *, saved: bool = True) -> None:
    """Refuse to embed what nobody can read a second time: standard input, a pipe, a stream, a microphone.

    Raises:
        UsageError: one of these, there is no page to put it into, or Opus cannot be written here.
    """
    if not output_builder.embed_audio:
        return
    if OutputFormat.HTML not in output_builder.formats:
        raise UsageError("--embed-audio is for pages", "ask for one with --format html")
    if not saved:
        raise UsageError("--embed-audio needs the audio of the microphone in a file", "add --save-audio PATH")
    for path in inputs:
        if not Path(path).is_file():
            name = bare_url(path)
            if path == "-":
                name = "standard input"
            raise UsageError(f"--embed-audio: {name} can be read only once", "put it into a file")
    if not encoder.can_encode(".opus"):
        raise UsageError("--embed-audio: the PyAV that is installed cannot write Opus", "leave it out")


def with_files(
    output_builder: "OutputBuilder",
    paths: Sequence[str],
    clip: "Clip",
    raw_format: "SampleFormat | None" = None,
    first_ms: int | None = None,
) -> "OutputBuilder":
    """The builder with the audio of input files.

    Args:
        output_builder: The builder without it.
        paths: The files, as the sources are called.
        clip: What is transcribed of each.
        raw_format: The format of raw PCM; a browser cannot play it unless it is embedded.
        first_ms: Where the first file begins on the timeline, if its beginning was transcribed before.
    """
    if OutputFormat.HTML not in output_builder.formats:
        return output_builder
    files = {bare_url(path): Path(path) for path in paths}
    first: list[str] = []

    def audio_of(began: "Began") -> "heard_audio.HeardAudio | None":
        path = files.get(began.source)
        if path is None or not path.is_file() or (raw_format is not None and not output_builder.embed_audio):
            return None
        first.append(began.source)
        zero_ms = began.begin_ms - clip.begin_ms
        if first_ms is not None and began.source == first[0]:
            zero_ms = first_ms
        if not output_builder.embed_audio:
            return heard_audio.HeardAudio(path, lambda ms: ms - zero_ms)
        return heard_audio.HeardAudio(
            path, lambda ms: ms - zero_ms - clip.begin_ms, lambda: _opus(path, clip, raw_format)
        )

    return replace(output_builder, audio_of=audio_of)


def with_recordings(
    output_builder: "OutputBuilder", sources: "Iterable[Source | ConcurrentSources]"
) -> "OutputBuilder":
    """The builder with the files in which the audio of microphones is saved."""
    if OutputFormat.HTML not in output_builder.formats:
        return output_builder
    from asrcli.sources.recorder import RecordedSource

    recorded = {each.speaker: each for each in flatten_sources(list(sources)) if isinstance(each, RecordedSource)}

    def audio_of(began: "Began") -> "heard_audio.HeardAudio | None":
        source = recorded.get(began.speaker)
        if source is None:
            return None
        opus: Callable[[], Iterable[bytes]] | None = None
        if output_builder.embed_audio:
            opus = lambda: _opus(source.path, None, None)  # noqa: E731
        return heard_audio.HeardAudio(source.path, source.file_ms, opus)

    return replace(output_builder, audio_of=audio_of)


def with_resumed(output_builder: "OutputBuilder", journal: "Journal", base_ms: int) -> "OutputBuilder":
    """The builder with the input files of a session that goes on; its first file begins at `base_ms`."""
    if not journal.header.inputs or OutputFormat.HTML not in output_builder.formats:
        return replace(output_builder, embed_audio=False)  # what a microphone saved belongs to the run that has ended
    from asrcli.cli.builders.sessions.resume_sources import read_clip, read_raw_format

    stored = journal.header.reading
    paths = [one.path for one in journal.header.inputs]
    return with_files(output_builder, paths, read_clip(stored), read_raw_format(stored), base_ms)


def _opus(path: Path, clip: "Clip | None", raw_format: "SampleFormat | None") -> Iterator[bytes]:
    from asrcli.sources.opus_copy import COPY_FORMAT, opus_copy

    return opus_copy(FileSource(str(path), COPY_FORMAT, clip, raw_format))
