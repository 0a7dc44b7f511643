"""Counts again what became of each second of a session, from its audio and its events. Opens no file itself."""

from collections import Counter
from collections.abc import Iterable

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AudioLost
from asrcli.core.events import Gap, Resumed
from asrcli.core.printable import quantity
from asrcli.core.transcript import Sentence
from asrcli.journal.audio_track import AudioTrack
from asrcli.journal.reading import Journal
from asrcli.journal.records import MOST
from asrcli.recovery.spans import Span, Spans, length

TOLERANCE_MS = 200  # two pieces of audio: one may be on its way when a run is stopped


class AuditFailed(AudioLost):
    """Audio of the session has no text, or the figures do not agree."""

    def __init__(self, lost_ms: int, problems: tuple[str, ...]) -> None:
        super().__init__(lost_ms)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(self.problems)


@dataclass(frozen=True)
class AuditResult:
    """What became of each second of audio, of all sources together.

    Attributes:
        captured_ms: Audio outside of pauses; the sum of final_ms, silence_ms, lost_ms and unheard_ms.
        final_ms: Audio covered by finals.
        silence_ms: Audio that was transcribed and in which nobody spoke.
        lost_ms: Audio in gaps.
        unheard_ms: Audio that has no text yet; `asr resume` can still get it.
        paused_ms: Time in which the user wanted nothing heard.
        sentences: How many finals have text.
        wall_ms: The time in which any source was captured; simultaneous sources count once.
        at_once: The most sources that were captured at the same time.
        problems: What is wrong, each as a sentence.
    """

    captured_ms: int
    final_ms: int
    silence_ms: int
    lost_ms: int
    unheard_ms: int
    paused_ms: int
    sentences: int
    wall_ms: int
    at_once: int
    problems: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the figures as one line for people. With several devices: the time, then the sum of their audio."""
        parts = {"captured": self.captured_ms}
        if self.at_once > 1:
            parts = {"captured": self.wall_ms, f"{self.at_once} devices,": self.captured_ms}
        parts |= {"final": self.final_ms, "silence": self.silence_ms, "lost": self.lost_ms}
        if self.unheard_ms:
            parts["not heard yet"] = self.unheard_ms
        if self.paused_ms:
            parts["paused"] = self.paused_ms
        figures = [f"{name} {ms / 1000:.2f} s{' of audio' * name.endswith(',')}" for name, ms in parts.items()]
        return " · ".join([*figures, quantity(self.sentences, "sentence")])


def audit(journal: Journal) -> AuditResult:
    """Count all audio of a session, and compare the figures with the account that the last run recorded."""
    begins = {track.source.speaker: journal.format.ms(track.begin) for track in journal.tracks}
    whole = _count(journal, begins, journal.sentences)
    problems = [
        *journal.damages,
        *_lost_audio(whole),
        *_repeated_numbers(journal),
        *(problem for track in journal.tracks for problem in _text_behind_audio(journal, track)),
        *_disagreements(journal),
    ]
    return AuditResult(**whole, wall_ms=_wall_ms(journal), at_once=_at_once(journal), problems=tuple(problems))


def _wall_ms(journal: Journal) -> int:
    """Return the time in which any source was captured."""
    captured = Spans()
    for track in journal.tracks:
        for begin, end in _without(
            [(journal.format.ms(track.begin), journal.format.ms(track.end))], _pauses(journal, track)
        ):
            captured.add(begin, end)
    return length(captured)


def _at_once(journal: Journal) -> int:
    """Return the most sources that were captured at the same time."""
    spans = [(track.begin, track.end) for track in journal.tracks if track.begin < track.end]
    return max((sum(begin <= at < end for begin, end in spans) for at, _ in spans), default=0)


def _pauses(journal: Journal, track: AudioTrack) -> list[Span]:
    """Return the pauses of a source."""
    pauses = [(pause.begin_ms, pause.end_ms) for pause in journal.pauses if pause.speaker == track.source.speaker]
    return [*pauses, *((mark.begin_ms, mark.end_ms) for mark in track.marks if isinstance(mark, Resumed))]


def _count(journal: Journal, begins: dict[str, int], sentences: list[Sentence]) -> dict[str, int]:
    """Count the figures of AuditResult; `begins` says for each speaker where to begin, in milliseconds."""
    sentences = [sentence for sentence in sentences if sentence.number]
    total = Counter(sentences=len(sentences))
    for track in journal.tracks:
        speaker = track.source.speaker
        if speaker in begins:
            own = [sentence.final for sentence in sentences if sentence.final.speaker == speaker]
            finals = [(final.begin_ms, final.end_ms) for final in own]
            total.update(_figures(journal, track, begins[speaker], finals))
    names = ("captured_ms", "final_ms", "silence_ms", "lost_ms", "unheard_ms", "paused_ms", "sentences")
    return {name: total[name] for name in names}


def _figures(journal: Journal, track: AudioTrack, begin_ms: int, finals: list[Span]) -> dict[str, int]:
    """Count the figures of one source. Audio that is in no final, gap or pause is silence.

    Where the source itself had no audio, all but the pauses is lost, as in the account of the run: a sentence that
    continues after such a gap has its end there, and no text of what was said in the gap.
    """
    speaker = track.source.speaker
    end_ms = journal.format.ms(track.end)
    pauses = _pauses(journal, track)
    gaps = [(gap.begin_ms, gap.end_ms) for gap in journal.gaps if gap.speaker == speaker]
    marked = Spans((mark.begin_ms, mark.end_ms) for mark in track.marks if isinstance(mark, Gap))
    deaf = _without([part for gap in gaps for part in marked.within(*gap)], pauses)
    left: list[Span] = [(begin_ms, end_ms)]
    figures: Counter[str] = Counter()
    kinds = [("lost", deaf), ("final", finals), ("unheard", journal.unheard(track)), ("lost", gaps), ("paused", pauses)]
    for name, spans in kinds:
        rest = _without(left, spans)
        figures[f"{name}_ms"] += length(left) - length(rest)
        left = rest
    figures["silence_ms"] = length(left)
    figures["captured_ms"] = max(0, end_ms - begin_ms) - figures["paused_ms"]
    # The device may have been paused before its first audio, and after its last.
    figures["paused_ms"] += length(_without(Spans(pauses), [(begin_ms, end_ms)]))
    return figures


def _lost_audio(counted: dict[str, int]) -> Iterable[str]:
    if counted["lost_ms"]:
        yield f"{counted['lost_ms'] / 1000:.2f} s of audio are lost"
    if counted["unheard_ms"]:
        yield f"{counted['unheard_ms'] / 1000:.2f} s have no text yet: asr resume gets it"


def _repeated_numbers(journal: Journal) -> Iterable[str]:
    numbers = Counter(sentence.number for sentence in journal.sentences if sentence.number)
    if twice := [number for number, times in numbers.items() if times > 1]:
        yield f"sentence {twice[0]} is there {numbers[twice[0]]} times"


def _text_behind_audio(journal: Journal, track: AudioTrack) -> Iterable[str]:
    """Report text for audio that does not exist."""
    end_ms, final_ms = journal.format.ms(track.end), journal.final_ms(track.source.speaker)
    if final_ms > end_ms + TOLERANCE_MS:
        yield f"there is text up to {final_ms / 1000:.2f} s, but audio up to {end_ms / 1000:.2f} s only"


def _disagreements(journal: Journal) -> Iterable[str]:
    """Report the figures that the last run counted differently."""
    part = journal.parts[-1]
    if part.end is None:
        return
    counted = _count(journal, part.begins, part.sentences)
    figures = {
        "captured": (counted["captured_ms"], part.end.get("audio_ms")),
        "final": (counted["final_ms"], part.end.get("final_ms")),
        "lost": (counted["lost_ms"] + counted["unheard_ms"], part.end.get("lost_ms")),
    }
    for name, (ours, given) in figures.items():
        reported = "nothing"
        if isinstance(given, int) and abs(given) < MOST:
            if abs(ours - given) <= TOLERANCE_MS:
                continue
            reported = f"{given / 1000:.2f} s"
        yield f"{name}: the journal holds {ours / 1000:.2f} s, the run said {reported}"
    if counted["sentences"] != part.end.get("sentences"):
        yield f"sentences: the journal holds {counted['sentences']}, the run said {part.end.get('sentences')}"


def _without(left: Iterable[Span], spans: Iterable[Span]) -> list[Span]:
    taken = Spans(spans)
    return [rest for begin, end in left for rest in taken.missing(begin, end)]
