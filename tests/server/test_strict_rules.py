"""What the service refuses: unknown models, lists for them, updates too soon, tasks without audio; and --lenient."""

from datetime import datetime, timedelta

import pytest

from asrcli.core.errors import ServiceRefused
from asrcli.dashscope.hotwords import HotWord
from asrcli.protocol.http.answers import error_status
from asrcli.protocol.http.hotword_lists import CreateList, DeleteList, UpdateList
from asrcli.recognizers.scripted import Scripted
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from tests.support.command import asr, started
from tests.support.wire import REALTIME, finish_task, run_task, wire

STRICT = ServerLimits(lenient=False)
WORDS = (HotWord("Quito"),)


def test_a_model_that_the_service_does_not_have_is_not_found() -> None:
    """On the wire with tasks, with the service's code; the connection is closed after it."""
    with in_background(Scripted(), STRICT) as address, wire(address) as client:
        client.say(run_task())
        assert client.handle("task-failed")["header"]["error_code"] == "ModelNotFound"


def test_a_task_without_audio_fails_and_one_with_audio_does_not() -> None:
    """Also for the second task of a connection."""
    known = run_task()
    known["payload"]["model"] = "fun-asr-realtime"
    with in_background(Scripted(), STRICT) as address, wire(address) as client:
        client.say(known, bytes(32_000), finish_task())
        client.handle("task-finished")
        client.say(known, finish_task())
        assert client.handle("task-failed")["header"]["error_code"] == "NO_INPUT_AUDIO_ERROR"


def test_the_wire_of_sessions_ends_without_audio_as_the_service_s_does() -> None:
    """session.finish before any speech is answered by session.finished."""
    with in_background(Scripted(), STRICT) as address, wire(address, f"{REALTIME}?model=m") as client:
        client.say({"type": "session.finish"})
        client.handle("session.finished")


def test_a_list_may_be_updated_again_after_five_minutes() -> None:
    """Not before; the first update after its creation may come at once, and other lists are not concerned."""
    now = [datetime(2026, 11, 28)]
    store = HotWordStore(lambda: now[0], lambda: str(now[0].minute), lenient=False)
    with pytest.raises(ServiceRefused) as refused:
        store.run(CreateList("m", "a", WORDS))
    assert (refused.value.code, error_status(refused.value.code)) == ("ModelNotFound", 404)
    first, second = (store.run(CreateList("fun-asr-realtime", each, WORDS))["vocabulary_id"] for each in "ab")
    store.run(UpdateList(first, WORDS))
    now[0] += timedelta(minutes=4, seconds=59)
    with pytest.raises(ServiceRefused, match="less than 5 minutes ago") as refused:
        store.run(UpdateList(first, WORDS))
    assert error_status(refused.value.code) == 429
    store.run(UpdateList(second, WORDS))
    now[0] += timedelta(seconds=1)
    store.run(UpdateList(first, WORDS))
    store.run(DeleteList(first))


def test_asr_serve_is_strict_by_default() -> None:
    """A lenient server is asked for; workers are for engines that have some."""
    with started("serve", "--port", 0, "--engine", "scripted") as process:
        address = process.stderr.readline().split(" at ")[1].split()[0]
        with wire(address) as client:
            client.say(run_task())
            assert client.handle("task-failed")["header"]["error_code"] == "ModelNotFound"
    done = asr("serve", "--port", 0, "--engine", "scripted", "--workers", 2)
    assert done.returncode == 2
    assert "--workers with --engine scripted: that engine runs without worker processes" in done.stderr
