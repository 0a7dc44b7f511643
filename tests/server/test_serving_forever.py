"""What a server does to its process."""

import sys

import pytest

from asrcli.core.errors import UsageError
from asrcli.recognizers.scripted import Scripted
from asrcli.server.local_server import LocalServer
from asrcli.server.serving_forever import SWITCH_S, serve_forever


def test_threads_that_decode_give_way_to_the_clients() -> None:
    """Python lets a thread go on for 5 ms by itself, and the loop with all clients waits for it."""
    before = sys.getswitchinterval()
    try:
        with pytest.raises(UsageError):
            serve_forever(LocalServer(Scripted(), port=-1), print)
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    finally:
        sys.setswitchinterval(before)
