"""A journal as it is on the disk, read as far as it is whole. What is not whole is said and passed over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import SourceError
from asrcli.core.events import Gap, Resumed
from asrcli.core.transcript import Sentence
from asrcli.journal.audio_track import AudioTrack, TrackIndex
from asrcli.journal.owned_files import distrust, is_folder, opened, size_bytes
from asrcli.journal.records import EVENTS, JournalHeader, JournalSourceInfo, count, final, header, lines, number
from asrcli.recovery.replay import left_over
from asrcli.recovery.resume_point import MARGIN_MS, resume_point
from asrcli.recovery.spans import Span

LINE_BYTES = 1 << 24
MOST_BYTES = 1 << 28  # of a file of records: a day of talk has a tenth of it


@dataclass
class JournalPart:
    """One run: the first, or one that went on.

    Attributes:
        begins: For each speaker where it began to listen.
        sentences: Its finals in order, those without text with number 0.
        end: What it said at its end.
        stage: Which of the runs of a command it belongs to.
        heard: The sources it began to hear, in order, and where each began.
        gaps: What it named as lost, and no later run of the same stage listened to again.
    """

    begins: dict[str, int] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    end: Mapping[str, Any] | None = None
    stage: int = 0
    heard: list[tuple[str, int]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


@dataclass
class Journal:
    """A session.

    Attributes:
        gaps: What is lost, as far as nobody listened to it again.
        pauses: What was not meant to be heard.
        parts: The runs.
        damages: What is not whole.
        anew: For each speaker from where on all was heard anew, because the index had gone.
    """

    path: Path
    header: JournalHeader
    tracks: tuple[AudioTrack, ...]
    gaps: list[Gap] = field(default_factory=list)
    pauses: list[Resumed] = field(default_factory=list)
    parts: list[JournalPart] = field(default_factory=lambda: [JournalPart()])
    damages: list[str] = field(default_factory=list)
    anew: dict[str, int] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)  # speaker -> where text ended when a line was damaged
    open_doubts: set[str] = field(default_factory=set)  # of whom no sentence has come since
    done: set[int] = field(default_factory=set)  # the stages that have nothing left to be heard
    models: dict[str, None] = field(default_factory=dict)  # what heard it, in order
    last_s: float = 0.0  # when the last record was written
    highest: int = 0  # the highest number that a sentence was given

    @staticmethod
    def open(path: Path) -> "Journal":
        """Read a session's folder.

        Raises:
            SourceError: it is no journal, one of a newer version, or one that others may have written.
        """
        records = _read(path / EVENTS)
        journal = Journal(path, _header(path, records[0] if records else None), ())
        journal.last_s, damaged = (path / EVENTS).stat().st_mtime, 0
        for record in records[1:]:
            try:
                journal._take(record)
            except (ValueError, TypeError):
                damaged += 1
                journal._doubt()
        if damaged:
            journal.damages.append(f"{damaged} line{'' if damaged == 1 else 's'} of {EVENTS} cannot be read")
        journal.tracks = tuple(journal._track(*each) for each in enumerate(journal.header.sources))
        return journal

    @property
    def id(self) -> str:
        """The name of the session."""
        return self.path.name

    @property
    def format(self) -> Format:
        """Of all its audio."""
        return Format(self.header.asked.rate)

    @property
    def sentences(self) -> list[Sentence]:
        """All finals in order."""
        return [each for part in self.parts for each in part.sentences]

    @property
    def size_bytes(self) -> int:
        """What it takes of the disk."""
        return size_bytes(self.path)

    @property
    def captured_ms(self) -> int:
        """From where its first source begins to where its last one ends: devices that are heard at once count once.

        Of a run that keeps no samples it is as far as its text reaches.
        """
        if self.header.inputs:
            return max((each.final.end_ms for each in self.sentences), default=0)
        heard = [track for track in self.tracks if track.stretches]
        begin = min((track.begin for track in heard), default=0)
        return self.format.ms(max((track.end for track in heard), default=0) - begin)

    @property
    def is_open(self) -> bool:
        """Whether its last run never came to an end: even if all was heard, its transcript files wait for theirs."""
        return self.parts[-1].end is None and any(track.begin < track.end for track in self.tracks)

    def final_ms(self, speaker: str) -> int:
        """Where the text of a speaker ends."""
        return max((each.final.end_ms for each in self.sentences if each.final.speaker == speaker), default=0)

    def unheard(self, track: AudioTrack) -> list[Span]:
        """What was captured and has no text yet, in milliseconds: behind the last final.

        Of a run that came to its end that is only what it had to name as lost. Where the place of the audio is not
        known, nothing is known to have been heard.
        """
        ms, speaker = self.format.ms, track.source.speaker
        begin_ms, end_ms = max(self.final_ms(speaker), ms(track.begin)), ms(track.end)
        if track.doubt is not None and speaker not in self.anew:  # who knows what those finals were said of
            begin_ms = min(begin_ms, ms(track.doubt))
            return [(begin_ms, end_ms)] if begin_ms < end_ms else []
        if self.parts[-1].end is None:
            return [(begin_ms, end_ms)] if begin_ms < end_ms else []
        deaf = [(mark.begin_ms, mark.end_ms) for mark in track.marks]
        lost = [gap for gap in self.gaps if gap.speaker == speaker]
        spans = [(max(gap.begin_ms, begin_ms), min(gap.end_ms, end_ms)) for gap in lost]
        return [left for begin, end in sorted(spans) for left in left_over(begin, end, deaf)]

    def resume_at(self, track: AudioTrack) -> int | None:
        """The position from which it is to be heard again; None where all of it has been.

        A little before the end of the last final, where there is quiet, but not before a gap or a pause in between.
        """
        unheard = self.unheard(track)
        if not unheard:
            return None
        final = min(track.end, self.format.samples(unheard[0][0]))
        first = max(track.begin, final - self.format.samples(MARGIN_MS))
        begin = resume_point(track.chunks(first, final), final, self.format)
        over = [self.format.samples(mark.end_ms) for mark in (*self.gaps, *self.pauses, *track.marks)]
        begin = max([begin, first, *(end for end in over if end <= final)])
        inside = [max(begin, stretch.position) for stretch in track.stretches if stretch.end > begin]
        return inside[0] if inside else None

    def _take(self, record: Mapping[str, Any] | None) -> None:
        if record is None:
            raise ValueError
        kind, speaker = record.get("type"), str(record.get("speaker", ""))
        if kind == "run":
            self._go_on(record.get("anew"))
        elif kind == "stage":
            self.parts.append(JournalPart(stage=number(record, "number")))
        elif kind == "done":
            self.done.add(number(record, "number"))
        elif kind == "begin":
            self._begin(record, speaker)
        elif kind == "end":
            self.parts[-1].end = record
        elif kind in {"final", "gap", "resume"}:
            self._text(record, str(kind), speaker)

    def _begin(self, record: Mapping[str, Any], speaker: str) -> None:
        begin_ms, self.models = number(record, "begin_ms"), self.models | {str(record.get("model", "")): None}
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

    def _go_on(self, anew: object) -> None:
        """Another run, which may have heard a speaker anew."""
        for speaker, begin_ms in anew.items() if isinstance(anew, dict) else ():
            self.anew[speaker] = count(begin_ms)
            self.doubts.pop(speaker, None)
            self.open_doubts.discard(speaker)
            for part in self.parts:
                said = part.sentences
                part.sentences = [s for s in said if s.final.speaker != speaker or s.final.end_ms <= begin_ms]
        self.parts.append(JournalPart())

    def _doubt(self) -> None:
        """A line that cannot be read may have been text, or the word that audio was lost.

        Unless the next sentence follows at once, nothing is known to be final from where text ended.
        """
        for speaker in {source.speaker for source in self.header.sources} - self.doubts.keys():
            self.doubts[speaker] = self.final_ms(speaker)
            self.open_doubts.add(speaker)
            self.anew.pop(speaker, None)

    def _settle(self, speaker: str, begin_ms: int) -> None:
        """Decide whether a sentence that begins there leaves nothing in doubt before it."""
        if speaker in self.open_doubts:
            self.open_doubts.discard(speaker)
            if begin_ms <= self.doubts[speaker] + MARGIN_MS:
                del self.doubts[speaker]

    def _track(self, number_: int, source: JournalSourceInfo) -> AudioTrack:
        path = self.path / f"{number_}.pcm"
        records = _read(path.with_suffix(".index"), missing=[])
        if damaged := records.count(None):
            self.damages.append(f"{damaged} line{'' if damaged == 1 else 's'} of {path.stem}.index cannot be read")
        there = distrust(path) == "" and not is_folder(path)
        samples = path.stat().st_size // SAMPLE_BYTES if there else 0
        if not there:
            self.damages.append(f"{path.name}: there is no such file of ours")
        index = TrackIndex(source, samples)
        for record in records:
            index.take(record)
        stretches = index.stretches()
        if index.problem:
            self.damages.append(f"{path.name}: {index.problem}")
        doubt = next((each.position for each in stretches if index.doubt is not None and each.at >= index.doubt), None)
        if stretches and source.speaker in self.doubts:
            said = max(stretches[0].position, self.format.samples(self.doubts[source.speaker]))
            doubt = said if doubt is None else min(doubt, said)
        return AudioTrack(source, self.format, path, stretches, frozenset(index.cuts), tuple(index.marks), doubt)


def open_header(path: Path) -> JournalHeader:
    """The header alone of a session's folder.

    Raises:
        SourceError: as `Journal.open`.
    """
    records = _read(path / EVENTS, first=True)
    return _header(path, records[0] if records else None)


def _header(path: Path, first: Mapping[str, Any] | None) -> JournalHeader:
    try:
        return header(path.name, first)
    except SourceError as exc:
        sound = path / "0.pcm"
        if "newer" in exc.reason or not sound.is_file():
            raise
        advice = f"its audio can be heard as it is: asr file {sound} --raw --rate 16000"
        raise SourceError(exc.path, f"{exc.reason}; {advice}") from exc


def _before(gap: Gap, begin_ms: int, speaker: str) -> list[Gap]:
    """What is left of a gap when its speaker is listened to again from there on."""
    if gap.speaker != speaker or gap.end_ms <= begin_ms:
        return [gap]
    return [Gap(gap.begin_ms, begin_ms, gap.reason, speaker)] if gap.begin_ms < begin_ms else []


def _read(
    path: Path, missing: list[dict[str, Any] | None] | None = None, *, first: bool = False
) -> list[dict[str, Any] | None]:
    """The records of a file, or the first one; `missing` stands for a file that is not there."""
    try:
        for each in (path.parent, path):
            if each.exists() and (problem := distrust(each)):
                raise SourceError(path.parent.name, f"{each} {problem}")
        with opened(path) as file:
            data = file.readline(LINE_BYTES) if first else file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SourceError(path.parent.name, f"no journal: {path.name} is too long to be one")
        return lines(data)
    except OSError as exc:
        if missing is not None:
            return missing
        raise SourceError(path.parent.name, f"no journal: {(exc.strerror or str(exc)).lower()}") from exc
