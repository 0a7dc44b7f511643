"""A service that was ready for one session of a run is known to the others: its address is right."""

import pytest

from asrcli.core.causes import Cause
from asrcli.core.client_commands import FinishTask
from asrcli.core.errors import ConnectFailed
from asrcli.core.events import Final, Finished
from asrcli.core.message import Closed
from asrcli.core.settings import RetrySettings
from asrcli.engine.connection_pool import ConnectionPool
from tests.support.handshake import Service, Tone, Wire
from tests.support.live_session import READY, audio, heard, listening

BROKEN = ConnectFailed("ws://test", "Connection reset by peer", Cause.NETWORK)
AT_ONCE = RetrySettings(limit=5, wait_s=0)
SAID = Final("1", 0, 500, "hello")


def serve(service: Service, wire: Wire) -> None:
    """Hear half a second, and close the connection, so that no other session uses it."""
    service.asked()
    service.tell(READY)
    audio(service, 5)
    assert isinstance(service.asked(), FinishTask)
    service.tell(SAID, Finished())
    wire.say(Closed(1000))


@pytest.mark.parametrize("failures", [1, 3])
def test_a_session_waits_for_a_service_that_another_one_has_used(failures: int) -> None:
    """Its own first connection may fail, as any later one may."""
    pool = ConnectionPool()
    assert heard(list(listening(Tone(5), serve, retries=AT_ONCE, idle=pool).events())) == [SAID]
    second = listening(Tone(5), *[BROKEN] * failures, serve, retries=AT_ONCE, idle=pool)
    assert [event for event in second.events() if isinstance(event, Final)] == [SAID]
    assert (second.result.error, second.result.totals.lost_ms) == (None, 0)


def test_an_address_that_nobody_has_reached_is_not_tried_again() -> None:
    """It is probably mistyped: the run ends at once."""
    first = listening(Tone(5), BROKEN, serve, retries=AT_ONCE, idle=ConnectionPool())
    assert heard(list(first.events())) == []
    assert isinstance(first.result.error, ConnectFailed)


def test_another_address_is_another_service() -> None:
    """Its state says nothing about this one."""
    pool = ConnectionPool()
    pool.note_ready("ws://test/elsewhere")
    assert not pool.was_ready("ws://test")
    first = listening(Tone(5), BROKEN, serve, retries=AT_ONCE, idle=pool)
    assert heard(list(first.events())) == []
