"""Decides when a server sends a heartbeat packet: while a task that asked for them hears no speech. Pure.

Source of the facts: the service's references for server events. They do not say how often a packet comes.
"""

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.events import Partial
from asrcli.protocol.inference import sentence
from asrcli.protocol.json_messages import Json

EVERY_S = 10  # of audio without speech


class Heartbeats:
    """The heartbeat packets of one task. Audio whose size does not tell its length gets none."""

    def __init__(self, *, wanted: bool = False, rate: int = 0) -> None:
        self._bytes_per_s = 0
        if wanted:
            self._bytes_per_s = SAMPLE_BYTES * rate
        self._received_bytes = self._silent_bytes = 0
        self._is_speaking = False

    def due(self, size: int) -> Json | None:
        """Count bytes of audio; returns the output of a packet that is due now."""
        self._received_bytes += size
        self._silent_bytes += size
        if not self._bytes_per_s or self._is_speaking or self._silent_bytes < EVERY_S * self._bytes_per_s:
            return None
        self._silent_bytes = 0
        now_ms = self._received_bytes * 1000 // self._bytes_per_s
        return {"sentence": sentence.write(Partial("0", now_ms, "")) | {"heartbeat": True}}

    def speech(self, *, goes_on: bool) -> None:
        """Note that speech was recognized, and whether its sentence goes on."""
        self._silent_bytes = 0
        self._is_speaking = goes_on
