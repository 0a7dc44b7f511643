"""The account of a recording from those of its parts. Pure."""

from collections.abc import Sequence

from asrcli.core.events import Billed, Ended, Usage

_SUMS = (
    "audio_ms", "covered_ms", "lost_ms", "local_ms", "final_ms", "silence_ms", "reconnects", "resent_ms", "dropped",
    "wall_ms",
)  # fmt: skip
_MOST = ("longest_outage_ms", "longest_catch_up_ms")


def joined_account(parts: Sequence[Ended], sentences: int, elapsed_s: float, billed: Billed) -> Ended:
    """Return the `end` event of the whole: sums of what adds up, and the longest of the delays of the parts."""
    sums = {name: sum(getattr(part, name) for part in parts) for name in _SUMS}
    most = {name: max((getattr(part, name) for part in parts), default=0) for name in _MOST}
    first_text = [part.first_text_ms for part in parts if part.first_text_ms is not None]
    last_final = [part.final_after_stop_ms for part in parts if part.final_after_stop_ms is not None]
    models = dict.fromkeys(part.model for part in parts if part.model)
    engines = dict.fromkeys(part.engine for part in parts if part.engine)
    return Ended(
        **{**sums, **most},
        sentences=sentences,
        first_text_ms=min(first_text, default=None),
        final_after_stop_ms=max(last_final, default=None),
        billed_s=billed.usage.seconds,
        input_tokens=billed.usage.input_tokens,
        output_tokens=billed.usage.output_tokens,
        cost=billed.cost,
        elapsed_ms=round(elapsed_s * 1000),
        at_once=1 if parts else 0,
        model=", ".join(models),
        engine=", ".join(engines),
    )


def joined_bill(parts: Sequence[Billed]) -> Billed:
    """Return the bill of the whole; its cost is None if no part has a price."""
    usage = sum((part.usage for part in parts), Usage())
    costs = [part.cost for part in parts if part.cost is not None]
    return Billed(usage, round(sum(costs), 6) if costs else None)
