"""Any order of drops, refusals, stalls, repeats, late words, stops: each sample is in one final, or a gap names it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from hypothesis import example, given, settings
from hypothesis import strategies as st

from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost, ServiceRefused
from asrcli.core.events import Final, Finished, Gap, Partial
from asrcli.core.message import Closed, Text
from asrcli.core.settings import ConnectionSettings, RetrySettings
from tests.support.handshake import RATE, Service, Tone, Wire
from tests.support.live_session import READY, LiveSource, Play, events_to_the_end, listening

BREATH = 4  # chunks that are said in one
CHUNKS = 3 * BREATH
HASTY = ConnectionSettings("ws://test", idle_timeout_s=0.1, stall_timeout_s=0.1)


@dataclass(frozen=True)
class Life:
    """A connection: how many chunks it hears at most, how many of them get finals, and how it ends."""

    hears: int
    told: int
    end: str
    repeats: bool


LIVES = st.lists(
    st.builds(
        Life,
        hears=st.integers(0, CHUNKS),
        told=st.integers(0, CHUNKS),
        end=st.sampled_from(["closed", "broken", "failed", "nonsense", "refused", "away", "stalled"]),
        repeats=st.booleans(),
    ),
    max_size=6,
)


def played(life: Life) -> Play | AsrError:
    """The service of that life."""
    if life.end == "refused":
        return ServiceRefused("Throttling", "later")
    if life.end == "away":
        return ConnectFailed("ws://test", "HTTP 503", passing=True)

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        heard, finishing = 0, False
        while heard < life.hears and not finishing:
            request = service.asked()
            heard += isinstance(request, SendAudio)
            finishing = isinstance(request, FinishTask)
        for number in range(min(life.told, heard)):
            final = Final(str(number + 1), number * 100, number * 100 + 100, "word")
            service.tell(Partial(final.key, final.begin_ms, "", "wo"), *[final] * (1 + life.repeats))
        if life.end == "failed":
            wire.say(*service.codec.fail("InternalError", "sorry"), Closed(1000))
        elif life.end == "nonsense":
            wire.say(Text("?"))
        elif life.end != "stalled":
            wire.broken = ConnectionLost("broke", 1006) if life.end == "broken" else None
            wire.say(Closed(1006 if life.end == "broken" else 1000))

    return serve


def whole(service: Service, wire: Wire) -> None:
    """A service that takes all audio and sends a word for each chunk."""
    del wire
    service.asked()
    service.tell(READY)
    chunks = sum(isinstance(request, SendAudio) for request in service.until_finish())
    for number in range(chunks):
        service.tell(Final(str(number + 1), number * 100, number * 100 + 100, "word"))
    service.tell(Finished())


def clock() -> Callable[[], float]:
    """A clock that advances by a millisecond at each call."""
    ticks = count()
    return lambda: next(ticks) / 1000


DEAF = Life(hears=0, told=0, end="closed", repeats=False)


@example([DEAF, DEAF, DEAF], 2, True, None)
@settings(max_examples=150, deadline=None)
@given(LIVES, st.sampled_from([0, 2, 20]), st.booleans(), st.none() | st.integers(0, 20))
def test_each_sample_is_final_once_or_named_by_a_gap(
    lives: list[Life], limit: int, live: bool, stop_after: int | None
) -> None:
    """Whatever happens to the connections, and whenever the user stops; with enough attempts there is no gap at all.

    Live audio to which no service has ever listened is handed back whole, as undecided.
    """
    source: LiveSource | Tone = Tone(CHUNKS)
    if live:
        source = LiveSource()
        source.say(BREATH)
    plays = [played(life) for life in lives]
    retries = RetrySettings(limit, 0)
    asked = listening(source, *plays, *[whole] * 20, retries=retries, clock=clock(), connection=HASTY)
    fates = [0] * CHUNKS
    for number, event in enumerate(events_to_the_end(asked, source)):
        if isinstance(source, LiveSource):
            source.say(BREATH) if number < 2 else source.end()
        if number == stop_after:
            asked.end_input()
        if isinstance(event, Final | Gap):
            assert event.begin_ms % 100 == event.end_ms % 100 == 0
            for chunk in range(event.begin_ms // 100, event.end_ms // 100):
                fates[chunk] += 1
    captured = asked.result.end // RATE.samples(100)
    if live and not any(fates):
        assert asked.result.undecided in {(), ((0, captured * 100),)}
        fates = [int(bool(asked.result.undecided))] * captured + fates[captured:]
    else:
        assert asked.result.undecided == ()
    assert fates == [1] * captured + [0] * (CHUNKS - captured)
    if limit == 20:
        assert asked.result.error is None
        assert captured == CHUNKS or stop_after is not None
