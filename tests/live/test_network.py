"""A real network that fails: two hosts in namespaces of this machine, a cable between them that is pulled."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import ASR, Running, environment, lines
from tests.support.counted import counted, covered
from tests.support.tone import wav

pytestmark = pytest.mark.slow

KEY = "sk-of-this-test"
HERE, THERE = "10.99.0.2", "10.99.0.1"


def missing() -> str:
    """Why there are no namespaces here; empty where there are."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    if shutil.which("ip") is None:
        return "needs ip: apt-get install iproute2"
    made = subprocess.run(["ip", "netns", "add", _name("try")], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "del", _name("try")], check=False, capture_output=True)
    return "" if made.returncode == 0 else "this machine makes no network namespaces"


def _name(what: str) -> str:
    return f"asr-{what}-{os.getpid()}"


def ip(*words: str) -> None:
    """Run `ip`."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def hosts() -> Iterator[tuple[str, str]]:
    """Two hosts with a cable between them: the server's and ours."""
    there, here = _name("there"), _name("here")
    try:
        for host in (there, here):
            ip("netns", "add", host)
        ip("link", "add", "cable", "netns", there, "type", "veth", "peer", "name", "cable", "netns", here)
        for host, address in ((there, THERE), (here, HERE)):
            ip("-n", host, "addr", "add", f"{address}/24", "dev", "cable")
            for device in ("cable", "lo"):
                ip("-n", host, "link", "set", device, "up")
        yield there, here
    finally:
        for host in (there, here):
            subprocess.run(["ip", "netns", "del", host], check=False, capture_output=True)


def at(host: str, *arguments: object) -> Running:
    """`asr` on a host."""
    return Running(
        ["ip", "netns", "exec", host, *ASR, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@pytest.fixture
def secret(tmp_path: Path) -> tuple[str, Path]:
    """The option with a file that holds a key. Where there are no namespaces, the test is skipped with the reason."""
    if reason := missing():
        pytest.skip(reason)
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    return "--api-key-file", key


@pytest.mark.parametrize("model", ["fun-asr-realtime", "qwen3-asr-flash-realtime"])
def test_a_cable_that_is_pulled_costs_time_and_nothing_else(
    tmp_path: Path, secret: tuple[str, Path], model: str
) -> None:
    """Nobody says that the connection is gone: it is noticed, tried again, and what was missed is sent."""
    file = wav(tmp_path / "counted.wav", counted(60))
    with (
        hosts() as (there, here),
        at(there, "serve", "--engine", "counting", "--host", THERE, "--port", 8090, *secret) as server,
    ):
        assert " at ws://" in server.stderr.readline()
        patience = ("--pace", 2, "--stall-timeout", 1, "--connect-timeout", 1, "--retry-wait", "0.2", "--retries", 50)
        address = f"ws://{THERE}:8090"
        with at(here, "file", file, "--url", address, "--model", model, "-f", "jsonl", *secret, *patience) as client:
            first = client.read_until('"final"')
            ip("-n", there, "link", "set", "cable", "down")
            again = client.read_until('"reconnect"')
            ip("-n", there, "link", "set", "cable", "up")
            rest, status = client.communicate(timeout=60)
    events = lines(first + again + rest)
    assert (client.returncode, covered(events, 60)) == (0, []), status
    assert events[-1]["reconnects"] >= 1
    assert KEY not in status


@pytest.mark.parametrize("model", ["fun-asr-realtime", "qwen3-asr-flash-realtime"])
def test_a_network_without_version_four_is_a_network(tmp_path: Path, secret: tuple[str, Path], model: str) -> None:
    """The printed address works as it is; that of a link-local address names the interface, in either spelling."""
    file = wav(tmp_path / "counted.wav", counted(10))
    with hosts() as (there, here):
        for host, address in ((there, "1"), (here, "2")):
            ip("-n", host, "addr", "flush", "dev", "cable")
            for net in ("fd00:99::", "fe80::"):
                ip("-n", host, "addr", "add", f"{net}{address}/64", "dev", "cable", "nodad")
        for listens in ("fd00:99::1", "fe80::1%cable"):
            with at(there, "serve", "--engine", "counting", "--host", listens, "--port", 0, *secret) as server:
                url = server.stderr.readline().split(" at ")[1].split()[0]
                assert url.startswith(f"ws://[{listens}]:")
                for spelled in {url, url.replace("%", "%25")}:
                    options = ("--url", spelled, "--model", model, "-f", "jsonl", "--pace", "max", *secret)
                    with at(here, "file", file, *options) as client:
                        said, status = client.communicate(timeout=60)
                    assert (client.returncode, covered(lines(said), 10)) == (0, []), status


def test_a_machine_without_loopback_network_says_what_to_switch_on(secret: tuple[str, Path]) -> None:
    """Nothing can listen at any port there, so no other port is recommended; nor is it for an address elsewhere."""
    with hosts() as (there, _):
        ip("-n", there, "link", "set", "lo", "down")
        ip("-n", there, "addr", "flush", "dev", "lo")
        elsewhere = ("--host", "192.0.2.1", *secret)
        for more, advice in (
            ((), "switch on the loopback network, as"),
            (elsewhere, "choose another --host, an address"),
        ):
            with at(there, "serve", "--engine", "scripted", "--port", 0, *more) as server:
                _, status = server.communicate(timeout=60)
            assert (server.returncode, advice in status.splitlines()[-1]) == (2, True), status
