"""Reads a file, a pipe or an address once, from the first byte to the last, as PCM with positions."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from types import SimpleNamespace
from typing import IO, Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import SourceError, system_reason
from asrcli.sources import joined_files, wav
from asrcli.sources.audio_positions import CUT, DAMAGED, Item, MissingAudio, PlacedPiece, consecutive
from asrcli.sources.exact_reader import Read, edges, reader, start_after_tag
from asrcli.sources.lazy_decoder import cut_ends, decoding, mp3_frames, unknown_length
from asrcli.sources.ogg import DAMAGED_END, UNMARKED, OggLinks
from asrcli.sources.pipe import INDEX_BYTES, UNKNOWN_BYTES, PipeReader, index_at_end
from asrcli.sources.sample_format import SampleFormat
from asrcli.sources.track_selection import check_channel, check_only_track

OGG = b"OggS"
OPUS_RATE = 48000  # of the clock of Opus, for sound recorded at any rate
NOTICED_S = 0.2  # a larger difference to the clock of Ogg is lost sound: codecs pad by a tenth of a second at most
_TOGETHER = 8  # frames of a file that are converted at once; a pipe may be live, so its frames do not wait


class InputReader:
    """Reads one input, and collects what is found out about it.

    Args:
        name: The name that the user knows, for errors.
        audio_format: Format of the PCM.
        piece_ms: Length of a piece, if no decoder is needed.
        channel: Counted from 0; None is the mix of all.
        track: Number or language of the sound track; None is the default track.
        raw_format: The format of raw PCM; None for containers.

    Attributes:
        damaged: Packets that could not be decoded.
        promised_ms: The length by the header of the input; None if it has none.
        problem: What is wrong with its header or its end; empty if nothing is.
        rounding_ms: How far the length by the header may be from that of the sound: codecs pad, and containers round.
    """

    def __init__(
        self, name: str, audio_format: Format, piece_ms: int, channel: int | None, track: str | None,
        raw_format: SampleFormat | None,
    ) -> None:  # fmt: skip
        self._name = name
        self._format = audio_format
        self._channel = channel
        self._track = track
        self._raw_format = raw_format
        self._how: dict[str, Any] = {}  # decoders are made with these options
        self._piece_bytes = audio_format.samples(piece_ms) * SAMPLE_BYTES
        self.damaged = 0
        self.promised_ms: int | None = None
        self.problem = ""
        self.rounding_ms = 1000

    def address(self, url: str, timeout_s: float) -> Iterator[Item]:
        """Read an address that libav opens."""
        with closing(decoding.Decoder(url, self._name, track=self._track, timeout_s=timeout_s)) as decoder:
            yield from self._decoded(decoder)

    def file(self, path: str, *, in_bulk: bool = False) -> Iterator[Item]:
        """Read a file on a disk. With `in_bulk` some items may take long, where that is less work in all."""
        self._how = {"together": _TOGETHER, "in_bulk": in_bulk}
        with ExitStack() as stack:
            if self._raw_format is None:
                file = stack.enter_context(io.FileIO(path))
                head = header(reader(file), self._name)
                if head is not None and head.encoding:
                    yield from self._wav(reader(file), head)
                    return
                file.seek(0)
                head = unknown_length.header(reader(file), file)
                if head is not None:
                    file.seek(head.offset)
                    yield from self._wav(reader(file), head)
                    return
                file.seek(0)
                if file.read(len(OGG)) == OGG:
                    file.seek(0)
                    yield from self._links(reader(file))
                    return
                if len(windows := joined_files.file_spans(file)) > 1:
                    yield from self._chain(self._windows(file, windows))
                    return
                self._how |= mp3_frames.demuxer(start_after_tag(file)[0])
            decoder = self._decoder(stack, f"file:{path}")
            yield from self._decoded(decoder)
            if self._raw_format is None and decoder.container in cut_ends.EXAMINED:
                self._examine_end(decoder, *edges(file))

    def pipe(self, fd: int) -> Iterator[Item]:
        """Read a pipe by its file descriptor."""
        pipe = PipeReader(fd)
        with ExitStack() as stack:
            if self._raw_format is not None:
                pipe.forget()
                yield from self._raw_pcm(stack, pipe)
                return
            head = header(reader(pipe), self._name)
            if head is not None and head.encoding:
                pipe.forget()
                yield from self._wav(reader(pipe), head)
                return
            pipe.rewind()
            head = unknown_length.header(reader(pipe))
            if head is not None:
                pipe.forget()
                yield from self._wav(reader(pipe), head)
                return
            yield from self._container(stack, pipe)

    def _raw_pcm(self, stack: ExitStack, pipe: PipeReader) -> Iterator[Item]:
        check_only_track(self._name, self._track)
        if self._raw_format == SampleFormat(rate=self._format.rate):
            check_channel(self._name, self._channel, 1)
            yield from self._plain_samples(lambda size: pipe.read(size) or b"")
        else:
            yield from self._decoded(self._decoder(stack, SimpleNamespace(read=pipe.read)))

    def _container(self, stack: ExitStack, pipe: PipeReader) -> Iterator[Item]:
        """Read a pipe with a decoder. A container that needs seeking is copied to a temporary file first."""
        if not pipe.head:
            raise SourceError(self._name, "is empty")
        if pipe.head.startswith(OGG):
            pipe.rewind()
            pipe.forget()
            yield from self._links(reader(pipe))
            return
        if pipe.head[4:8] == b"ftyp":
            pipe.fill(INDEX_BYTES)
        if index_at_end(bytes(pipe.head)) and (spool := pipe.spooled(self._name)) is not None:
            yield from self._spooled(stack.enter_context(spool))
            return
        yield from self._streamed(stack, pipe)

    def _streamed(self, stack: ExitStack, pipe: PipeReader) -> Iterator[Item]:
        """Decode a pipe while it is read. What no decoder knows by its beginning is copied to a temporary file."""
        pipe.rewind()
        links = joined_files.links_of(reader(pipe), bytes(pipe.head or b""))
        source = SimpleNamespace(read=pipe.read)
        if links is not None:
            source.read = links.read
        try:  # a seek method, even one that refuses, misleads the decoder
            decoder = self._decoder(stack, source, lambda: pipe.start)
        except SourceError:
            if pipe.head is None or (spool := pipe.spooled(self._name, UNKNOWN_BYTES)) is None:
                raise
            yield from self._spooled(stack.enter_context(spool))
            return
        self.promised_ms = decoder.promised_ms
        start = pipe.start
        pipe.forget()
        if links is None:
            yield from self._decoded(decoder)
            self._examine_end(decoder, start, pipe.tail, pipe.size_bytes)
            return

        def decoders() -> "Iterator[decoding.Decoder]":
            yield decoder
            while links.go_on():
                self.promised_ms = None  # only the length of the first was promised
                with closing(self._new_decoder(source)) as following:
                    yield following

        yield from self._chain(decoders())

    def _spooled(self, file: IO[bytes]) -> Iterator[Item]:
        yield from self._chain(self._windows(file, joined_files.file_spans(file)))

    def _windows(self, file: IO[bytes], windows: list[tuple[int, int]]) -> "Iterator[decoding.Decoder]":
        """Yield an open decoder for each of the files that are joined in a file."""
        for window in windows:
            with closing(self._new_decoder(joined_files.Window(file, *window))) as decoder:
                self.promised_ms = None
                if len(windows) == 1:
                    self.promised_ms = decoder.promised_ms
                yield decoder

    def _examine_end(self, decoder: "decoding.Decoder", start: bytes, tail: bytes, size_bytes: int) -> None:
        """Find out whether an input that was read to its end was cut."""
        found = cut_ends.cut_end(decoder.container, decoder.stream_id, start, tail, size_bytes, decoder.step_s)
        if decoder.padded:
            found = cut_ends.PADDED
        if found is not None and (decoder.container != "mp3" or decoder.promised_ms is None):  # some MP3s name a length
            self.problem = found.problem
            self.promised_ms = max(self.promised_ms or 0, found.promised_ms or 0) or None
            self.rounding_ms = cut_ends.ROUNDING_MS

    def _chain(self, decoders: "Iterator[decoding.Decoder]") -> Iterator[Item]:
        """Yield the sound of files that are joined end to end, each at positions after the one before."""
        end = 0
        for decoder in decoders:
            base = end
            for item in self._shifted(decoder, base):
                if isinstance(item, PlacedPiece | MissingAudio):
                    end = item.end
                yield item

    def _shifted(self, decoder: "decoding.Decoder", base: int) -> Iterator[Item]:
        for item in self._decoded(decoder):
            if isinstance(item, PlacedPiece):
                yield PlacedPiece(item.position + base, item.pcm)
            elif isinstance(item, MissingAudio):
                yield MissingAudio(item.begin + base, item.end + base, item.reason)
            else:
                yield item

    def _wav(self, read: Read, head: wav.WavHeader) -> Iterator[Item]:
        samples = wav.WavSamples(read, head)
        self.rounding_ms = 100
        check_only_track(self._name, self._track)
        check_channel(self._name, self._channel, head.channels)
        if head.can_be_sent_unchanged(self._format.rate):
            yield from self._plain_samples(samples.read)
        else:
            source = SimpleNamespace(read=samples.read)
            with closing(decoding.Decoder(source, self._name, **self._how, **head.demuxer)) as decoder:
                yield from decoder.pieces(self._format, self._channel)
        self.problem = samples.problem
        self.promised_ms = None
        if samples.promised_bytes is not None:
            self.promised_ms = head.ms(samples.promised_bytes)

    def _links(self, read: Read) -> Iterator[Item]:
        """Yield the sound of Ogg files that are joined end to end, each at positions after the one before."""
        links = OggLinks(read)
        end = 0
        more = True
        while more:
            base = end
            source = SimpleNamespace(read=links.read)
            with closing(self._new_decoder(source, lambda: OGG, last_granule=lambda: links.intact_granule)) as decoder:
                rate = decoder.rate
                if decoder.codec == "opus":
                    rate = OPUS_RATE
                for item in self._shifted(decoder, base):
                    if isinstance(item, PlacedPiece | MissingAudio):
                        end = item.end
                    yield item
            more = links.next_link()
            stated = base + round(links.stated_steps / (rate or OPUS_RATE) * self._format.rate)
            if stated - end > NOTICED_S * self._format.rate:
                yield MissingAudio(end, stated, DAMAGED)
                end = stated
            elif links.damaged_end:
                self.problem = DAMAGED_END
        if links.cut:
            self.problem = "is cut short: its end is not there"
            yield MissingAudio(end, end + round(links.lost_s(rate or OPUS_RATE) * self._format.rate), CUT)
        elif links.unmarked:
            self.problem = UNMARKED

    def _plain_samples(self, read: Read) -> Iterator[Item]:
        """Read samples that need no decoder."""
        try:
            yield from consecutive(iter(lambda: read(self._piece_bytes), b""))
        except OSError as exc:
            raise SourceError(self._name, f"cannot be read any further: {system_reason(exc)}") from exc

    def _decoder(self, stack: ExitStack, source: object, head: Callable[[], bytes] = bytes) -> "decoding.Decoder":
        decoder = self._new_decoder(source, head)
        stack.callback(decoder.close)
        return decoder

    def _new_decoder(
        self, source: object, head: Callable[[], bytes] = bytes, last_granule: Callable[[], int] = int
    ) -> "decoding.Decoder":
        bare: dict[str, Any] = {}
        if self._raw_format is not None:
            bare = self._raw_format.demuxer
        return decoding.Decoder(
            source, self._name, track=self._track, head=head, last_granule=last_granule, **self._how, **bare
        )

    def _decoded(self, decoder: "decoding.Decoder") -> Iterator[Item]:
        check_channel(self._name, self._channel, decoder.channels)
        before = self.damaged
        for item in decoder.pieces(self._format, self._channel):
            self.damaged = before + decoder.damaged
            yield item
        self.damaged = before + decoder.damaged


def header(read: Read, name: str) -> wav.WavHeader | None:
    """Read the header of a WAV; None if the input is no WAV.

    Raises:
        SourceError: the input cannot be read, or the header cannot be true.
    """
    try:
        return wav.header(read)
    except SourceError as exc:
        raise SourceError(name, exc.reason) from exc
    except OSError as exc:
        raise SourceError(name, system_reason(exc).lower()) from exc
