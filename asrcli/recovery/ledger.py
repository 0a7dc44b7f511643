"""Records what became of every millisecond of the audio of a session: text, silence, gap or pause. Uses no clock.

Only the ledger knows how far the audio of a session is decided.
"""

from collections.abc import Iterable
from dataclasses import replace

from asrcli.core.dataclass import dataclass
from asrcli.recovery.spans import Span, Spans, length

TAIL_MS = 100  # shorter sound right after a text is not a word


@dataclass(frozen=True, slots=True)
class Totals:
    """How audio adds up, in milliseconds. Each millisecond of a session counts once; `open_ms` is undecided.

    `local_ms` is the part of `lost_ms` for which the recognizer on this machine has text.
    """

    final_ms: int = 0
    silence_ms: int = 0
    lost_ms: int = 0
    paused_ms: int = 0
    open_ms: int = 0
    local_ms: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        """Return the sums of both."""
        return Totals(
            self.final_ms + other.final_ms,
            self.silence_ms + other.silence_ms,
            self.lost_ms + other.lost_ms,
            self.paused_ms + other.paused_ms,
            self.open_ms + other.open_ms,
            self.local_ms + other.local_ms,
        )

    def with_open_lost(self, lost_ms: int, local_ms: int = 0) -> "Totals":
        """Return the totals with nothing undecided: `lost_ms` of it is lost, the rest has text."""
        final_ms = self.final_ms + self.open_ms - lost_ms
        lost_ms, local_ms = self.lost_ms + lost_ms, self.local_ms + local_ms
        return replace(self, final_ms=final_ms, lost_ms=lost_ms, local_ms=local_ms, open_ms=0)


class Ledger:
    """Times are milliseconds on the run's timeline, from `start_ms` on.

    Audio is decided once: a gap that was emitted stays a gap. The exceptions are text that comes late for audio that
    was taken for silence or for a pause, which becomes text, and silence that turns out to be a pause: while a pause
    lasts, a service may take the silence of its beginning.

    Attributes:
        quiet: Audio that is quiet by its loudness, decided or not.
        local: The parts of gaps for which the recognizer on this machine has text.
    """

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.quiet = Spans()
        self._final = Spans()
        self._silence = Spans()
        self._lost = Spans()
        self._claimed = Spans()  # by finals whose end is a guess: text, if nothing else is found there
        self.local = Spans()
        self._paused = Spans()
        self._decided = Spans()
        self._reached = start_ms
        self._is_reached = True  # nothing was decided since `_reached` was computed

    @property
    def decided_until_ms(self) -> int:
        """The time up to which everything is decided."""
        if not self._is_reached:
            self._reached = self._decided.reach(self._reached)
            self._is_reached = True
        return self._reached

    def undecided(self, begin_ms: int, end_ms: int) -> list[Span]:
        """Return the parts of a span that are neither text, silence, gap nor pause, in order."""
        return self._decided.missing(begin_ms, end_ms)

    def undecided_sound(self, begin_ms: int, end_ms: int) -> list[Span]:
        """Return the parts of a span that are undecided and not quiet, in order."""
        return [part for span in self.undecided(begin_ms, end_ms) for part in self.quiet.missing(*span)]

    def text_until(self, before_ms: int) -> int:
        """Return where the last text before a time ends, or that time inside a text; the first time without text."""
        return max((end_ms for _, end_ms in self._final.within(self.start_ms, before_ms)), default=self.start_ms)

    def add_final(self, begin_ms: int, end_ms: int, sure_ms: int | None = None) -> bool:
        """Count a span as text; returns whether any of it was undecided.

        If the end is a guess, what lies after `sure_ms` is only claimed: it stays undecided until the service is known
        to have processed it, and is text then in place of silence. A lost connection before that sends it again.
        """
        new = bool(self.undecided(begin_ms, end_ms))
        if sure_ms is not None:
            sure_ms = max(begin_ms, min(sure_ms, end_ms))
            new = any(self._claimed.missing(*part) for part in self.undecided(begin_ms, end_ms))
            self._claimed.add(sure_ms, end_ms)
            end_ms = sure_ms
        self._final.add(begin_ms, end_ms)
        self._settle(begin_ms, end_ms)
        if sure_ms is None:
            self._count_tail_as_quiet(end_ms)
        return new

    def _count_tail_as_quiet(self, end_ms: int) -> None:
        """Count sound as quiet if it follows a text at once and is soon over: the rest of the chunk, or an echo."""
        sound = self.quiet.missing(end_ms, end_ms + TAIL_MS)
        if sound and sound[0][0] == end_ms and sound[0][1] < end_ms + TAIL_MS:
            self.quiet.add(*sound[0])

    def _settle(self, begin_ms: int, end_ms: int) -> None:
        self._decided.add(begin_ms, end_ms)
        self._is_reached = False

    def add_silence(self, begin_ms: int, end_ms: int) -> bool:
        """Count the undecided parts of a span as silence; returns whether there were any."""
        return bool(self._decide(self._silence, begin_ms, end_ms))

    def add_gap(self, begin_ms: int, end_ms: int, *, whole: bool = False) -> list[Span]:
        """Count the undecided parts of a span as lost; returns the gaps, in order.

        Quiet at either end of a part is silence; quiet between lost words is lost with them. Of a `whole` gap nothing
        was captured, even if a service made text of the silence in its place: all of it is lost, except what is a
        gap or a pause already.
        """
        if whole:
            parts = Spans([*self._lost.within(begin_ms, end_ms), *self._paused.within(begin_ms, end_ms)])
            gaps = parts.missing(begin_ms, end_ms)
            for gap in gaps:
                self._lost.add(*gap)
                self._settle(*gap)
            return gaps
        gaps = []
        for part_begin_ms, part_end_ms in self.undecided(begin_ms, end_ms):
            loud = self.quiet.missing(part_begin_ms, part_end_ms)
            if loud:
                gaps.append((loud[0][0], loud[-1][1]))
                self._decide(self._lost, *gaps[-1])
            self.add_silence(part_begin_ms, part_end_ms)
        return gaps

    def add_local(self, spans: Iterable[Span]) -> None:
        """Note that the recognizer on this machine has text for these parts of gaps."""
        for span in spans:
            self.local.add(*span)

    def add_pause(self, begin_ms: int, end_ms: int) -> None:
        """Count the parts of a span without text and without a gap as a pause: the user had paused the microphone."""
        for part in Spans([*self._final, *self._lost]).missing(begin_ms, end_ms):
            self._paused.add(*part)
        self._settle(begin_ms, end_ms)

    def is_quiet(self, begin_ms: int, end_ms: int) -> bool:
        """Whether all of a span is quiet by its loudness."""
        return not self.quiet.missing(begin_ms, end_ms)

    def totals(self, end_ms: int) -> Totals:
        """Return the sums for the audio up to `end_ms`; they add up to `end_ms` minus `start_ms`."""
        final = Spans(part for span in self._final for part in self._lost.missing(*span))
        counted = Spans([*self._lost, *final])
        paused = Spans(part for span in self._paused for part in counted.missing(*span))
        counted = Spans([*counted, *paused])
        silence = Spans(part for span in self._silence for part in counted.missing(*span))
        return Totals(
            final_ms=_inside(final, self.start_ms, end_ms),
            silence_ms=_inside(silence, self.start_ms, end_ms),
            lost_ms=_inside(self._lost, self.start_ms, end_ms),
            paused_ms=_inside(paused, self.start_ms, end_ms),
            open_ms=length(self.undecided(self.start_ms, end_ms)),
            local_ms=sum(_inside(self.local, *span) for span in self._lost.within(self.start_ms, end_ms)),
        )

    def confirm(self, begin_ms: int, end_ms: int) -> None:
        """Count as text what finals with a guessed end have claimed of a span: its task has come to its end."""
        for part in self._claimed.within(begin_ms, end_ms):
            self._decide(self._final, *part)

    def _decide(self, kind: Spans, begin_ms: int, end_ms: int) -> list[Span]:
        parts = self.undecided(begin_ms, end_ms)
        for part in parts:
            kind.add(*part)
            if kind is self._silence:
                for claimed in self._claimed.within(*part):
                    self._final.add(*claimed)
        self._settle(begin_ms, end_ms)
        return parts


def _inside(spans: Spans, begin_ms: int, end_ms: int) -> int:
    return length(spans.within(begin_ms, end_ms))
