"""Speech that was sent together with the long silence before it, for which a service ends the task."""

import pytest

from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.events import Final, Finished
from asrcli.core.message import Closed
from tests.support.device import Clock
from tests.support.handshake import RATE, Service, Wire
from tests.support.live_session import READY, LiveSource, audio, heard, listening


@pytest.mark.parametrize(("final_ms", "more_tasks"), [(0, 0), (1970, 0), (1850, 1)])
def test_speech_long_after_the_quiet_of_a_late_catch_up_begins_the_next_task(final_ms: int, more_tasks: int) -> None:
    """The quiet before it is not sent again: the service would end that task for silence too, and never hear it.

    A sentence may end before its last sound. What is left of a chunk is not speech; more is sound without text, and is
    tried once more.
    """
    talk, clock = LiveSource(), Clock()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 220)
        clock.now = 1
        if final_ms:
            service.tell(Final("1", 0, final_ms, "before"))
        wire.say(*service.codec.fail("NO_INPUT_AUDIO_ERROR", "no speech"), Closed(1000))

    def rest(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        samples = 0
        while samples < RATE.samples(22_000 - final_ms):
            asked = service.asked()
            assert isinstance(asked, SendAudio)
            samples += len(asked.data) // 2
        clock.now = 2
        wire.say(*service.codec.fail("NO_INPUT_AUDIO_ERROR", "no speech"), Closed(1000))

    def last(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 20 + 20)
        talk.end()
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 2000, 4000, "after"), Finished())
        assert wire

    talk.say(20, quiet=not final_ms)
    talk.say(180, quiet=True)
    talk.say(20)
    asked = listening(talk, first, *[rest] * more_tasks, last, clock=clock)
    texts = [event for event in heard(list(asked.events())) if isinstance(event, Final)]
    assert texts[-1] == Final("1", 20_000, 22_000, "after")
