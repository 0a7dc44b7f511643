"""A budget is not exceeded, whatever the service counts and although audio is sent again."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import BudgetReached
from asrcli.core.events import Billed, Ended, Event, Final, Finished, Ready, Reconnecting, Usage
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.dashscope.prices import Price
from asrcli.runs.budget import Budget, BudgetedSource
from tests.support.handshake import Tone
from tests.support.live_session import LiveSource

SECOND = Price(0.001)
ASKED = RecognitionSettings("m")
RATE = Format(16000)
CHUNK_S = 0.1
ENDED = Ended(0, 0, 0, 0, 0, None, None, None, 0)


def budget(limit: float, price: Price = SECOND, *, resends: bool = False) -> Budget:
    """A budget with a price of one CNY for a second."""
    return Budget(limit, lambda usage: price.cost(usage, ASKED), lambda s: price.forecast(s, ASKED)[1], resends)


def taken(limited: Iterator[Chunk | Event]) -> tuple[float, bool]:
    """Return the seconds that were taken, and whether the budget was used up."""
    seconds = 0.0
    try:
        for item in limited:
            assert isinstance(item, Chunk)
            seconds += RATE.ms(item.end - item.position) / 1000
    except BudgetReached:
        return seconds, True
    return seconds, False


@pytest.mark.parametrize(("resends", "seconds"), [(False, 5.0), (True, 2.0)])
def test_a_source_ends_when_the_budget_is_used_up(resends: bool, seconds: float) -> None:
    """In whole seconds, as they are charged; half is reserved where audio may have to be sent again."""
    heard_s, broke = taken(BudgetedSource(Tone(100), budget(0.005, resends=resends)).chunks(0))
    assert (round(heard_s, 3), broke) == (seconds, True)
    heard_s, broke = taken(BudgetedSource(Tone(100), budget(0.03, resends=resends)).chunks(0))
    assert (round(heard_s, 3), broke) == (10.0, False)


def test_what_has_text_need_not_be_sent_again() -> None:
    """So that nearly all of the budget can be used."""
    money, transcript, seconds = budget(0.005, resends=True), Transcript(), 0.0
    try:
        for item in BudgetedSource(Tone(100), money).chunks(0):
            assert isinstance(item, Chunk)
            end_ms = RATE.ms(item.end)
            seconds = end_ms / 1000
            for event in (Final(str(end_ms), end_ms - 100, end_ms, "x"), Billed(Usage(seconds))):
                transcript = fold(transcript, event)
                money.handle(event, transcript)
    except BudgetReached:
        pass
    assert seconds == 4.0  # the fifth second, and the beginning of it once more, would be too much


def test_two_sources_share_one_budget() -> None:
    """Channels that are transcribed at the same time share the budget."""
    money = budget(0.005)
    one, other = (BudgetedSource(Tone(100), money).chunks(0) for _ in range(2))
    for _ in range(20):
        next(one)
        next(other)
    for _ in range(10):  # a third second of one; of the other there is none left
        next(one)
    for source in (one, other):
        with pytest.raises(BudgetReached):
            next(source)


TOKENS = Price(None, 6.0, 4.5)


def test_several_runs_share_one_budget_though_each_counts_from_nothing() -> None:
    """With a transcript for each file, each file is a run."""
    money, spent, seconds = budget(0.02, TOKENS), Usage(), 0.0
    for _ in range(100):
        heard_s, broke = taken(BudgetedSource(Tone(100), money).chunks(0))
        usage, transcript = dearest(TOKENS, heard_s), Transcript()
        spent, seconds = spent + usage, seconds + heard_s
        for event in (Billed(usage), Finished(), ENDED):
            transcript = fold(transcript, event)
            money.handle(event, transcript)
        if broke:
            break
    cost = TOKENS.cost(spent, ASKED)
    assert cost is not None
    assert 0.015 < cost <= 0.02
    assert seconds > 10


def test_a_service_that_counts_what_has_no_price_switches_nothing_off() -> None:
    """Tokens of a model that is charged by the second."""
    money = budget(0.005)
    chunks = BudgetedSource(Tone(1000), money).chunks(0)
    for _ in range(20):
        next(chunks)
    money.handle(Billed(Usage(None, 100, 5)), Transcript())
    heard_s, broke = taken(chunks)
    assert (round(2 + heard_s, 3), broke) == (5.0, True)


def test_what_has_no_text_when_its_task_is_over_is_not_kept_back_for() -> None:
    """Silent files can use all of the budget."""
    money, seconds = budget(0.1, resends=True), 0.0
    for _ in range(20):
        heard_s, broke = taken(BudgetedSource(Tone(100), money).chunks(0))
        seconds += heard_s
        money.handle(Billed(Usage(seconds)), Transcript())
        money.handle(Finished(), Transcript())
        if broke:
            break
    assert 90 <= seconds <= 100


def test_attempts_that_fail_cost_nothing() -> None:
    """A night without a network does not use up a budget; the audio that is sent again after it does."""
    money = budget(0.01, resends=True)
    chunks = BudgetedSource(Tone(1000), money).chunks(0)
    for _ in range(10):
        next(chunks)
    for attempt in range(1, 1000):
        money.handle(Reconnecting(attempt, 30_000, "no route"), Transcript())
    money.handle(Ready("t"), Transcript())
    heard_s, broke = taken(chunks)  # the first second twice, and all that has no text once more
    assert (round(1 + heard_s, 3), broke) == (4.0, True)


def test_context_and_hot_words_are_paid_for_too() -> None:
    """It charges by the token, for each task."""
    asked = RecognitionSettings("m", context=("字" * 1000,), hotwords=(("Kubernetes", 4),))
    bare_most, most = (TOKENS.forecast(10, each)[1] for each in (ASKED, asked))
    assert most - bare_most == pytest.approx(1003 * 6.0 / 1e6)
    assert SECOND.forecast(10, asked) == SECOND.forecast(10, ASKED)


def test_a_microphone_is_ended_and_says_why() -> None:
    """The device is released; the error names the limit."""
    talk = LiveSource()
    talk.say(60)
    with pytest.raises(BudgetReached, match=r"than the budget of 0\.005 CNY"):
        list(BudgetedSource(talk, budget(0.005)).chunks(0))
    assert len(list(talk.chunks(0))) == 9  # what it had heard beyond; it was told to end, else this would wait


@given(
    st.sampled_from([SECOND, Price(None, 6.0, 4.5), Price(None, 2.2, 15.2, 18.9)]),
    st.floats(0.0001, 0.02),
    st.lists(st.sampled_from(["chunk", "chunk", "chunk", "final", "count", "lost"]), max_size=300),
)
def test_the_bill_never_passes_the_limit(price: Price, limit: float, happenings: list[str]) -> None:
    """The service counts all audio, also when sent again, at the highest rate that was ever measured."""
    money, transcript = budget(limit, price, resends=True), Transcript()
    chunks = BudgetedSource(Tone(1000), money).chunks(0)
    sent_s = reached_s = position_s = 0.0
    fresh = False  # something was taken since the last loss
    for happening in happenings:
        event: Event | None = None
        if happening == "chunk":
            try:
                next(chunks)
            except BudgetReached:
                return
            position_s, sent_s, fresh = position_s + CHUNK_S, sent_s + CHUNK_S, True
        elif happening == "final" and reached_s < position_s:
            event = Final(f"{reached_s}", round(reached_s * 1000), round(position_s * 1000), "x")
            reached_s = position_s
        elif happening == "count":
            event = Billed(dearest(price, sent_s))
        elif happening == "lost" and fresh:
            event, fresh, sent_s = Reconnecting(1, 0, "broken"), False, sent_s + position_s - reached_s
        for each in () if event is None else (event, Ready("t")) if happening == "lost" else (event,):
            transcript = fold(transcript, each)
            money.handle(each, transcript)
        assert (price.cost(dearest(price, sent_s), ASKED) or 0.0) <= limit + 1e-9


def dearest(price: Price, seconds: float) -> Usage:
    """Return the most that a service counts for this many seconds."""
    tokens = int(25 * seconds)
    return Usage(seconds) if price.second is not None else Usage(seconds, tokens, int(4 * seconds), tokens)
