"""The result of a session, and the figures of its losses and delays. Numbers only."""

from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError
from asrcli.core.events import Gap, Usage
from asrcli.recovery.ledger import Totals
from asrcli.recovery.spans import Span

if TYPE_CHECKING:
    from asrcli.recovery.provisional import LocalSentence

PROGRESS_EVERY_S = 0.1


@dataclass(frozen=True)
class SessionFigures:
    """Losses and delays of a session, or of several in a row. The fields are those of the `end` event.

    Attributes:
        reconnects: Connections that replaced a lost one.
        longest_outage_ms: From the loss of a connection, or the beginning of the silence that ended it, until
            the service was ready again.
        longest_catch_up_ms: From the loss of a connection until no audio waited any more.
        resent_ms: Audio that was sent again, counted each time.
        dropped: Finals that were dropped because they repeated text that was final already.
        first_text_ms: From the first audio sent to the first text; None without text.
        final_after_stop_ms: From the end of the audio to the last final; None without a final after it.
    """

    reconnects: int = 0
    longest_outage_ms: int = 0
    longest_catch_up_ms: int = 0
    resent_ms: int = 0
    dropped: int = 0
    first_text_ms: int | None = None
    final_after_stop_ms: int | None = None

    def __add__(self, later: "SessionFigures") -> "SessionFigures":
        """Return the figures of both; the first text is that of the earlier one, the last final that of the later."""
        first_text_ms = self.first_text_ms
        if first_text_ms is None:
            first_text_ms = later.first_text_ms
        final_after_stop_ms = later.final_after_stop_ms
        if final_after_stop_ms is None:
            final_after_stop_ms = self.final_after_stop_ms
        return SessionFigures(
            self.reconnects + later.reconnects,
            max(self.longest_outage_ms, later.longest_outage_ms),
            max(self.longest_catch_up_ms, later.longest_catch_up_ms),
            self.resent_ms + later.resent_ms,
            self.dropped + later.dropped,
            first_text_ms,
            final_after_stop_ms,
        )


@dataclass(frozen=True)
class SessionResult:
    """The result of a session, at its end or when its listener leaves it early.

    Attributes:
        end: Position of the first sample after the audio.
        totals: How the audio adds up.
        undecided: Audio with neither text nor a gap, in milliseconds; only of a session that was left in the middle, or
            of a realtime source for which the service was never ready.
        usage: What the service has counted.
        figures: Losses and delays.
        error: What ended the session early.
        broken: Whether the last task did not come to its own end.
        provisional: The local text of undecided audio; only of such a session.
        waiting_gaps: Gaps that were not emitted yet, because text before them might come; only of such a session.
    """

    end: int
    totals: Totals
    undecided: tuple[Span, ...]
    usage: Usage
    figures: SessionFigures
    error: AsrError | None
    broken: bool
    provisional: "tuple[LocalSentence, ...]" = ()
    waiting_gaps: tuple[Gap, ...] = ()
