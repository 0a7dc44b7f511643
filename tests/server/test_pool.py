"""Worker processes of the embedded recognizer: how many, used again, and gone when they should be."""

import os
import signal

import psutil
import pytest

from asrcli.server.app import in_background
from asrcli.server.recognizers.pool import Pocketsphinx
from tests.support.wire import finish_task, run_task, wait_until, wire

pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")

SECOND = bytes(32000)


def workers() -> list[int]:
    """The process ids of our recognizer's workers."""
    children = psutil.Process().children(recursive=True)
    return [child.pid for child in children if "recognizers.worker" in " ".join(child.cmdline())]


def test_more_sessions_than_the_machine_carries_are_refused_and_not_slowed_down() -> None:
    """The second client is told at once; when the first has ended there is room again."""
    with in_background(Pocketsphinx(max_sessions=1)) as address, wire(address) as first:
        first.say(run_task())
        first.hear("task-started")
        with wire(address) as second:
            second.say(run_task())
            assert second.hear("task-failed")["header"]["error_code"] == "Throttling"
        first.say(SECOND, finish_task())
        first.hear("task-finished")
        with wire(address) as third:
            third.say(run_task(), SECOND, finish_task())
            third.hear("task-finished")


def test_one_worker_serves_task_after_task_and_ends_with_the_server() -> None:
    """Its model is loaded once; nothing stays behind."""
    before = set(workers())
    with in_background(Pocketsphinx("never")) as address, wire(address) as client:
        seen = set()
        for number in ("a", "b", "c"):
            client.say(run_task(number), SECOND, finish_task(number))
            client.hear("task-finished")
            seen |= set(workers()) - before
        assert len(seen) == 1
    assert set(workers()) <= before


def test_a_worker_that_dies_fails_its_task_and_no_other() -> None:
    """The client is told; the next task gets a new worker."""
    before = set(workers())
    with in_background(Pocketsphinx("never")) as address:
        with wire(address) as client:
            client.say(run_task(), SECOND)
            client.hear("task-started")
            (worker,) = set(workers()) - before
            os.kill(worker, signal.SIGKILL)
            assert client.hear("task-failed")["header"]["error_code"] == "InternalError"
        with wire(address) as client:
            client.say(run_task(), SECOND, finish_task())
            client.hear("task-finished")


def test_a_client_that_leaves_in_the_middle_leaves_no_worker_busy() -> None:
    """Its session is given up wherever it is, and there is room again."""
    with in_background(Pocketsphinx("never", max_sessions=1)) as address:

        def served() -> bool:
            with wire(address) as client:
                client.say(run_task("c"), SECOND, finish_task("c"))
                return "task-started" in str(client.hear_next())

        with wire(address) as client:
            client.say(run_task("a"), SECOND)
            client.hear("task-started")
        wait_until(served)
