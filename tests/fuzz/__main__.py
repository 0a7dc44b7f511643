"""Fuzzes every target for crashes and growing memory: `make fuzz [FUZZ_SECONDS=600]`, the time for each target.

    python -m tests.fuzz --seconds 60 journal-index server-http

Without names it is every target, one after the other, each in a process of its own: both sides of the codecs, requests
and HTTP of the local server, journals, WAV headers, lists of hot words and the other files that options name. What
crashes, takes longer than a second or grows is told, with its input, and makes the exit code 1; the others still run.
"""

import argparse
import subprocess
import sys

from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run the targets."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=600, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the random inputs")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(TARGETS)}; without any, all")
    asked = parser.parse_args()
    if unknown := [name for name in asked.targets if name not in TARGETS]:
        parser.error(f"no target is called {unknown[0]}; there are {', '.join(TARGETS)}")
    wrong = []
    for name in asked.targets or TARGETS:
        one = [sys.executable, "-m", "tests.fuzz.one", name, str(asked.seconds), str(asked.seed)]
        if code := subprocess.run(one, check=False).returncode:
            wrong.append(f"{name} (exit code {code})")
    if wrong:
        print(f"wrong: {', '.join(wrong)}", flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
