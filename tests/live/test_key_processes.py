"""Keys with reserved places have a process of their own: what happens to the server does not reach their clients."""

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from asrcli.terminal.interrupts import TWICE_S
from tests.support.command import serving
from tests.support.raw_websocket import frame, handshake
from tests.support.requirements import needs_pocketsphinx
from tests.support.served_keys import KEYS, SECOND, Served, begin, finals, served_by
from tests.support.wire import INFERENCE, finish_task, run_task, status, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a connection cannot be handed over there")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """With the scripted recognizer."""
    with served_by("scripted", tmp_path) as there:
        yield there


def test_what_stops_the_server_does_not_stop_a_client_with_its_own_process(served: Served) -> None:
    """All that others can do is to keep the server busy: stopped it is as busy as it can be."""
    with served.client() as client:
        begin(client)
        served.process.send_signal(signal.SIGSTOP)
        try:
            client.say(*[SECOND] * 3, finish_task())
            assert finals(client.hear_all("task-finished")) == 3
        finally:
            served.process.send_signal(signal.SIGCONT)


def test_only_keys_with_reserved_places_have_one(served: Served) -> None:
    """Another key has none, nor has a key that is wrong."""
    assert served.serves_itself("sk-other")
    assert status(served.address, INFERENCE, Authorization="Bearer sk-wrong")[0] == 401
    wait_until(lambda: served.figures()["asr_connections"] == 0)


def test_what_came_after_the_handshake_goes_with_it(served: Served) -> None:
    """A client need not wait for the answer, and its first messages may come in pieces."""
    host, port = served.address.removeprefix("ws://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        told = (
            frame(json.dumps(run_task()).encode(), 1) + frame(SECOND, 2) + frame(json.dumps(finish_task()).encode(), 1)
        )
        sent = handshake(host, INFERENCE, "Authorization: Bearer sk-paying") + told
        for at in range(0, len(sent), 7000):
            line.sendall(sent[at : at + 7000])
        heard = b""
        while b"task-finished" not in heard:
            more = line.recv(65536)
            assert more, heard
            heard += more
    assert heard.startswith(b"HTTP/1.1 101")
    assert heard.count(b'"sentence_end":true') + heard.count(b'"sentence_end": true') == 1


def test_connections_and_figures_count_where_they_are_asked_for(served: Served) -> None:
    """One limit for the whole server, one page of figures, one log."""
    before = served.figures()
    with served.client() as client, served.client("sk-other") as other:
        begin(client)
        begin(other)
        assert served.figures()["asr_connections"] == 2
        for each in (client, other):
            each.say(SECOND, finish_task())
            each.handle("task-finished")
    wait_until(lambda: served.figures()["asr_connections"] == 0)
    after = served.figures()
    ended = 'asr_tasks_total{outcome="finished",wire="inference"}'
    assert after[ended] - before.get(ended, 0) == 2
    assert after["asr_audio_seconds_total"] - before["asr_audio_seconds_total"] == 2
    logged = [served.process.stderr.readline() for _ in range(2)]
    assert all(" finished wire=inference " in line for line in logged), logged


def test_limits_of_a_key_hold_there_and_a_reload_changes_them(served: Served) -> None:
    """Connections are counted by the server, tasks by the process."""
    served.reload(KEYS.replace("connections=8", "connections=4 tasks_per_minute=1"))

    def refused() -> bool:
        with served.client() as client:
            client.say(run_task())
            return "Throttling.RateQuota" in client.hear_next()["header"].values()

    wait_until(refused)  # the process learns of it a moment after the log
    wait_until(lambda: served.figures()["asr_connections"] == 0)
    with served.client(), served.client(), served.client(), served.client():
        assert status(served.address, INFERENCE, Authorization="Bearer sk-paying")[0] == 429


def test_a_key_gets_and_loses_its_process_with_a_reload(served: Served) -> None:
    """What is open stays open."""
    with served.client() as client:
        begin(client)
        served.reload("paying sk-paying\nother sk-other reserved=2\n")
        client.say(SECOND, finish_task())
        client.handle("task-finished")
    wait_until(lambda: served.figures()["asr_connections"] == 0)
    assert served.serves_itself("sk-paying")
    wait_until(lambda: not served.serves_itself("sk-other"))


def test_temporary_keys_go_where_their_key_goes(served: Served) -> None:
    """A browser's key was made by the server, and its connection goes to the process."""
    temporary = json.loads(served.answer("/api/v1/tokens", b""))["token"]
    assert not served.serves_itself(temporary)


def test_a_process_that_dies_is_started_again(served: Served) -> None:
    """Its clients see their connection end, and connect again at once."""
    first = served.child()
    with served.client() as client:
        begin(client)
        first.kill()
        assert client.closed() == 1011
    assert "ended with status -9" in served.process.stderr.readline()
    with served.client() as client:
        begin(client)
        client.say(SECOND, finish_task())
        client.handle("task-finished")
    wait_until(lambda: served.figures()["asr_connections"] == 0)
    served.wait_for_child()
    assert served.child().pid != first.pid


def test_running_tasks_may_end_before_the_server_does(served: Served) -> None:
    """SIGTERM, as systemd sends it, to both."""
    child = served.child()
    with served.client() as client:
        begin(client)
        child.send_signal(signal.SIGTERM)
        served.process.send_signal(signal.SIGTERM)
        wait_until(lambda: status(served.address, INFERENCE, Authorization="Bearer sk-paying")[0] == 503)
        client.say(SECOND, finish_task())
        assert finals(client.hear_all("task-finished")) == 1
        assert client.closed() == 1001
    assert served.process.wait(60) == 0
    assert not child.is_running()


def test_a_second_signal_ends_it_at_once(served: Served) -> None:
    """Also where a process has tasks."""
    child = served.child()
    with served.client() as client:
        begin(client)
        served.process.send_signal(signal.SIGINT)
        wait_until(lambda: status(served.address, INFERENCE, Authorization="Bearer sk-paying")[0] == 503)
        time.sleep(2 * TWICE_S)  # two signals so close together are one
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(60) == 130  # 0 when the server has waited for the task, as for one signal
        wait_until(lambda: not child.is_running())


def test_without_the_server_the_process_ends_after_its_tasks(served: Served) -> None:
    """Nobody would take its results into account any more, and nobody else would end it."""
    child = served.child()
    with served.client() as client:
        begin(client)
        served.process.kill()
        served.process.wait()
        client.say(SECOND, finish_task())
        assert finals(client.hear_all("task-finished")) == 1
        assert client.closed() == 1001
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@needs_pocketsphinx
def test_lists_of_hot_words_are_found(tmp_path: Path) -> None:
    """The server has them; the recognizer that gets them is in the process, and says of which it knows nothing."""
    with served_by("pocketsphinx", tmp_path) as served:
        body = {
            "model": "speech-biasing",
            "input": {
                "action": "create_vocabulary",
                "target_model": "m",
                "prefix": "a",
                "vocabulary": [{"text": "qxzzy", "weight": 4}],
            },
        }
        name = json.loads(served.answer(HOTWORD_LISTS_PATH, json.dumps(body).encode()))["output"]["vocabulary_id"]
        with served.client() as client:
            begin(client, vocabulary_id=name)
            client.say(SECOND, finish_task())
            client.handle("task-finished")
        served.process.send_signal(signal.SIGTERM)
        assert "hot words qxzzy" in served.process.stderr.read()


@pytest.mark.parametrize(("keys", "is_told"), [(KEYS, True), ("paying sk-paying\n", False)])
def test_where_there_is_no_such_process_the_server_says_so(tmp_path: Path, keys: str, is_told: bool) -> None:
    """Only if a key would have one."""
    file = tmp_path / "keys"
    file.write_text(keys)
    file.chmod(0o600)
    with serving("--engine", "scripted", "--keys", file, "--chaos", 1) as (_, process):
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    line = "asr: with --chaos keys with reserved places have no process of their own\n"
    assert (line in said) is is_told, said
