"""Measures what a fault costs here and with the official SDK: the same audio, server and faults, in one run.

    python -m tests.bench.outage

The audio is counted, so that the server's transcript says which of it was heard. A second of silence before the end
lets the last sentence end by itself.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.command import asr, environment, lines, serving
from tests.support.counted import RATE, counted, spans
from tests.support.tone import wav

CHUNKS = 300
AT = 10 * RATE * 2  # bytes
FAULTS: dict[str, list[dict[str, object]]] = {
    "no fault": [],
    "cut after 10 s": [{"connection": 1, "after_bytes": AT, "do": "cut"}],
    "closed with 1011 after 10 s": [{"connection": 1, "after_bytes": AT, "do": "close", "code": 1011}],
    "a system error after 10 s": [{"connection": 1, "after_bytes": AT, "do": "fail", "code": "SystemError"}],
    "cut every 5 s": [{"after_bytes": AT // 2, "do": "cut"}],
    "cut before the last words": [{"connection": 1, "at": "finish", "do": "cut"}],
    "busy at first (503)": [{"connection": 1, "do": "refuse", "status": 503}],
}
PATIENCE_S = 120


def heard_s(texts: list[str]) -> tuple[float, float]:
    """Seconds that the texts name, and seconds that they name twice."""
    fates = bytearray(CHUNKS * RATE // 10)
    for text in texts:
        for span in spans(text):
            for at in range(max(0, span.begin), span.end):
                fates[at] = min(255, fates[at] + 1)
    return sum(map(bool, fates)) / RATE, sum(fate > 1 for fate in fates) / RATE


def ours(address: str, file: Path) -> list[str]:
    """Texts of `asr file`."""
    done = asr("file", file, "--url", address, "--pace", 10, "-f", "jsonl", "-q")
    return [line["text"] for line in lines(done.stdout) if line["type"] == "final"]


def official(address: str, file: Path) -> list[str]:
    """Texts of the SDK."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.official", "stream", address, str(file)],
        capture_output=True,
        check=False,
        env=environment(DASHSCOPE_API_KEY="none", PYTHONWARNINGS="ignore"),
        timeout=PATIENCE_S,
    )
    last = done.stdout.decode().strip().splitlines()
    texts: list[str] = json.loads(last[-1])["texts"] if last else []
    return texts


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        file = wav(Path(folder) / "counted.wav", counted(CHUNKS))
        print(f"seconds lost and said twice, of {CHUNKS / 10:.0f} s{'asr':>22}{'official SDK':>22}")
        for name, faults in FAULTS.items():
            script = Path(folder) / "faults"
            script.write_text("".join(json.dumps(fault) + "\n" for fault in faults))
            cells = []
            for client in (ours, official):
                with serving("--engine", "counting", "--faults", script, "--quiet") as (address, _):
                    heard, twice = heard_s(client(address, file))
                cells.append(f"{CHUNKS / 10 - heard:.1f} / {twice:.1f}")
            print(f"{name:<43}{cells[0]:>15}{cells[1]:>22}", flush=True)


if __name__ == "__main__":
    main()
