"""What the sessions of a run add up to. Numbers only."""

from dataclasses import dataclass, field

from asrcli.core.events import Billed, Ended, Usage
from asrcli.engine.accounting import SessionResult


@dataclass
class ConcurrentSessions:
    """What sources that are heard at once add up to. One alone is abreast of none."""

    begin_ms: int
    end_ms: int
    paused_ms: int
    sources: int = 1

    def join(self, end_ms: int, paused_ms: int) -> None:
        """Another source is heard at the same time: the same second, and the same pause, is counted once."""
        self.end_ms, self.paused_ms = max(self.end_ms, end_ms), max(self.paused_ms, paused_ms)
        self.sources += 1


@dataclass
class RunAccount:
    """The running sums."""

    end_ms: int = 0  # where the timeline has come to
    audio_ms: int = 0  # of all sessions, also where they ran at once
    usage: Usage = Usage()  # noqa: RUF009  a frozen value
    results: list[SessionResult] = field(default_factory=list)
    stages: list[ConcurrentSessions] = field(default_factory=list)

    def add(self, result: SessionResult, begin_ms: int, end_ms: int, *, concurrent: bool = False) -> None:
        """A session is over; it heard the timeline from `begin_ms` to `end_ms`, `abreast` of the one before."""
        self.results.append(result)
        if concurrent and self.stages:
            self.stages[-1].join(end_ms, result.totals.paused_ms)
        else:
            self.stages.append(ConcurrentSessions(begin_ms, end_ms, result.totals.paused_ms))
        self.end_ms, self.audio_ms = max(self.end_ms, end_ms), self.audio_ms + end_ms - begin_ms
        self.usage += result.usage

    def ended(self, sentences: int, elapsed_s: float, billed: Billed, model: str, *, live: bool) -> Ended:
        """The account of every second, as it is told at the end."""
        firsts = [result.first_text_ms for result in self.results if result.first_text_ms is not None]
        lasts = [result.final_after_stop_ms for result in self.results if result.final_after_stop_ms is not None]
        totals = [result.totals for result in self.results]
        paused_ms, lost_ms = sum(each.paused_ms for each in self.stages), sum(each.lost_ms for each in totals)
        audio_ms = self.audio_ms - sum(each.paused_ms for each in totals)
        return Ended(
            audio_ms=audio_ms,
            covered_ms=audio_ms - lost_ms,
            lost_ms=lost_ms,
            sentences=sentences,
            reconnects=sum(result.reconnects for result in self.results),
            longest_outage_ms=max((result.longest_outage_ms for result in self.results), default=0),
            longest_catch_up_ms=max((result.longest_catch_up_ms for result in self.results), default=0),
            final_ms=sum(each.final_ms for each in totals),
            silence_ms=sum(each.silence_ms for each in totals),
            paused_ms=paused_ms,
            resent_ms=sum(result.resent_ms for result in self.results),
            dropped=sum(result.repeats for result in self.results),
            billed_s=billed.usage.seconds,
            input_tokens=billed.usage.input_tokens,
            output_tokens=billed.usage.output_tokens,
            cost=billed.cost,
            first_text_ms=firsts[0] if firsts else None,
            final_after_stop_ms=lasts[-1] if lasts else None,
            elapsed_ms=round(elapsed_s * 1000),
            live=live,
            model=model,
            wall_ms=sum(each.end_ms - each.begin_ms for each in self.stages) - paused_ms,
            at_once=max((each.sources for each in self.stages), default=0),
        )
