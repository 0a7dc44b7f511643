"""The account of a session, counted again from its audio and its events. Pure but for the session's own reading."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from asrcli.core.errors import AudioLost
from asrcli.core.events import Resumed
from asrcli.core.transcript import Sentence
from asrcli.journal.audio_track import AudioTrack
from asrcli.journal.reading import Journal
from asrcli.journal.records import MOST
from asrcli.recovery.replay import left_over
from asrcli.recovery.spans import Span, Spans

TOLERANCE_MS = 200  # two pieces of audio: one may be on its way when a run is told to stop


class AuditFailed(AudioLost):
    """Audio without text, or figures that do not agree."""

    def __init__(self, lost_ms: int, problems: tuple[str, ...]) -> None:
        super().__init__(lost_ms)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(self.problems)


@dataclass(frozen=True)
class AuditResult:
    """What became of every second, of all sources together.

    Attributes:
        captured_ms: What was to be heard: final_ms, silence_ms, lost_ms and unheard_ms add up to it.
        final_ms: Covered by sentences.
        silence_ms: Heard, and nobody spoke.
        lost_ms: In gaps.
        unheard_ms: Has no text yet, and can have it still.
        paused_ms: Was not to be heard.
        wall_ms: The time in which any source was heard: where several were heard at once it is counted once.
        at_once: How many sources were heard at the same time.
        problems: What is wrong with it.
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
        """All of it, for people; of several devices the time once, then how much audio that is, as a run says it."""
        parts = {"captured": self.captured_ms}
        if self.at_once > 1:
            parts = {"captured": self.wall_ms, f"{self.at_once} devices,": self.captured_ms}
        parts |= {"final": self.final_ms, "silence": self.silence_ms, "lost": self.lost_ms}
        parts |= {"not heard yet": self.unheard_ms} if self.unheard_ms else {}
        parts |= {"paused": self.paused_ms} if self.paused_ms else {}
        told = [f"{name} {ms / 1000:.2f} s{' of audio' * name.endswith(',')}" for name, ms in parts.items()]
        return " · ".join([*told, f"{self.sentences} sentence{'' if self.sentences == 1 else 's'}"])


def audit(journal: Journal) -> AuditResult:
    """Count all of it, and hold it against what the last run said at its end."""
    begins = {track.source.speaker: journal.format.ms(track.begin) for track in journal.tracks}
    whole = _count(journal, begins, journal.sentences)
    problems = [
        *journal.damages,
        *_lost(whole),
        *_twice(journal),
        *(problem for track in journal.tracks for problem in _beyond(journal, track)),
        *_disagreements(journal),
    ]
    return AuditResult(**whole, wall_ms=_wall_ms(journal), at_once=_at_once(journal), problems=tuple(problems))


def _wall_ms(journal: Journal) -> int:
    """How long any of the sources was heard."""
    heard = Spans()
    for track in journal.tracks:
        for begin, end in _without(
            [(journal.format.ms(track.begin), journal.format.ms(track.end))], _pauses(journal, track)
        ):
            heard.add(begin, end)
    return _length(heard)


def _at_once(journal: Journal) -> int:
    """The most sources that were heard at the same time."""
    spans = [(track.begin, track.end) for track in journal.tracks if track.begin < track.end]
    return max((sum(begin <= at < end for begin, end in spans) for at, _ in spans), default=0)


def _pauses(journal: Journal, track: AudioTrack) -> list[Span]:
    """When a source was not to be heard."""
    pauses = [(each.begin_ms, each.end_ms) for each in journal.pauses if each.speaker == track.source.speaker]
    return [*pauses, *((mark.begin_ms, mark.end_ms) for mark in track.marks if isinstance(mark, Resumed))]


def _count(journal: Journal, begins: dict[str, int], sentences: list[Sentence]) -> dict[str, int]:
    """The figures, from where each speaker was begun to be listened to."""
    sentences = [each for each in sentences if each.number]
    total = Counter(sentences=len(sentences))
    for track in journal.tracks:
        speaker = track.source.speaker
        if speaker in begins:
            finals = [(each.final.begin_ms, each.final.end_ms) for each in sentences if each.final.speaker == speaker]
            total.update(_figures(journal, track, begins[speaker], finals))
    names = ("captured_ms", "final_ms", "silence_ms", "lost_ms", "unheard_ms", "paused_ms", "sentences")
    return {name: total[name] for name in names}


def _figures(journal: Journal, track: AudioTrack, begin_ms: int, finals: list[Span]) -> dict[str, int]:
    """Of one source: what is in none of the others is silence."""
    speaker, end_ms = track.source.speaker, journal.format.ms(track.end)
    pauses = _pauses(journal, track)
    gaps = [(gap.begin_ms, gap.end_ms) for gap in journal.gaps if gap.speaker == speaker]
    left: list[Span] = [(begin_ms, end_ms)]
    found: dict[str, int] = {}
    for name, spans in {"final": finals, "unheard": journal.unheard(track), "lost": gaps, "paused": pauses}.items():
        rest = _without(left, spans)
        found[f"{name}_ms"] = _length(left) - _length(rest)
        left = rest
    found["silence_ms"] = _length(left)
    return found | {"captured_ms": max(0, end_ms - begin_ms) - found["paused_ms"]}


def _lost(counted: dict[str, int]) -> Iterable[str]:
    if counted["lost_ms"]:
        yield f"{counted['lost_ms'] / 1000:.2f} s of audio are lost"
    if counted["unheard_ms"]:
        yield f"{counted['unheard_ms'] / 1000:.2f} s have no text yet: asr resume gets it"


def _twice(journal: Journal) -> Iterable[str]:
    numbers = Counter(each.number for each in journal.sentences if each.number)
    if twice := [number for number, times in numbers.items() if times > 1]:
        yield f"sentence {twice[0]} is there {numbers[twice[0]]} times"


def _beyond(journal: Journal, track: AudioTrack) -> Iterable[str]:
    """Text for audio that there is not."""
    end_ms, final_ms = journal.format.ms(track.end), journal.final_ms(track.source.speaker)
    if final_ms > end_ms + TOLERANCE_MS:
        yield f"there is text up to {final_ms / 1000:.2f} s, but audio up to {end_ms / 1000:.2f} s only"


def _disagreements(journal: Journal) -> Iterable[str]:
    """What the last run counted otherwise."""
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
        theirs = given if isinstance(given, int) and abs(given) < MOST else None
        if theirs is None or abs(ours - theirs) > TOLERANCE_MS:
            said = "nothing" if theirs is None else f"{theirs / 1000:.2f} s"
            yield f"{name}: the journal holds {ours / 1000:.2f} s, the run said {said}"
    if counted["sentences"] != part.end.get("sentences"):
        yield f"sentences: the journal holds {counted['sentences']}, the run said {part.end.get('sentences')}"


def _without(left: Iterable[Span], spans: Iterable[Span]) -> list[Span]:
    spans = list(spans)
    return [rest for begin, end in left for rest in left_over(begin, end, spans)]


def _length(spans: Iterable[Span]) -> int:
    return sum(end - begin for begin, end in spans)
