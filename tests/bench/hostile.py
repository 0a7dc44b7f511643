"""Attacks on `asr serve`, beside a client that pays: `python -m tests.bench.hostile [--minutes 5] [--pace A]`.

    [--keys] [--tls] [KIND...]

The paying client has five connections and streams in tasks of ten seconds: first alone, then while the attackers of
tests/bench/attackers.py attack another server on this machine, then while they attack its own, then alone again. What
the second part costs, the busy machine costs in any case. A pace is the most attacks that begin in a second. With
--keys the server wants a key, and the attackers have another one than the client that pays, which has a process of its
own; with --tls it wants TLS.
Kinds are those of the attackers: all, or those that are named.

Beside the streams a visitor opens a connection five times in a second: how many were answered, refused or reset.

Prints how late its results were in each part, what it lost, and memory, descriptors, threads and the log of the server.
The exit code is 1 where the client lost anything, the server went on growing, or its log has a traceback. How late
results are is for you to judge.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.support.command import Running, environment, started
from tests.support.tls import certified

ALONE_S, SETTLE_S = 20.0, 20.0  # the server drops clients that read nothing after 10 s
ELSEWHERE_S = 60.0  # of attacks on another server; in a short run, half of what follows
GROWTH_MB, DESCRIPTORS = 24, 256
CONNECTIONS = 150
KEYS = {"paying": "sk-paying", "other": "sk-other"}
LIMITS = {"paying": "reserved=10", "other": ""}


def python(module: str, *arguments: object) -> "subprocess.Popen[str]":
    """A process of ours, beside the server."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(PYTHONWARNINGS="ignore"))


def figures(process: "subprocess.Popen[str]", within_s: float) -> dict[str, Any]:
    """What it says at its end."""
    said, _ = process.communicate(timeout=within_s)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def paying(address: str, seconds: float) -> "subprocess.Popen[str]":
    """The client that pays."""
    key = ("--client-key", KEYS["paying"])
    return python("tests.bench.load", address, "--warm", 1, "--span", seconds, "--task", 10, "--streams", 5, *key)


def all_of(server: psutil.Process) -> list[psutil.Process]:
    """The server and its processes for keys."""
    return [server, *server.children()]


def resident_bytes(server: psutil.Process) -> int:
    """The memory of all of them."""
    return sum(each.memory_info().rss for each in all_of(server))


def used_s(server: psutil.Process) -> float:
    """The CPU of all of them."""
    return sum(sum(each.cpu_times()[:2]) for each in all_of(server))


def state(server: psutil.Process) -> str:
    """Memory, descriptors and threads of the server."""
    parts = (
        f"{each.memory_info().rss / 1e6:.1f} MB, {each.num_fds()} open files, {each.num_threads()} threads"
        for each in all_of(server)
    )
    return " and ".join(parts)


def shown(name: str, found: dict[str, Any]) -> str:
    """The client's part in a line."""
    late = ", ".join(f"{each} {found[each]:.1f}" for each in ("p50", "p95", "p99", "max"))
    return (
        f"{name:<18} results late by {late} ms; {found['results']} results, {found['tasks']} tasks, "
        f"{found['lost']} s lost, load {os.getloadavg()[0]:.1f} {' '.join(found['errors'])}"
    )


def attack(address: str, seconds: float, pace: float, kinds: Sequence[str]) -> "subprocess.Popen[str]":
    """Begin to attack a server. What the attackers use is another machine's CPU: theirs comes last."""
    attackers = python("tests.bench.attackers", address, seconds, *kinds, "--pace", pace, "--client-key", KEYS["other"])
    os.setpriority(os.PRIO_PROCESS, attackers.pid, 15)
    if os.sched_getscheduler(0) == os.SCHED_FIFO:  # this measurement comes before all other programs
        os.sched_setscheduler(attackers.pid, os.SCHED_FIFO, os.sched_param(1))
    return attackers


class Measured:
    """A server under attack, and the client that pays.

    Args:
        address: Of the server.
        process: The server.
        pace: The attacks that begin in a second; 0 for as many as can be.
        kinds: Of attacks; none for all.
    """

    def __init__(self, address: str, process: psutil.Process, pace: float, kinds: Sequence[str] = ()) -> None:
        self.address, self.process, self.pace, self.kinds = address, process, pace, kinds
        self.kept = True
        self.middle_bytes = 0

    def part(self, name: str, seconds: float, attacked: str = "") -> None:
        """Measure the client for this long, while the server at an address is attacked."""
        client = paying(self.address, seconds)
        begun_s = used_s(self.process)
        if attacked:
            attackers = attack(attacked, seconds, self.pace, self.kinds)
            visitor = python("tests.bench.visitor", self.address, seconds, "--client-key", KEYS["paying"])
            time.sleep(seconds / 2)
            if attacked == self.address:
                print("in the middle:", state(self.process), flush=True)
                self.middle_bytes = resident_bytes(self.process)  # with what was loaded for the first of each kind
            made = figures(attackers, seconds + 60)
            print(f"{sum(made.values())} attacks:", ", ".join(f"{kind} {times}" for kind, times in made.items()))
            print("handshakes beside them:", figures(visitor, seconds + 60))
        found = figures(client, seconds + 60)
        spent_s = used_s(self.process) - begun_s
        print(shown(name, found), flush=True)
        print(f"{'':<18} the server has {state(self.process)}, and used {spent_s / seconds:.2f} cores", flush=True)
        self.kept = self.kept and not found["lost"] and not found["errors"]

    def run(self, seconds: float, elsewhere: str) -> bool:
        """Run all parts; whether the client lost nothing and the server did not grow."""
        self.part("alone", ALONE_S)
        self.part("attacks elsewhere", min(ELSEWHERE_S, seconds / 2), elsewhere)
        self.part("beside attackers", seconds, self.address)
        time.sleep(SETTLE_S)
        self.part("alone again", ALONE_S)
        grown_mb = (resident_bytes(self.process) - self.middle_bytes) / 1e6
        print(f"from the middle to the end the server grew by {grown_mb:+.1f} MB")
        return self.kept and grown_mb < GROWTH_MB


@contextmanager
def server(*options: object) -> Iterator[tuple[str, Running]]:
    """A server with few files."""
    scripted = ("--engine", "scripted", "--max-connections", CONNECTIONS)
    with started("serve", "--port", 0, "--lenient", *scripted, *options) as process:
        address = process.stderr.readline().split(" at ")[1].split()[0]
        # It also logs on standard error: a pipe that nobody reads would stop it.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        yield address, process


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hostile")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--pace", type=float, default=0.0, help="attacks that begin in a second; 0: as many as can be")
    parser.add_argument("--keys", action="store_true", help="the server wants a key")
    parser.add_argument("--tls", action="store_true", help="the server wants TLS")
    parser.add_argument("kinds", nargs="*", help="the kinds of attacks; all, if none is named")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        options: list[object] = []
        if asked.keys:
            keys = Path(folder) / "keys"
            keys.write_text("".join(f"{name} {key} {LIMITS[name]}\n" for name, key in KEYS.items()))
            keys.chmod(0o600)
            options += ["--keys", keys]
        if asked.tls:
            _, certificate, private = certified(Path(folder))
            options += ["--cert", certificate, "--key", private]
        with server("--log-file", log, *options) as (address, process), server(*options) as (elsewhere, _):
            print(
                f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {CONNECTIONS} connections, {DESCRIPTORS} files"
            )
            measured = Measured(address, psutil.Process(process.pid), asked.pace, asked.kinds)
            kept = measured.run(asked.minutes * 60, elsewhere)
        written = log.read_text()
    tracebacks = written.count("Traceback (most recent call last)")
    print(f"the log: {len(written) / 1e3:.0f} KB, {tracebacks} tracebacks")
    if tracebacks:
        at = written.index("Traceback")
        print(written[max(0, at - 300) : at + 2500])
    return not kept or bool(tracebacks)


if __name__ == "__main__":
    sys.exit(main())
