"""Minutes of attacks on `asr serve`, beside a client that pays: `python -m tests.bench.hostile [--minutes 5]`.

The paying client has five connections and streams in tasks of ten seconds: first alone, then beside the attackers of
tests/bench/attackers.py, then alone again. Prints how late its results were in each part, what it lost, and memory,
descriptors, threads and the log of the server. The exit code is 1 where the client lost anything, the server went on
growing, or its log has a traceback. How late results are is for you to judge: attackers and server share the machine,
whose load is printed too.
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
from pathlib import Path
from typing import Any

import psutil

from tests.support.command import environment, serving

ALONE_S, SETTLE_S = 20.0, 20.0  # the server drops clients that read nothing after 10 s
GROWTH_MB, DESCRIPTORS = 24, 256
CONNECTIONS = 150


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
    return python("tests.bench.load", address, "--warm", 1, "--span", seconds, "--task", 10, "--streams", 5)


def state(process: psutil.Process) -> str:
    """Memory, descriptors and threads of the server."""
    return f"{process.memory_info().rss / 1e6:.1f} MB, {process.num_fds()} open files, {process.num_threads()} threads"


def shown(name: str, found: dict[str, Any]) -> str:
    """The client's part in a line."""
    late = ", ".join(f"{each} {found[each]:.1f}" for each in ("p50", "p95", "p99", "max"))
    return (
        f"{name:<18} results late by {late} ms; {found['results']} results, {found['tasks']} tasks, "
        f"{found['lost']} s lost, load {os.getloadavg()[0]:.1f} {' '.join(found['errors'])}"
    )


def attacked(address: str, server: psutil.Process, minutes: float) -> bool:
    """Run all three parts; whether the client lost nothing and the server did not grow."""
    kept, before = True, 0
    for number, name in enumerate(("alone", "beside attackers", "alone again")):
        seconds = minutes * 60 if number == 1 else ALONE_S
        if number == 2:
            time.sleep(SETTLE_S)
        client = paying(address, seconds)
        if number == 1:
            attackers = python("tests.bench.attackers", address, seconds)
            os.setpriority(os.PRIO_PROCESS, attackers.pid, 15)  # theirs is another machine's CPU
            time.sleep(seconds / 2)
            print("in the middle:", state(server), flush=True)
            before = server.memory_info().rss  # with what was loaded for the first of each kind
            made = figures(attackers, seconds + 60)
            print("attacks:", ", ".join(f"{kind} {times}" for kind, times in made.items()), flush=True)
        found = figures(client, seconds + 60)
        print(shown(name, found), flush=True)
        print(f"{'':<18} the server has {state(server)}", flush=True)
        kept = kept and not found["lost"] and not found["errors"]
    grown_mb = (server.memory_info().rss - before) / 1e6
    print(f"from the middle to the end the server grew by {grown_mb:+.1f} MB")
    return kept and grown_mb < GROWTH_MB


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hostile")
    parser.add_argument("--minutes", type=float, default=5.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with serving("--engine", "scripted", "--max-connections", CONNECTIONS, "--log-file", log) as (address, process):
            # It also logs on standard error: a pipe that nobody reads would stop it.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            print(
                f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {CONNECTIONS} connections, {DESCRIPTORS} files"
            )
            kept = attacked(address, psutil.Process(process.pid), minutes)
        written = log.read_text()
    tracebacks = written.count("Traceback (most recent call last)")
    print(f"the log: {len(written) / 1e3:.0f} KB, {tracebacks} tracebacks")
    if tracebacks:
        at = written.index("Traceback")
        print(written[max(0, at - 300) : at + 2500])
    return not kept or bool(tracebacks)


if __name__ == "__main__":
    sys.exit(main())
