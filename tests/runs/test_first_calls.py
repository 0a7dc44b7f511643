"""The first calls of sessions that begin at the same time: what one of them reaches is there for all of them."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event as Flag

import pytest

from asrcli.core.causes import Cause
from asrcli.core.errors import AsrError, ConnectFailed
from asrcli.core.events import Ended, Event, Final, Gap, Reconnecting
from asrcli.core.interfaces import Source, Transport
from asrcli.core.settings import ConnectionSettings, RetrySettings
from asrcli.core.transcript import Transcript
from asrcli.engine.connection_pool import Dial
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import ConcurrentSources, Run
from tests.support.handshake import PATIENCE_S, Tone
from tests.support.listener import Listener
from tests.support.live_session import saying
from tests.support.run_plans import plan

SAID = Final("1", 0, 500, "hello")
AT_ONCE = RetrySettings(limit=5, wait_s=0.0)


class Channel(Tone):
    """One channel of a recording of half a second."""

    def __init__(self, speaker: str, *, known: bool = True) -> None:
        super().__init__(5, known=known)
        self.speaker = speaker


class Watched(Listener):
    """It says when a channel calls again."""

    def __init__(self) -> None:
        super().__init__()
        self.calls_again = Flag()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Remember the event."""
        super().handle(event, transcript)
        if isinstance(event, Reconnecting):
            self.calls_again.set()


def calls(asked: RunPlan, fail: Callable[[str, int], AsrError | None], retries: RetrySettings = AT_ONCE) -> RunPlan:
    """The plan, with calls that end as `fail` says for the channel and the number of its call."""

    def recorded(source: Source, dial: Dial) -> Dial:
        made = 0

        def call(url: str, connection: ConnectionSettings) -> Transport:
            nonlocal made
            made += 1
            if (error := fail(source.speaker, made)) is not None:
                raise error
            return dial(url, connection)

        return call

    return replace(asked, recorded=recorded, retries=retries)


def refused() -> ConnectFailed:
    """Nobody listens there."""
    return ConnectFailed("ws://test/", "Connection refused", Cause.NETWORK)


@pytest.mark.parametrize("failures", [1, 2])
def test_a_channel_whose_first_call_fails_before_another_is_ready_calls_again(failures: int) -> None:
    """Both are called at the same time, so that neither knows yet whether the address is right."""
    listener = Watched()

    def fail(speaker: str, number: int) -> ConnectFailed | None:
        if speaker == "right":
            return refused() if number <= failures else None
        assert listener.calls_again.wait(PATIENCE_S)
        return None

    channels = ConcurrentSources((Channel("left"), Channel("right")))
    ended = Run(calls(plan(saying(SAID), saying(SAID)), fail), [listener]).transcribe([channels])
    assert sorted(final.speaker for final in listener.of(Final) if isinstance(final, Final)) == ["left", "right"]
    assert (ended.audio_ms, ended.final_ms, ended.lost_ms) == (1000, 1000, 0)
    assert listener.of(Gap) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_channel_that_cannot_be_had_is_a_gap_from_its_first_to_its_last_second(known: bool) -> None:
    """Every output shows it, and the account has its audio, also where the length of the recording is not known."""
    listener = Watched()

    def fail(speaker: str, number: int) -> ConnectFailed | None:
        del number
        return refused() if speaker == "right" else None

    channels = ConcurrentSources((Channel("left", known=known), Channel("right", known=known)))
    with pytest.raises(ConnectFailed, match="refused"):
        Run(calls(plan(saying(SAID)), fail, RetrySettings(limit=0)), [listener]).transcribe([channels])
    gap, ended = listener.of(Gap)[0], listener.events[-1]
    assert isinstance(gap, Gap)
    assert (gap.speaker, gap.begin_ms, gap.end_ms) == ("right", 0, 500)
    assert "Connection refused" in gap.reason
    assert isinstance(ended, Ended)
    assert (ended.audio_ms, ended.final_ms, ended.lost_ms) == (1000, 500, 500)


@pytest.mark.parametrize("channels", [2, 3])
def test_an_address_that_no_channel_reaches_is_given_up(channels: int) -> None:
    """It is probably mistyped: each channel calls while another may still get through, and not for minutes."""
    made: list[str] = []

    def fail(speaker: str, number: int) -> ConnectFailed | None:
        del number
        made.append(speaker)
        return refused()

    listener = Watched()
    together = ConcurrentSources(tuple(Channel(str(number)) for number in range(channels)))
    with pytest.raises(ConnectFailed, match="refused"):
        # With a wait that grows, however late the system lets the other channels begin.
        Run(calls(plan(), fail, RetrySettings(limit=5, wait_s=0.01)), [listener]).transcribe([together])
    assert len(made) < 200
    assert listener.of(Ended) == listener.of(Gap) == []
