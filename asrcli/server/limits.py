"""How much and how long the server bears: sizes, and the service's rules on silence. No clock inside."""

from dataclasses import dataclass

from asrcli.core.errors import shorten
from asrcli.core.settings import RecognitionSettings

RATES = range(4000, 192_001)
MOST_HOTWORDS = 2000  # the largest list of the service
LONGEST_HOTWORD = 200  # characters


@dataclass(frozen=True)
class ServerLimits:
    """What a connection may ask of the server; the times are the service's own.

    Attributes:
        message_bytes: The largest message; the realtime wire's own limit is 15 MiB of base64.
        backlog_bytes: Audio that waits for the recognizer; beyond it nothing is read, and the client has to wait.
        unread_s: A client that takes nothing of what it is sent for so long is dropped.
        connections: At once.
        unheard_s: A task during which nothing arrives for so long has failed.
        silent_s: A task without heartbeat that brings no speech for so long is ended.
        between_s: A connection without a task is closed after so long.
        forgotten_s: So long a client may say nothing on a wire that has no rule of its own.
        drain_s: How long running tasks may go on after SIGTERM.
    """

    message_bytes: int = 20 << 20
    backlog_bytes: int = 32 << 10  # a second at 16 kHz: what is queued when a client finishes is the last words
    unread_s: float = 10
    connections: int = 64
    unheard_s: float = 23
    silent_s: float = 60
    between_s: float = 60
    forgotten_s: float = 600
    drain_s: float = 20


@dataclass
class SilenceTimer:
    """The 60 s rule of one task.

    Only silence that lasts so long both on the clock and in the audio ends a task: a file that is sent faster than it
    plays must not be ended for its pauses.
    """

    limit_s: float
    bytes_per_s: int
    heartbeat: bool
    _heard_bytes: int = 0
    _spoken_at: float | None = None

    def received_audio(self, now: float, size: int) -> bool:
        """Take audio; whether the task has been silent for too long."""
        if self._spoken_at is None:
            self._spoken_at = now
        self._heard_bytes += size
        in_audio = self._heard_bytes / self.bytes_per_s > self.limit_s
        return not self.heartbeat and in_audio and now - self._spoken_at > self.limit_s

    def sent_message(self, now: float) -> None:
        """Speech was recognized: the count begins again."""
        self._spoken_at, self._heard_bytes = now, 0


def invalid_setting(recognition: RecognitionSettings) -> str:
    """What is asked for that no recognizer could do, in words; empty where nothing is."""
    if recognition.rate not in RATES:
        return f"sample_rate {shorten(str(recognition.rate), 20)}: this server takes {RATES[0]} to {RATES[-1]}"
    if len(recognition.hotwords) > MOST_HOTWORDS:
        return f"{len(recognition.hotwords)} hot words: this server takes {MOST_HOTWORDS}"
    if any(len(word) > LONGEST_HOTWORD for word, _ in recognition.hotwords):
        return f"a hot word of more than {LONGEST_HOTWORD} characters"
    return ""
