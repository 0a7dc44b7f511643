"""Fixtures for all tests."""

import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.command import serving
from tests.support.handshake import close_wires
from tests.support.microphone import Microphone
from tests.support.wire import finish_task, run_task, wire

# A busy machine and coverage slow an example down; what must be fast has a test that measures it. The examples are the
# same in each run, as those of hypothesis are where CI is set: a change is not refused for what it did not change.
settings.register_profile(
    "unhurried",
    derandomize="ASR_TESTS_RANDOM" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Let the programs under test be interrupted also where the tests run in the background, which ignores signals."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def no_thread_waits() -> Iterator[None]:
    """A test leaves no thread behind that waits for its wire."""
    yield
    close_wires()


@pytest.fixture(autouse=True)
def errors_of_threads_are_seen() -> Iterator[None]:
    """A command that runs in this process prints what ends a thread; in the next test it is a failure again."""
    hooks = threading.excepthook, sys.unraisablehook
    yield
    threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture(autouse=True)
def no_signal_is_remembered() -> None:
    """What asks whether the user has asked for the end is not told of a signal of another test."""
    if "asrcli.terminal.interrupts" in sys.modules:
        sys.modules["asrcli.terminal.interrupts"]._forget_signals()


@pytest.fixture(autouse=True)
def no_line_is_left_out() -> None:
    """The server's log leaves out lines that come too often; those of the tests before do not count."""
    if "asrcli.server.log_filter" in sys.modules:
        for each in sys.modules["asrcli.server.log_filter"].log.filters:
            each._counts.clear()


@pytest.fixture(autouse=True)
def no_address_is_kept() -> None:
    """The answer of a slow lookup serves for a minute, but not in another test, where the name has another address."""
    if "asrcli.transport.name_lookups" in sys.modules:
        sys.modules["asrcli.transport.name_lookups"].LOOKUPS._kept.clear()


@pytest.fixture(scope="session")
def scripted() -> Iterator[str]:
    """The address of a running `asr serve --engine scripted`: one sentence a second."""
    with serving("--engine", "scripted") as (address, _):
        yield address


@pytest.fixture(scope="session")
def embedded() -> Iterator[str]:
    """The address of a running `asr serve` with the embedded recognizer."""
    pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")
    with serving() as (address, _):
        with wire(address) as client:  # once: clients wait ten seconds, and a slow machine may load it for longer
            client.say(run_task(), finish_task())
            client.handle("task-finished")
        yield address


@pytest.fixture
def microphone() -> Iterator[Microphone]:
    """A microphone made of software, 48 kHz mono, that nobody else uses. Its absence is a failure where CI is set."""
    with Microphone() as plugged:
        yield plugged
