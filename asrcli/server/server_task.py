"""One running task of a client: what belongs to it, and its figures for the log."""

import time
from typing import TYPE_CHECKING

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.client_commands import StartTask
from asrcli.core.errors import shorten
from asrcli.recognizers.interface import RecognizerStream
from asrcli.server.limits import ServerLimits, SilenceTimer
from asrcli.server.service_rules import sends_partials
from asrcli.server.task_audio import TaskAudio

if TYPE_CHECKING:
    import asyncio


class ServerTask:
    """One running task: its stream of the recognizer, its silence, and the figures for the log.

    Attributes:
        wire: The name of its wire, as the registry of the wires calls it.
        sends_partials: The client gets the results of open sentences.
    """

    def __init__(
        self, stream: RecognizerStream, start: StartTask, wire: str, limits: ServerLimits, *, accepts_idle: bool
    ) -> None:
        recognition = start.recognition
        self.stream = stream
        self.wire = wire
        self.recognition = recognition
        self.audio = TaskAudio(start.audio_format, recognition.rate)
        self.silence = SilenceTimer(
            limits.silent_s, recognition.rate * SAMPLE_BYTES, accepts_idle or bool(recognition.heartbeat)
        )
        self.sends_partials = sends_partials(recognition)
        self.received_bytes = self.sentences = 0
        self.began_at = time.monotonic()
        self.relay: asyncio.Task[None] | None = None
        self.finishing = False  # the recognizer has got FinishTask

    async def close(self) -> None:
        """End its decoder and its stream of the recognizer."""
        self.audio.close()
        await self.stream.close()

    def outcome(self, task_id: str, how: str) -> str:
        """Return one line for the log; it never contains any of the transcript."""
        audio_s = self.received_bytes / SAMPLE_BYTES / self.recognition.rate
        took_s = time.monotonic() - self.began_at
        figures = f"audio={audio_s:.2f}s sentences={self.sentences} took={took_s:.2f}s"
        return (
            f"{how} wire={self.wire} model={shorten(self.recognition.model, 60)} task={shorten(task_id, 60)} {figures}"
        )
