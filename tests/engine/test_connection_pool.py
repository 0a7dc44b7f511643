"""Open connections and their pool: each message goes to the session that holds the connection, also the end."""

from collections.abc import Callable

import pytest

from asrcli.core.errors import ConnectionLost
from asrcli.core.message import Closed, Message, Text, Writable
from asrcli.engine.connection_pool import ConnectionPool, OpenConnection
from asrcli.engine.inbox import Inbox, MessageArrived, ThreadCrashed
from tests.support.handshake import PATIENCE_S, Wire
from tests.support.stepping import got

URL = "ws://test"


def opened(inbox: Inbox, url: str = URL) -> tuple[OpenConnection, Wire]:
    """A connection over a wire in memory."""
    wire = Wire()
    return OpenConnection(url, wire, inbox), wire


def test_messages_arrive_in_order_with_their_connection() -> None:
    """And the end is the last of them."""
    inbox = Inbox(1)
    connection, wire = opened(inbox)
    wire.say(Text("one"), Text("two"), Closed(1000, "bye"))
    for message in (Text("one"), Text("two"), Closed(1000, "bye")):
        assert got(inbox, PATIENCE_S, audio=False) == MessageArrived(connection, message)


def test_an_idle_connection_is_used_once_and_for_its_address_only() -> None:
    """The next message goes to the new session."""
    first, second, pool = Inbox(1), Inbox(1), ConnectionPool()
    connection, wire = opened(first)
    pool.park(connection)
    assert pool.take("ws://other", second) is None
    assert pool.take(URL, second) is connection
    assert pool.take(URL, second) is None
    wire.say(Text("for the second"))
    assert got(second, PATIENCE_S, audio=False) == MessageArrived(connection, Text("for the second"))
    assert got(first, 0, audio=False) is None


def test_the_next_session_learns_of_an_end_that_came_while_the_connection_was_idle() -> None:
    """Else it would wait for an answer until its timeout."""
    first, second, pool = Inbox(1), Inbox(1), ConnectionPool()
    connection, wire = opened(first)
    pool.park(connection)
    wire.say(Closed(1001, "idle"))
    assert got(first, PATIENCE_S, audio=False) == MessageArrived(connection, Closed(1001, "idle"))
    assert pool.take(URL, second) is connection
    assert got(second, PATIENCE_S, audio=False) == MessageArrived(connection, Closed(1001, "idle"))


def test_to_close_the_pool_closes_what_is_idle() -> None:
    """And nothing is left to take."""
    inbox, pool = Inbox(1), ConnectionPool()
    connection, _ = opened(inbox)
    pool.park(connection)
    pool.close()
    assert got(inbox, PATIENCE_S, audio=False) == MessageArrived(connection, Closed(1000))
    assert pool.take(URL, inbox) is None


def test_a_fault_of_a_transport_reaches_the_session() -> None:
    """A bug in a transport is no silence."""

    class Buggy(Wire):
        def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
            """Fail."""
            deliver(ZeroDivisionError())

    inbox = Inbox(1)
    OpenConnection(URL, Buggy(), inbox)
    crash = inbox.take(audio=False)
    assert isinstance(crash, ThreadCrashed)
    assert isinstance(crash.error, ZeroDivisionError)


def test_to_send_on_a_lost_connection_raises() -> None:
    """What the transport raises."""
    connection, wire = opened(Inbox(1))
    wire.broken = ConnectionLost("gone", 1006)
    with pytest.raises(ConnectionLost):
        connection.send(Text("x"))
