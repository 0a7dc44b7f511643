"""A session whose listener leaves it in the middle."""

from threading import Event as Flag

import pytest

from asrcli.core.events import Ready
from asrcli.core.settings import ConnectionSettings
from tests.support.handshake import PATIENCE_S, Service, Tone, Wire, session


@pytest.mark.parametrize("realtime", [False, True])
def test_a_session_that_is_left_ends_though_the_service_says_nothing(realtime: bool) -> None:
    """Nobody waits for its text, so neither the session nor its connection does; the account has what was captured."""
    at_work = Flag()

    def serve(service: Service, wire: Wire) -> None:
        del wire
        service.asked()
        service.tell(Ready("task"))
        service.asked()
        at_work.set()

    tone = Tone(5)
    tone.realtime = realtime
    asked = session(tone, serve, connection=ConnectionSettings("ws://test", idle_timeout_s=1e6))
    events = asked.events()
    while not isinstance(next(events), Ready):
        pass
    assert at_work.wait(PATIENCE_S)
    result = asked.abandon()
    assert asked._ended.wait(PATIENCE_S)
    assert result.broken
    assert result.error is None
