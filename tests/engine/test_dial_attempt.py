"""An attempt to connect: its end is delivered, and a connection that nobody wants any more is closed."""

import pytest

from asrcli.core.errors import ConnectFailed
from asrcli.core.interfaces import Transport
from asrcli.core.message import Closed
from asrcli.engine.dial_attempt import DialAttempt, Dialled
from tests.support.handshake import Wire


def test_the_end_of_an_attempt_is_the_connection_or_the_reason() -> None:
    """Whoever takes it gets one or the other."""
    wire, ends = Wire(), list[Dialled]()
    attempt = DialAttempt(lambda: wire, ends.append)
    attempt.run()
    assert (ends, attempt.take()) == ([Dialled(attempt)], wire)

    def refuse() -> Transport:
        raise ConnectFailed("ws://test", "nobody is there")

    failed = DialAttempt(refuse, ends.append)
    failed.run()
    assert ends[1:] == [Dialled(failed)]
    with pytest.raises(ConnectFailed, match="nobody is there"):
        failed.take()


@pytest.mark.parametrize("early", [True, False], ids=["while it dials", "behind its end"])
def test_an_attempt_that_is_given_up_leaves_no_connection_open(early: bool) -> None:
    """Whenever that happens; who has taken the connection keeps it."""
    wire, ends = Wire(), list[Dialled]()

    def dial() -> Transport:
        if early:
            attempt.cancel()
        return wire

    attempt = DialAttempt(dial, ends.append)
    attempt.run()
    attempt.cancel()
    assert (ends, wire.recv()) == ([Dialled(attempt)], Closed(1000))
    kept = Wire()
    attempt = DialAttempt(lambda: kept, ends.append)
    attempt.run()
    assert attempt.take() is kept
    attempt.cancel()
    kept.say(Closed(1001))
    assert kept.recv() == Closed(1001)
