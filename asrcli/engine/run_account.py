"""What the sessions of a run add up to. Numbers only."""

from dataclasses import dataclass, field

from asrcli.engine.account import Over
from asrcli.events import Billed, Ended, Usage


@dataclass
class RunAccount:
    """The running sums."""

    end_ms: int = 0  # where the timeline has come to
    audio_ms: int = 0  # of all sessions, also where they ran at once
    usage: Usage = Usage()  # noqa: RUF009  a frozen value
    overs: list[Over] = field(default_factory=list)

    def add(self, over: Over, begin_ms: int, end_ms: int) -> None:
        """A session is over; it heard the timeline from `begin_ms` to `end_ms`."""
        self.overs.append(over)
        self.end_ms, self.audio_ms = max(self.end_ms, end_ms), self.audio_ms + end_ms - begin_ms
        self.usage += over.usage

    def ended(self, sentences: int, elapsed_s: float, billed: Billed, model: str, *, live: bool) -> Ended:
        """The account of every second, as it is told at the end."""
        firsts = [over.first_text_ms for over in self.overs if over.first_text_ms is not None]
        lasts = [over.final_after_stop_ms for over in self.overs if over.final_after_stop_ms is not None]
        totals = [over.totals for over in self.overs]
        paused_ms, lost_ms = sum(each.paused_ms for each in totals), sum(each.lost_ms for each in totals)
        audio_ms = self.audio_ms - paused_ms
        return Ended(
            audio_ms=audio_ms,
            covered_ms=audio_ms - lost_ms,
            lost_ms=lost_ms,
            sentences=sentences,
            reconnects=sum(over.reconnects for over in self.overs),
            longest_outage_ms=max((over.longest_outage_ms for over in self.overs), default=0),
            longest_catch_up_ms=max((over.longest_catch_up_ms for over in self.overs), default=0),
            final_ms=sum(each.final_ms for each in totals),
            silence_ms=sum(each.silence_ms for each in totals),
            paused_ms=paused_ms,
            resent_ms=sum(over.resent_ms for over in self.overs),
            dropped=sum(over.repeats for over in self.overs),
            billed_s=billed.usage.seconds,
            input_tokens=billed.usage.input_tokens,
            output_tokens=billed.usage.output_tokens,
            cost=billed.cost,
            first_text_ms=firsts[0] if firsts else None,
            final_after_stop_ms=lasts[-1] if lasts else None,
            elapsed_ms=round(elapsed_s * 1000),
            live=live,
            model=model,
        )
