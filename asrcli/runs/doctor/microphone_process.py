"""The process that looks at the microphones, for runs/doctor/microphones.py: a sound library may hang or end it.

A JSON line for each step: the back end with its devices, then each device with its level or with what is wrong.
"""

import json
import os
from collections.abc import Callable
from math import isfinite
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends.registry import CaptureBackend, capture_backend
from asrcli.sources.device_reader import LostSamples
from asrcli.sources.loudness import loudness

RATE = 16000
LISTEN_S = 0.4  # to each device
MOST_DEVICES = 8
BEFORE_S = 0.1  # at its beginning: many devices click


def main() -> None:
    """Look, and write what is seen to standard output."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a sound library prints must not get between the lines

    def say(seen: dict[str, Any]) -> None:
        out.write(json.dumps(seen) + "\n")
        out.flush()

    look(say)


def look(say: Callable[[dict[str, Any]], object]) -> None:
    """Look at the back end that asr mic would use, and at each of its devices, the default one first."""
    try:
        backend = capture_backend()
        devices = sorted(backend.devices(), key=lambda device: not device.default)
    except SourceError as exc:
        say({"failed": str(exc)})
        return
    say({"backend": backend.name, "devices": [device.name for device in devices]})
    for device in devices[:MOST_DEVICES]:
        say({"opening": device.name})
        seen: dict[str, Any] = {"device": device.name, "default": device.default}
        try:
            say(seen | {"level": _level(backend, device.index)})
        except SourceError as exc:
            say(seen | {"wrong": str(exc)})


def _level(backend: CaptureBackend, index: int) -> list[float]:
    """Mean and peak of what the device hears now, in dBFS; digital silence is -99.

    Raises:
        SourceError: it cannot be opened or read.
    """
    audio_format = Format(RATE)
    capture = backend.device(str(index)).open(audio_format, instead=False)
    try:
        pcm = b""
        wanted = int((BEFORE_S + LISTEN_S) * RATE) * SAMPLE_BYTES
        while len(pcm) < wanted:
            piece = capture.read()
            if not isinstance(piece, LostSamples):
                pcm += piece
    finally:
        capture.close()
    skip = int(BEFORE_S * RATE) * SAMPLE_BYTES
    return [round(value, 1) if isfinite(value) else -99.0 for value in loudness(pcm[skip:], audio_format)]


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread of a sound library may still hang
