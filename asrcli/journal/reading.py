"""Reads a journal from the disk. Damaged lines are reported and skipped, and the rest is still used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.dataclass import dataclass, field
from asrcli.core.events import Gap, Resumed
from asrcli.core.printable import quantity
from asrcli.core.transcript import Sentence
from asrcli.journal.audio_track import AudioTrack, TrackIndex
from asrcli.journal.journal_part import JournalPart, text_end_ms
from asrcli.journal.owned_files import distrust, is_folder, size_bytes
from asrcli.journal.record_files import parse_header, read_records
from asrcli.journal.records import EVENTS, JournalHeader, JournalSourceInfo, count, final, number
from asrcli.protocol.engine_header import engine_name
from asrcli.recovery.resume_point import MARGIN_MS, resume_point
from asrcli.recovery.spans import Span, Spans


@dataclass
class Journal:
    """All records of a session.

    Attributes:
        gaps: Audio that is lost and was not transcribed again.
        pauses: Times in which the user wanted nothing heard.
        parts: The runs, in order.
        damages: What is damaged, each as a sentence.
        redone_from_ms: For each speaker whose index was lost, from where all audio was transcribed again. The
            finals after that do not count any more.
        doubts: For each speaker, where its text ended when a damaged line followed, in milliseconds.
        open_doubts: Speakers of whom no sentence has come since that line.
        done: The stages of which all audio has text.
        transcribed: The stages of which all audio has text, but whose files could not all be written.
        models: The models that transcribed it, in order.
        engines: The recognizers that local servers named, in order.
        failed: The files of the transcript that could not be written to their end.
        budget: The limit at which the last run ended, in CNY; None if it ended otherwise.
        last_s: When the last record was written, in seconds since 1970.
        highest: The highest number of a sentence.
    """

    path: Path
    header: JournalHeader
    tracks: tuple[AudioTrack, ...]
    gaps: list[Gap] = field(default_factory=list)
    pauses: list[Resumed] = field(default_factory=list)
    parts: list[JournalPart] = field(default_factory=lambda: [JournalPart()])
    damages: list[str] = field(default_factory=list)
    redone_from_ms: dict[str, int] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)
    open_doubts: set[str] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    transcribed: set[int] = field(default_factory=set)
    models: dict[str, None] = field(default_factory=dict)
    engines: dict[str, None] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    budget: float | None = None
    last_s: float = 0.0
    highest: int = 0

    @staticmethod
    def open(path: Path) -> "Journal":
        """Read a session's folder.

        Raises:
            SourceError: it is no journal, or a newer version or another user may have written it.
        """
        records = read_records(path / EVENTS)
        while records[1:] and records[-1] is None:  # torn by a power failure: as if it had not been written
            records.pop()
        journal = Journal(path, parse_header(path, next(iter(records), None)), ())
        journal.last_s = (path / EVENTS).stat().st_mtime
        damaged = 0
        for record in records[1:]:
            try:
                journal._take(record)
            except (ValueError, TypeError):
                damaged += 1
                journal._doubt()
        if damaged:
            journal.damages.append(f"{quantity(damaged, 'line')} of {EVENTS} cannot be read")
        journal.tracks = tuple(journal._track(index, source) for index, source in enumerate(journal.header.sources))
        return journal

    @property
    def id(self) -> str:
        """The name of the session."""
        return self.path.name

    @property
    def format(self) -> Format:
        """The format of all audio in it."""
        return Format(self.header.asked.rate)

    @property
    def sentences(self) -> list[Sentence]:
        """The finals of all runs, in order."""
        return [sentence for part in self.parts for sentence in part.sentences]

    @property
    def size_bytes(self) -> int:
        """Size of its files on the disk."""
        return size_bytes(self.path)

    @property
    def captured_ms(self) -> int:
        """Time from the start of the first source to the end of the last one. Simultaneous devices count once.

        For a run that keeps no samples it is the end of its text.
        """
        if self.header.inputs:
            return max((sentence.final.end_ms for sentence in self.sentences), default=0)
        captured = [track for track in self.tracks if track.stretches]
        begin = min((track.begin for track in captured), default=0)
        return self.format.ms(max((track.end for track in captured), default=0) - begin)

    @property
    def is_open(self) -> bool:
        """Whether its last run was interrupted: even if all audio has text, the transcript files are not closed."""
        return self.parts[-1].end is None and any(track.begin < track.end for track in self.tracks)

    def final_ms(self, speaker: str) -> int:
        """Return where the text of a speaker ends, in milliseconds."""
        return text_end_ms(self.parts, speaker)

    def unheard(self, track: AudioTrack) -> list[Span]:
        """Return the spans of audio after the last final that have no text yet, in milliseconds.

        For a run that ended normally these are only the gaps that it reported. Where the place of the audio is not
        certain, no final is known to cover it.
        """
        ms = self.format.ms
        speaker = track.source.speaker
        begin_ms, end_ms = max(self.final_ms(speaker), ms(track.begin)), ms(track.end)
        all_of_it = self.parts[-1].end is None
        # It is not known which audio the finals after the doubt belong to.
        if track.doubt is not None and speaker not in self.redone_from_ms:
            begin_ms = min(begin_ms, ms(track.doubt))
            all_of_it = True
        if all_of_it and begin_ms >= end_ms:
            return []
        if all_of_it:
            return [(begin_ms, end_ms)]
        silent = Spans((mark.begin_ms, mark.end_ms) for mark in track.marks)
        lost = [gap for gap in self.gaps if gap.speaker == speaker]
        spans = [(max(gap.begin_ms, begin_ms), min(gap.end_ms, end_ms)) for gap in lost]
        return [left for begin, end in sorted(spans) for left in silent.missing(begin, end)]

    def resume_at(self, track: AudioTrack) -> int | None:
        """Return the position from which to transcribe a track again; None if all of it has text.

        It lies a little before the end of the last final, in a quiet place, but never before a gap or a pause in
        between.
        """
        unheard = self.unheard(track)
        if not unheard:
            return None
        final = min(track.end, self.format.samples(unheard[0][0]))
        first = max(track.begin, final - self.format.samples(MARGIN_MS))
        begin = resume_point(track.chunks(first, final), final, self.format)
        mark_ends = [self.format.samples(mark.end_ms) for mark in (*self.gaps, *self.pauses, *track.marks)]
        begin = max([begin, first, *(end for end in mark_ends if end <= final)])
        return next((max(begin, stretch.position) for stretch in track.stretches if stretch.end > begin), None)

    def _take(self, record: Mapping[str, Any] | None) -> None:
        if record is None:
            raise ValueError
        kind = record.get("type")
        speaker = str(record.get("speaker", ""))
        if kind == "run":
            self._begin_run(record.get("anew"))
        elif kind == "stage":
            self.parts.append(JournalPart(stage=number(record, "number")))
        elif kind in {"done", "transcribed"}:
            self._end_stage(str(kind), number(record, "number"))
        elif kind == "budget":
            self.budget = float(record.get("limit", 0))
        elif kind == "failed":
            self.failed.add(str(record.get("output", "")))
        elif kind == "begin":
            self._begin(record, speaker)
        elif kind == "end":
            self.parts[-1].end = record
        elif kind in {"final", "gap", "resume"}:
            self._text(record, str(kind), speaker)

    def _end_stage(self, kind: str, number_: int) -> None:
        """Read that all audio of a stage has text. A run that could not open its files has no account, and no text."""
        if kind == "done":
            self.done.add(number_)
        elif self.parts[-1].end is not None:
            self.transcribed.add(number_)

    def _begin(self, record: Mapping[str, Any], speaker: str) -> None:
        begin_ms = number(record, "begin_ms")
        self.models = self.models | {str(record.get("model", "")): None}
        self.engines |= {engine_name(str(record.get("engine", ""))): None}
        self.parts[-1].heard.append((str(record.get("source", "")), begin_ms))
        self.parts[-1].begins[speaker] = begin_ms
        self.gaps = [left for gap in self.gaps for left in _before(gap, begin_ms, speaker)]
        for part in (each for each in self.parts[:-1] if each.stage == self.parts[-1].stage):
            part.gaps = [left for gap in part.gaps for left in _before(gap, begin_ms, speaker)]

    def _text(self, record: Mapping[str, Any], kind: str, speaker: str) -> None:
        begin_ms, end_ms = number(record, "begin_ms"), number(record, "end_ms")
        if end_ms < begin_ms:
            raise ValueError(end_ms)
        if kind == "final":
            self._settle(speaker, begin_ms)
            self.parts[-1].sentences.append(Sentence(number(record, "sentence"), final(record)))
            self.highest = max(self.highest, self.parts[-1].sentences[-1].number)
        elif kind == "gap":
            self.gaps.append(Gap(begin_ms, end_ms, str(record.get("reason", "")), speaker))
            self.parts[-1].gaps.append(self.gaps[-1])
        else:
            self.pauses.append(Resumed(begin_ms, end_ms, bool(record.get("muted")), speaker))

    def _begin_run(self, redone_from_ms: object) -> None:
        """Begin another run. It may transcribe a speaker again from a time on, and it writes failed outputs again."""
        self.failed = set()
        self.budget = None
        if not isinstance(redone_from_ms, dict):
            redone_from_ms = {}
        for speaker, begin_ms in redone_from_ms.items():
            self.redone_from_ms[speaker] = count(begin_ms)
            self.doubts.pop(speaker, None)
            self.open_doubts.discard(speaker)
            for part in self.parts:
                part.sentences = [
                    sentence
                    for sentence in part.sentences
                    if sentence.final.speaker != speaker or sentence.final.end_ms <= begin_ms
                ]
        self.parts.append(JournalPart())

    def _doubt(self) -> None:
        """Note that a line is damaged: it may have been a final or a gap.

        Unless the next sentence follows at once, no audio after the last final is known to have text.
        """
        for speaker in {source.speaker for source in self.header.sources} - self.doubts.keys():
            self.doubts[speaker] = self.final_ms(speaker)
            self.open_doubts.add(speaker)
            self.redone_from_ms.pop(speaker, None)

    def _settle(self, speaker: str, begin_ms: int) -> None:
        """End the doubt if a sentence follows directly after the text before the damaged line."""
        if speaker in self.open_doubts:
            self.open_doubts.discard(speaker)
            if begin_ms <= self.doubts[speaker] + MARGIN_MS:
                del self.doubts[speaker]

    def _track(self, number_: int, source: JournalSourceInfo) -> AudioTrack:
        path = self.path / f"{number_}.pcm"
        records = read_records(path.with_suffix(".index"), missing=[])
        if damaged := records.count(None):
            self.damages.append(f"{quantity(damaged, 'line')} of {path.stem}.index cannot be read")
        samples = 0
        if distrust(path) == "" and not is_folder(path):
            samples = path.stat().st_size // SAMPLE_BYTES
        else:
            self.damages.append(f"{path.name}: the file is missing, or asr did not make it")
        index = TrackIndex(source, samples)
        for record in records:
            index.take(record)
        stretches = index.stretches()
        if index.problem:
            self.damages.append(f"{path.name}: {index.problem}")
        doubt = None
        if index.doubt is not None:
            doubt = next((stretch.position for stretch in stretches if stretch.at >= index.doubt), None)
        if stretches and source.speaker in self.doubts:
            text_end = max(stretches[0].position, self.format.samples(self.doubts[source.speaker]))
            if doubt is None or text_end < doubt:
                doubt = text_end
        return AudioTrack(
            source, self.format, path, stretches, tuple(sorted(set(index.cuts))), tuple(index.marks), doubt
        )


def _before(gap: Gap, begin_ms: int, speaker: str) -> list[Gap]:
    """Return what is left of a gap when its speaker is transcribed again from `begin_ms` on."""
    if gap.speaker != speaker or gap.end_ms <= begin_ms:
        return [gap]
    if gap.begin_ms >= begin_ms:
        return []
    return [Gap(gap.begin_ms, begin_ms, gap.reason, speaker)]
