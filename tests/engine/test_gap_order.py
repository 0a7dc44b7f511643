"""The order of sentences and gaps in the events of a session: that of the recording, however late the text comes."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event, Final, Gap, Partial
from asrcli.engine.accounting import SessionAccount
from asrcli.engine.task import NO_TEXT

FORMAT = Format(16000)
KINDS = st.sampled_from(["sentence", "quiet", "unheard", "hole"])


def account_of(events: list[Event]) -> SessionAccount:
    """An account whose events are appended to a list."""
    return SessionAccount(lambda: 0.0, events.append, FORMAT, 0)


def chunk(begin_ms: int, end_ms: int, *, quiet: bool) -> Chunk:
    """Audio from one time to another."""
    return Chunk(FORMAT.samples(begin_ms), bytes(2 * FORMAT.samples(end_ms - begin_ms)), quiet=quiet)


def places(events: Sequence[Event]) -> list[int]:
    """Where the sentences begin, and the gaps that the source has told of: of others one knows only at the end."""
    return [
        event.begin_ms
        for event in events
        if isinstance(event, Final) or (isinstance(event, Gap) and event.reason != NO_TEXT)
    ]


@given(st.lists(st.tuples(KINDS, st.integers(1, 40)), max_size=12), st.integers(0, 12), st.booleans())
def test_gaps_stand_between_the_sentences_around_them(
    parts: list[tuple[str, int]], lag: int, with_partials: bool
) -> None:
    """Whatever the service leaves without text; and each hole is a gap, once, to the millisecond."""
    events: list[Event] = []
    account = account_of(events)
    finals: list[Final] = []
    holes: list[tuple[int, int]] = []
    at_ms = 0

    def answer() -> None:
        final = finals.pop(0)
        if with_partials:
            account.emit_after_gaps(Partial(final.key, final.begin_ms, "wo"))
        account.add_event(final)
        account.emit_after_gaps(final)

    for kind, length in parts:
        end_ms = at_ms + 100 * length
        if kind == "hole":
            account.add_mark(Gap(at_ms, end_ms, "no audio"))
            holes.append((at_ms, end_ms))
        else:
            account.add_chunk(chunk(at_ms, end_ms, quiet=kind == "quiet"))
        if kind == "sentence":
            finals.append(Final(str(at_ms), at_ms, end_ms, "words"))
        if len(finals) > lag:
            answer()
        at_ms = end_ms
    while finals:
        answer()
    account.complete()
    assert places(events) == sorted(places(events))
    told = [(event.begin_ms, event.end_ms) for event in events if isinstance(event, Gap) and event.reason == "no audio"]
    assert told == holes


def test_a_gap_after_quiet_audio_is_reported_at_once() -> None:
    """Nothing can come before it; and after sound it waits for the text, or for the end of a session that is left."""
    events: list[Event] = []
    account = account_of(events)
    account.add_chunk(chunk(0, 1000, quiet=True))
    account.add_mark(Gap(1000, 2000, "unplugged"))
    assert places(events) == [1000]
    account.add_chunk(chunk(2000, 3000, quiet=False))
    account.add_mark(Gap(3000, 4000, "unplugged"))
    assert places(events) == [1000]
    left = account.result(None, account.usage, 0, broken=True).waiting_gaps
    assert [gap.begin_ms for gap in left] == [3000]
