"""A thread for whose event loop the system has no descriptors left: whoever waits for the thread gets the error."""

import asyncio
import errno
import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

import pytest

from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.counting import Counting
from asrcli.recognizers.in_process import InProcessRecognizer
from asrcli.recognizers.registry import RECOGNIZERS
from asrcli.runs.fallback import Fallback
from asrcli.server.captions.caption_server import CaptionServer
from asrcli.server.local_server import in_background
from tests.support.echo_recognizer import EchoEngine

PATIENCE_S = 60  # no test needs it; a call that never returns shall fail the test and not hang it


def serve() -> None:
    """A server in a thread."""
    with in_background(Counting()):
        raise AssertionError("it has an address")


def show_captions() -> None:
    """The server of the page of captions."""
    CaptionServer(0).start()


def fall_back() -> None:
    """The recognizer that hears what the service does not."""
    Fallback(
        InProcessRecognizer(RECOGNIZERS["counting"], EchoEngine()), RecognitionSettings("m", languages=("en",))
    ).warm()


@pytest.mark.parametrize("start", [serve, show_captions, fall_back])
def test_a_loop_that_cannot_be_made_is_an_error_and_no_endless_wait(
    monkeypatch: pytest.MonkeyPatch, start: Callable[[], None]
) -> None:
    """As with `ulimit -n`, where the modules and the standard streams have taken nearly all of it."""

    def refused() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    ended: SimpleQueue[BaseException] = SimpleQueue()

    def caught() -> None:
        try:
            start()
        except BaseException as exc:  # it is looked at in the thread of the test
            ended.put(exc)

    monkeypatch.setattr(asyncio.events, "new_event_loop", refused)
    Thread(target=caught, daemon=True).start()
    error = ended.get(timeout=PATIENCE_S)
    assert isinstance(error, OSError)
    assert error.errno == errno.EMFILE
