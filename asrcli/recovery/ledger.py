"""Ledger: what became of every millisecond of a session's audio: text, silence, a gap, or a pause. No clock."""

from dataclasses import dataclass

from asrcli.recovery.spans import Span, Spans, length


@dataclass(frozen=True, slots=True)
class Totals:
    """How the audio of a session adds up, in milliseconds. Each millisecond counts once; `open_ms` is undecided."""

    final_ms: int
    silence_ms: int
    lost_ms: int
    paused_ms: int
    open_ms: int


class Ledger:
    """Times are milliseconds on the run's timeline, from `start_ms` on.

    Audio is decided once: a gap that was emitted stays a gap, and text that comes late for what was taken for silence
    makes it text.

    Attributes:
        quiet: What is quiet by its loudness, decided or not.
    """

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.quiet = Spans()
        self._final, self._silence, self._lost, self._paused = Spans(), Spans(), Spans(), Spans()
        self._decided = Spans()
        self._reached = start_ms

    @property
    def reached_ms(self) -> int:
        """Up to here everything is decided."""
        self._reached = self._decided.reach(self._reached)
        return self._reached

    def undecided(self, begin_ms: int, end_ms: int) -> list[Span]:
        """What of a span is neither text, silence, gap nor pause, in order."""
        return self._decided.missing(begin_ms, end_ms)

    def undecided_sound(self, begin_ms: int, end_ms: int) -> list[Span]:
        """What of a span is undecided and not quiet, in order."""
        return [part for span in self.undecided(begin_ms, end_ms) for part in self.quiet.missing(*span)]

    def add_final(self, begin_ms: int, end_ms: int) -> bool:
        """A final sentence covers this; returns whether any of it was undecided."""
        new = bool(self.undecided(begin_ms, end_ms))
        self._final.add(begin_ms, end_ms)
        self._decided.add(begin_ms, end_ms)
        return new

    def add_silence(self, begin_ms: int, end_ms: int) -> bool:
        """What is undecided of this has no words in it; returns whether any of it was undecided."""
        return bool(self._decide(self._silence, begin_ms, end_ms))

    def add_gap(self, begin_ms: int, end_ms: int, *, whole: bool = False) -> list[Span]:
        """What is undecided of this is lost; returns those parts, which are gaps now.

        Quiet at either end of a part is silence; quiet between words that are lost is lost with them. Of a `whole` gap
        nothing was captured, whatever a service made of the silence in its place: only what is a gap or a pause already
        is no part of it.
        """
        if whole:
            parts = Spans([*self._lost.within(begin_ms, end_ms), *self._paused.within(begin_ms, end_ms)])
            gaps = parts.missing(begin_ms, end_ms)
            for gap in gaps:
                self._lost.add(*gap)
                self._decided.add(*gap)
            return gaps
        gaps = []
        for part_begin_ms, part_end_ms in self.undecided(begin_ms, end_ms):
            loud = self.quiet.missing(part_begin_ms, part_end_ms)
            if loud:
                gaps.append((loud[0][0], loud[-1][1]))
                self._decide(self._lost, *gaps[-1])
            self.add_silence(part_begin_ms, part_end_ms)
        return gaps

    def add_pause(self, begin_ms: int, end_ms: int) -> None:
        """Nothing in this was meant to be heard."""
        self._decide(self._paused, begin_ms, end_ms)

    def is_quiet(self, begin_ms: int, end_ms: int) -> bool:
        """Whether all of a span is quiet by its loudness."""
        return not self.quiet.missing(begin_ms, end_ms)

    def totals(self, end_ms: int) -> Totals:
        """The sums for the audio up to `end_ms`; they add up to `end_ms` minus `start_ms`."""
        lost, paused = _inside(self._lost, self.start_ms, end_ms), _inside(self._paused, self.start_ms, end_ms)
        told = Spans([*self._lost, *self._paused])
        final = Spans(part for span in self._final for part in told.missing(*span))
        told = Spans([*told, *final])
        silence = Spans(part for span in self._silence for part in told.missing(*span))
        return Totals(
            final_ms=_inside(final, self.start_ms, end_ms),
            silence_ms=_inside(silence, self.start_ms, end_ms),
            lost_ms=lost,
            paused_ms=paused,
            open_ms=length(self.undecided(self.start_ms, end_ms)),
        )

    def _decide(self, kind: Spans, begin_ms: int, end_ms: int) -> list[Span]:
        parts = self.undecided(begin_ms, end_ms)
        for part in parts:
            kind.add(*part)
        self._decided.add(begin_ms, end_ms)
        return parts


def _inside(spans: Spans, begin_ms: int, end_ms: int) -> int:
    return length(spans.within(begin_ms, end_ms))
