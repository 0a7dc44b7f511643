"""The microphones, as a process of its own sees them: which there are, and how loud each is now."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Timer
from typing import Any

from asrcli.core.audio import CLIPPED_DBFS
from asrcli.core.errors import system_reason
from asrcli.core.settings import apart_from_terminal, without_key
from asrcli.runs.doctor.finding import Finding, note, ok, wrong
from asrcli.sources.backends.input_device import PLAYED
from asrcli.sources.noise_floor import ADVICE, SILENT_DBFS

SUBJECT = "microphone"
WITHIN_S = 6.0  # for all devices together
PROCESS = (sys.executable, "-P", "-m", "asrcli.runs.doctor.microphone_process")


def check_microphones(process: tuple[str, ...] = PROCESS, within_s: float = WITHIN_S) -> Iterator[Finding]:
    """Findings about each input device. The process is ended when it takes too long, and the device is named."""
    null = subprocess.DEVNULL
    try:
        child = subprocess.Popen(
            process, stdin=null, stdout=subprocess.PIPE, stderr=null, env=without_key(os.environ),
            **apart_from_terminal(),
        )  # fmt: skip
    except OSError as exc:
        yield wrong(SUBJECT, f"cannot be looked at: {system_reason(exc)}")
        return
    assert child.stdout is not None  # noqa: S101  it was started with a pipe
    overdue = Event()

    def end() -> None:
        overdue.set()
        child.kill()

    late = Timer(within_s, end)
    late.daemon = True
    late.start()
    current = "the sound system"  # what it looks at
    ended = False
    try:
        for line in child.stdout:
            told = _parsed(line)
            if "opening" in told:
                current = str(told["opening"])
                continue
            ended = "failed" in told or told.get("devices") == []
            current = ""
            yield from _findings(told)
    finally:
        late.cancel()
        child.kill()
        child.wait()
        child.stdout.close()
    if current and not ended:
        how = "ends the program that opens it"
        if overdue.is_set():
            how = f"does not answer within {within_s:.0f} s"
        advice = "unplug it, or name another one to asr mic" if current != "the sound system" else ""
        yield wrong(SUBJECT, f"{current}: {how}", advice)


def _parsed(line: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        value = json.loads(line)
        if isinstance(value, dict):
            return value
    return {}


def _findings(told: dict[str, Any]) -> Iterator[Finding]:
    if "failed" in told:
        yield note(SUBJECT, str(told["failed"]), "files need none")
    elif told.get("devices") == []:
        yield note(SUBJECT, f"none here ({told['backend']} was asked)", "plug one in; files need none")
    elif "backend" in told:
        yield ok(SUBJECT, f"{len(told['devices'])} found by {told['backend']}")
    elif "wrong" in told:
        judge = note
        if told["default"]:
            judge = wrong
        yield judge(SUBJECT, str(told["wrong"]), "is another program using it? asr devices lists what there is")
    elif "level" in told:
        yield _level(str(told["device"]), *told["level"])


def _level(name: str, mean_dbfs: float, peak_dbfs: float) -> Finding:
    heard = f"{name}: {mean_dbfs:.0f} dBFS, peak {peak_dbfs:.0f}"
    if peak_dbfs < SILENT_DBFS and not name.startswith(PLAYED):
        return note(SUBJECT, f"{heard}: silent", ADVICE)
    if peak_dbfs >= CLIPPED_DBFS:
        return note(SUBJECT, f"{heard}: too loud", "turn it down, or step back")
    return ok(SUBJECT, heard)
