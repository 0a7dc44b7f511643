"""The sessions of a run while their services are called: what a person is told, and when."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event as Flag

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import ConnectFailed
from asrcli.core.events import Ended, Event, Final, Notice, Progress, Ready
from asrcli.core.interfaces import Source
from asrcli.core.settings import ConnectionSettings
from asrcli.core.transcript import Transcript
from asrcli.engine.connection_pool import Dial
from asrcli.runs.run import ConcurrentSources, Run
from tests.support.handshake import Tone, Wire
from tests.support.listener import Listener
from tests.support.live_session import LiveSource, saying
from tests.support.run_plans import plan


def test_a_device_whose_call_fails_is_reported_while_the_others_go_on() -> None:
    """Who speaks into it for an hour has to know at once, and what it had captured is in the account as lost."""
    taken = Flag()

    class Labelled(LiveSource):
        def __init__(self, speaker: str) -> None:
            super().__init__()
            self.speaker = speaker
            self.say(5)

        def chunks(self, start: int) -> Iterator[Chunk | Event]:
            """All that was said; the call fails when all of it was taken."""
            yield from super().chunks(start)
            taken.set()

    class Hearing(Listener):
        def handle(self, event: Event, transcript: Transcript) -> None:
            """End the other device when the error is known."""
            super().handle(event, transcript)
            if isinstance(event, Notice) and event.level == "warning":
                anna.end()

    anna, bob = Labelled("Anna"), Labelled("Bob")
    bob.end()
    served = plan(saying())

    def dial_for(source: Source, dial: Dial) -> Dial:
        def refuse(url: str, connection: ConnectionSettings) -> Wire:
            del connection
            taken.wait(60)
            raise ConnectFailed(url, "nobody there")

        return refuse if source is bob else dial

    listener = Hearing()
    asked = replace(served, recorded=dial_for, describe=lambda error: f"{error}; do this")
    with pytest.raises(ConnectFailed):
        Run(asked, [listener]).transcribe([ConcurrentSources((anna, bob))])
    (warning,) = (each.text for each in listener.of(Notice) if isinstance(each, Notice) and each.level == "warning")
    assert warning.startswith("Bob is not transcribed any more: cannot connect to ws://test/")
    assert warning.endswith("nobody there; do this")
    account = listener.events[-1]
    assert isinstance(account, Ended)
    assert (account.audio_ms, account.lost_ms) == (1000, 500)


def test_a_service_that_is_slow_to_answer_is_called_on_the_screen() -> None:
    """Progress without audio says so, as soon as half a second has passed; only where somebody looks at it."""
    seen = Flag()

    class Screen(Listener):
        shows_progress = True

        def handle(self, event: Event, transcript: Transcript) -> None:
            """Let the service answer once the screen knows that it is called."""
            super().handle(event, transcript)
            if event == Progress(0):
                seen.set()

    def slow(url: str, connection: ConnectionSettings) -> Wire:
        assert seen.wait(60)
        return quick.dial(url, connection)  # type: ignore[return-value]

    quick = plan(saying(Final("1", 0, 300, "one")))
    screen = Screen()
    Run(replace(quick, dial=slow), [screen]).transcribe([Tone(3)])
    kinds = [type(event) for event in screen.events if not isinstance(event, Notice)]
    assert kinds[:2] == [Progress, Ready]
