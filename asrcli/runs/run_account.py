"""The account of a run: the sums over its sessions, and the `end` event made of them. Numbers only."""

from dataclasses import asdict
from typing import TypeVar

from asrcli.core.dataclass import dataclass, field
from asrcli.core.events import Billed, Ended, Usage
from asrcli.engine.session_result import SessionFigures, SessionResult
from asrcli.recovery.ledger import Totals
from asrcli.recovery.spans import Span, Spans, length

_Count = TypeVar("_Count", int, float)


@dataclass
class ConcurrentSessions:
    """Sessions that run at the same time, or one alone: their spans of the timeline, and their longest pause."""

    spans: list[Span]
    paused_ms: int

    def join(self, begin_ms: int, end_ms: int, paused_ms: int) -> None:
        """Add a session that ran at the same time: a second, or a pause, that both share is counted once."""
        self.spans.append((begin_ms, end_ms))
        self.paused_ms = max(self.paused_ms, paused_ms)

    @property
    def wall_ms(self) -> int:
        """The part of the timeline that they take. `asr resume` begins for each device where its own text ends."""
        return length(Spans(self.spans)) - self.paused_ms


@dataclass
class RunAccount:
    """The running sums of a run, in milliseconds of audio."""

    end_ms: int = 0  # how far the timeline reaches
    audio_ms: int = 0  # of all sessions, also where they ran at the same time
    usage: Usage = Usage()  # of sessions that are over
    running_usage: Usage = Usage()  # of sessions that run
    totals: Totals = Totals()
    figures: SessionFigures = SessionFigures()
    stages: list[ConcurrentSessions] = field(default_factory=list)
    engines: list[str] = field(default_factory=list)  # that local servers named, in order, each once

    def update_usage(self, old: Usage, new: Usage) -> Usage:
        """Count that a running session has used `new` instead of `old`; returns the usage of all sessions.

        The others are not added up again: hundreds may run, and each has a new usage every second.
        """
        total = self.running_usage
        self.running_usage = Usage(
            _changed(total.seconds, old.seconds, new.seconds),
            _changed(total.input_tokens, old.input_tokens, new.input_tokens),
            _changed(total.output_tokens, old.output_tokens, new.output_tokens),
            _changed(total.audio_tokens, old.audio_tokens, new.audio_tokens),
        )
        return self.usage + self.running_usage

    def add(self, result: SessionResult, begin_ms: int, end_ms: int, *, concurrent: bool = False) -> None:
        """Add a session that took the timeline from `begin_ms` to `end_ms`, `concurrent` with the one added before."""
        if concurrent and self.stages:
            self.stages[-1].join(begin_ms, end_ms, result.totals.paused_ms)
        else:
            self.stages.append(ConcurrentSessions([(begin_ms, end_ms)], result.totals.paused_ms))
        self.end_ms = max(self.end_ms, end_ms)
        self.audio_ms += end_ms - begin_ms
        self.usage += result.usage
        self.totals += result.totals
        self.figures += result.figures

    def heard_by(self, engine: str) -> None:
        """Note the recognizer of a task; an empty name is ignored."""
        if engine and engine not in self.engines:
            self.engines.append(engine)

    def ended(self, sentences: int, elapsed_s: float, billed: Billed, model: str, *, live: bool) -> Ended:
        """Return the `end` event: the account of every second."""
        audio_ms = self.audio_ms - self.totals.paused_ms
        paused_ms = sum(stage.paused_ms for stage in self.stages)
        return Ended(
            audio_ms=audio_ms,
            covered_ms=audio_ms - self.totals.lost_ms,
            lost_ms=self.totals.lost_ms,
            local_ms=self.totals.local_ms,
            final_ms=self.totals.final_ms,
            silence_ms=self.totals.silence_ms,
            paused_ms=paused_ms,
            wall_ms=sum(stage.wall_ms for stage in self.stages),
            at_once=max((len(stage.spans) for stage in self.stages), default=0),
            sentences=sentences,
            billed_s=billed.usage.seconds,
            input_tokens=billed.usage.input_tokens,
            output_tokens=billed.usage.output_tokens,
            cost=billed.cost,
            elapsed_ms=round(elapsed_s * 1000),
            live=live,
            model=model,
            engine=", ".join(self.engines),
            **asdict(self.figures),
        )


def _changed(total: _Count | None, before: _Count | None, after: _Count | None) -> _Count | None:
    """Return a sum in which `after` takes the place of `before`; None counts nothing."""
    if after is None:
        return total
    return (total or 0) - (before or 0) + after
