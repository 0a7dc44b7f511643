"""`asr serve` for those who run it: TLS, keys with limits, health and figures, logs for programs, and its end."""

import json
import os
import shutil
import signal
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from websockets.sync.client import connect

from asrcli.server.serving_forever import WAITS
from tests.support.command import PATIENCE_S, asr, serving, started
from tests.support.tls import certified
from tests.support.wire import INFERENCE, finish_task, run_task, status, wait_until, wire

LOG_BYTES, LINE_BYTES = 80 << 10, 180  # more than a pipe and its reader take; and the least of a line for these tasks
CLIP = Path(__file__).parent.parent / "data" / "meeting-rms.wav"


def get(address: str, path: str, **headers: str) -> tuple[int, str]:
    """The status and the body of a request."""
    request = Request(address.replace("ws://", "http://") + path, headers=headers)  # noqa: S310  loopback
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


@pytest.fixture(scope="module")
def small() -> Iterator[str]:
    """A server that takes one connection."""
    with serving("--engine", "scripted", "--max-connections", 1) as (address, _):
        yield address


def figures(address: str) -> dict[str, float]:
    """The figures of a server, by name and labels."""
    code, body = get(address, "/metrics")
    assert code == 200
    lines = [line.rsplit(" ", 1) for line in body.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_health_readiness_and_figures(small: str) -> None:
    """A full server lives and is not ready; the figures count what has ended, and what was refused."""
    assert get(small, "/healthz") == (200, "ok\n")
    assert get(small, "/readyz") == (200, "ready\n")
    with wire(small) as client:
        client.say(run_task())
        client.handle("task-started")
        assert get(small, "/readyz") == (503, "all 1 connections are taken\n")
        assert get(small, "/healthz/")[0] == 200
        assert status(small, INFERENCE)[0] == 503
        running = figures(small)
        assert (running["asr_connections"], running["asr_tasks_running"]) == (1, 1)
        client.say(bytes(64_000), finish_task())
        client.handle("task-finished")
    wait_until(lambda: get(small, "/readyz")[0] == 200)
    with wire(small) as client:
        client.say("{")
        client.handle("task-failed")
    now = figures(small)
    assert now["asr_tasks_running"] == 0
    assert now['asr_tasks_total{outcome="finished",wire="inference"}'] == 1
    assert now["asr_audio_seconds_total"] == 2
    assert now["asr_sentences_total"] == 2
    assert now['asr_failures_total{code="InvalidParameter"}'] == 1
    assert now['asr_handshakes_refused_total{status="503"}'] >= 1


def test_balancers_may_ask_with_head_and_nobody_with_post(small: str) -> None:
    """The same status as with GET; another method is no missing path."""

    def asked(method: str, path: str) -> int:
        request = Request(small.replace("ws://", "http://") + path, method=method)  # noqa: S310  loopback
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
                status: int = answer.status
                return status
        except HTTPError as refused:
            with refused:
                return refused.code

    assert [asked("HEAD", path) for path in ("/healthz", "/readyz/", "/metrics", "/other")] == [200, 200, 200, 404]
    with wire(small):
        assert [asked("HEAD", path) for path in ("/healthz", "/readyz")] == [200, 503]
    for path in ("/healthz", "/readyz/", "/metrics?x=1"):
        assert [asked(method, path) for method in ("POST", "PUT", "DELETE")] == [405, 405, 405]


def test_no_web_page_reads_the_figures(small: str) -> None:
    """Neither from another origin nor by a name that leads here."""
    assert get(small, "/metrics", Origin="https://evil.example")[0] == 403
    assert get(small, "/healthz", Host="evil.example")[0] == 403


def test_keys_have_names_and_limits_and_are_read_again(tmp_path: Path) -> None:
    """Connections and tasks of one key are bounded, others are not; SIGHUP takes a new file, and no broken one."""
    keys, log = tmp_path / "keys", tmp_path / "log"
    keys.write_text("anna sk-anna connections=1 tasks_per_minute=1\nben sk-ben\n")
    with serving("--engine", "scripted", "--keys", keys, "--log-file", log) as (address, process):
        assert status(address, INFERENCE)[0] == 401
        assert (get(address, "/metrics")[0], get(address, "/healthz")[0]) == (401, 200)
        assert get(address, "/metrics", Authorization="Bearer sk-ben")[0] == 200
        with wire(address, Authorization="Bearer sk-anna") as client:
            code, body = status(address, INFERENCE, Authorization="Bearer sk-anna")
            assert (code, body["code"]) == (429, "Throttling")
            assert status(address, INFERENCE, Authorization="Bearer sk-ben")[0] == 101
            client.say(run_task(), finish_task())
            client.handle("task-finished")
            client.say(run_task("u"))
            assert client.handle("task-failed")["header"]["error_code"] == "Throttling.RateQuota"
        keys.write_text("nonsense")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the keys stay as they were" in log.read_text())
        assert status(address, INFERENCE, Authorization="Bearer sk-ben")[0] == 101
        keys.write_text("carl sk-carl\n")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: status(address, INFERENCE, Authorization="Bearer sk-carl")[0] == 101)
        assert status(address, INFERENCE, Authorization="Bearer sk-ben")[0] == 401
    assert "sk-" not in log.read_text()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_server_speaks_tls(tmp_path: Path) -> None:
    """Sockets, single requests and our own client, which trusts the certificate when it is told to."""
    _, certificate, key = certified(tmp_path)
    tls = ssl.create_default_context(cafile=certificate)
    arguments = ("serve", "--port", 0, "--engine", "scripted", "--cert", certificate, "--key", key)
    with started(*arguments) as process:
        address = process.stderr.readline().split(" at ")[1].split()[0]
        assert address.startswith("wss://127.0.0.1:")
        with connect(address + INFERENCE, ssl=tls, proxy=None):
            pass
        done = asr("file", CLIP, "--url", address, "--ca", certificate, "--format", "text", "--pace", "max")
        assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("quiet", [("--quiet",), ()], ids=["quiet", "loud"])
def test_a_certificate_that_ends_soon_is_named_at_the_start(tmp_path: Path, quiet: tuple[str, ...]) -> None:
    """Once on standard error, and once in the log."""
    _, certificate, key = certified(tmp_path)
    tls = ("--cert", certificate, "--key", key, "--log-file", tmp_path / "log")
    with started("serve", "--port", 0, "--engine", "scripted", *tls, *quiet) as process:
        assert " at wss://" in process.stderr.readline()
        wait_until(lambda: f"--cert {certificate} expires on " in (tmp_path / "log").read_text())
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert said.count(" expires on ") == 1
    assert (tmp_path / "log").read_text().count(" expires on ") == 1


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_what_is_wrong_with_a_certificate_is_one_line(tmp_path: Path) -> None:
    """Before the server listens."""
    _, certificate, key = certified(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    _, _, other_key = certified(other)
    locked = tmp_path / "locked.pem"
    os.system(f"openssl rsa -aes128 -passout pass:x -in {key} -out {locked} 2>/dev/null")  # noqa: S605  fixed words
    for arguments, problem in (
        (["--key", key], "--key without --cert"),
        (["--cert", key], "holds no certificate with its private key"),
        (["--cert", certificate], "holds no certificate with its private key"),
        (["--cert", certificate, "--key", other_key], "belongs to another private key"),
        (["--cert", certificate, "--key", locked], f"{locked} has a password"),
        (["--cert", tmp_path / "none"], f"--cert {tmp_path / 'none'}: No such file or directory"),
        (["--cert", tmp_path / "none", "--key", key], f"--cert {tmp_path / 'none'}: No such file or directory"),
        (["--cert", certificate, "--key", tmp_path / "none"], f"--key {tmp_path / 'none'}: No such file or directory"),
        (["--keys", key, "--api-key-file", key], "--api-key-file with --keys"),
    ):
        done = asr("serve", "--port", 0, *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert problem in done.stderr


def test_the_log_is_json_where_that_is_wanted(tmp_path: Path) -> None:
    """On the screen and in the file, an object on each line with a time, a level and a message."""
    log = tmp_path / "log"
    with serving("--engine", "scripted", "--log-format", "json", "--log-file", log) as (address, process):
        with wire(address) as client:
            client.say(run_task(), bytes(32_000), finish_task())
            client.handle("task-finished")
            client.say("{")
            client.handle("task-failed")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        shown = [json.loads(line) for line in process.stderr.read().splitlines() if not line.startswith("asr: ")]
    kept = [json.loads(line) for line in log.read_text().splitlines()]
    for records in (shown, kept):
        assert any(record["message"].startswith("finished wire=inference") for record in records)
        assert {"time", "level", "logger", "message"} <= records[0].keys()
        assert records[0]["time"].endswith("Z")


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    """Standard error is a pipe that is full: clients get their words, and SIGTERM ends the server."""
    with serving("--engine", "scripted") as (address, process), wire(address) as client:
        for number in range(LOG_BYTES // LINE_BYTES):
            name = f"{number:060}"
            start = run_task(name)
            start["payload"]["model"] = "m" * 60
            client.say(start, finish_task(name))
            client.hear_all("task-finished")
        client.say(run_task(), bytes(32_000), finish_task())
        heard = client.hear_all("task-finished")
        assert heard[-2]["payload"]["output"]["sentence"]["text"] == "sentence 1"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("is_busy", [True, False])
def test_who_stops_a_server_that_waits_for_a_task_is_told(tmp_path: Path, is_busy: bool) -> None:
    """In the log, which is on the screen: otherwise it looks as if the signal was lost. An idle server just stops."""
    log = tmp_path / "log"
    options = ("--engine", "scripted", "--drain", "0.6", "--log-file", str(log))
    with serving(*options) as (address, process), wire(address) as client:
        if is_busy:
            client.say(run_task())
            client.handle("task-started")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert (WAITS in log.read_text("utf-8")) == is_busy


def test_it_waits_for_running_tasks_no_longer_than_it_may() -> None:
    """After SIGTERM it is not ready, and it ends although a task runs."""
    with serving("--engine", "scripted", "--drain", "0.6") as (address, process), wire(address) as client:
        client.say(run_task())
        client.handle("task-started")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: get(address, "/readyz") == (503, "the server stops\n"))
        assert process.wait(PATIENCE_S) == 0
        assert 0.5 < time.monotonic() - began < 15
