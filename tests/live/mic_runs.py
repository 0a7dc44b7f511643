"""What tests of `asr mic` share: a run in the background, its end, and what it wrote."""

import signal
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.command import CLIP, PATIENCE_S, Running, lines, started
from tests.support.microphone import Microphone
from tests.support.recording_comparison import Alignment, alignment

TRUTH = CLIP.with_suffix(".txt").read_text().split("\n")


def truth() -> str:
    """What the clip says."""
    return " ".join(" ".join(TRUTH).lower().replace(".", "").split())


@contextmanager
def listening(microphone: Microphone, *arguments: object, **env: str) -> Iterator[Running]:
    """`asr mic` in JSON Lines, once it records and the service is ready."""
    with started("mic", "-f", "jsonl", "-v", *arguments, **microphone.environment, **env) as process:
        process.read_until('"begin"')
        microphone.wait_for_readers()
        yield process


def finish(process: Running, code: int = 0) -> tuple[list[dict[str, Any]], list[str]]:
    """Ctrl-C: what still comes on standard output, and all of standard error."""
    process.send_signal(signal.SIGINT)
    rest, status = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, status
    return lines(rest), status.splitlines()


def texts(events: list[dict[str, Any]]) -> str:
    """The finals as one text."""
    return " ".join(event["text"] for event in events if event["type"] == "final")


def frames(path: Path) -> bytes:
    """The PCM of a WAV file."""
    with wave.open(str(path)) as file:
        pcm: bytes = file.readframes(file.getnframes())
    return pcm


def compared(played: Path, saved: Path) -> Alignment:
    """What was sent held against what was played."""
    return alignment(frames(played), frames(saved))
