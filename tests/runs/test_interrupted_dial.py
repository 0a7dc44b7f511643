"""Runs that are ended while they dial: nothing was heard, and the account says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event as Flag

import pytest

from asrcli.core.errors import ConnectFailed
from asrcli.core.events import Ended
from asrcli.core.settings import ConnectionSettings
from asrcli.runs.run import Run
from tests.runs.test_run import plan
from tests.support.handshake import Tone, Wire
from tests.support.listener import Listener


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "Ctrl-C twice", "finish"])
def test_a_run_that_is_ended_while_it_dials_has_its_account(how: str) -> None:
    """The service has not answered yet: nothing of the file was sent, and the account says so."""
    answered = Flag()

    def dial(url: str, connection: ConnectionSettings) -> Wire:
        del connection
        answered.wait(30)
        raise ConnectFailed(url, "nobody there")

    @contextmanager
    def signalled(ask: Callable[[], object], hurry: Callable[[], object]) -> Iterator[None]:
        if how == "Ctrl-C twice":
            raise KeyboardInterrupt
        {"Ctrl-C": ask, "SIGTERM": hurry, "finish": run.finish}[how]()
        yield

    listener = Listener()
    run = Run(replace(plan(), dial=dial, interruptible=signalled), [listener])
    with suppress(KeyboardInterrupt, ConnectFailed):
        run.transcribe([Tone(5)])
    answered.set()
    ended = listener.events[-1]
    assert isinstance(ended, Ended)
    assert (ended.audio_ms, ended.lost_ms, ended.sentences) == (0, 0, 0)
