"""The limits of the server: sizes, times, and the service's rules on silence. No clock."""

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import shorten
from asrcli.core.settings import MAX_CONNECTIONS, RecognitionSettings

RATES = range(4000, 192_001)
MAX_HOTWORDS = 2000  # the largest list of the service
LONGEST_HOTWORD = 200  # characters


@dataclass(frozen=True)
class ServerLimits:
    """What one server and its connections may use; the times are those of the service.

    Attributes:
        message_bytes: The largest message; the realtime wire's own limit is 15 MiB of base64.
        backlog_bytes: Audio that may wait for the recognizer; with more, nothing is read and the client has to wait.
        unread_s: A client that reads nothing of what it is sent for this time is dropped.
        connections: WebSocket connections at once.
        no_audio_s: A task fails when nothing arrives for this time.
        silent_s: A task without heartbeat ends when there is no speech for this time.
        no_task_s: A connection without a task is closed after this time.
        idle_s: On a wire without a rule of its own, a client that sends nothing is disconnected after this time.
        drain_s: The time that running tasks have after SIGTERM.
        strict_language: A task for languages that the recognizer does not know is refused; else it is transcribed in
            one that it knows, because many clients always ask for the same language.
        lenient: What the service refuses and this server can do is done: models that the service does not have, lists
            for such models, what does not fit a model (service_rules.py), an update of a list soon after the last one,
            a task without audio.
    """

    message_bytes: int = 20 << 20
    backlog_bytes: int = 32 << 10  # a second at 16 kHz: the last results of a client come after all that is queued
    unread_s: float = 10
    connections: int = MAX_CONNECTIONS
    no_audio_s: float = 23
    silent_s: float = 60
    no_task_s: float = 60
    idle_s: float = 600
    drain_s: float = 20
    strict_language: bool = False
    lenient: bool = True

    def silence_s(self, *, accepts_idle: bool, has_task: bool) -> float:
        """How long a client may send nothing."""
        if accepts_idle:
            return self.idle_s
        if has_task:
            return self.no_audio_s
        return self.no_task_s


@dataclass
class SilenceTimer:
    """The rule of one task that it ends after `limit_s` of silence.

    Only silence that lasts that long both on the clock and in the audio ends a task: a file that is sent faster than
    real time must not be ended for its pauses.
    """

    limit_s: float
    bytes_per_s: int
    heartbeat: bool
    _silent_bytes: int = 0
    _last_speech_at: float | None = None

    def received_audio(self, now: float, size: int) -> bool:
        """Take `size` bytes of audio at time `now` (s); returns whether the task has been silent for too long."""
        if self._last_speech_at is None:
            self._last_speech_at = now
        self._silent_bytes += size
        is_long_in_audio = self._silent_bytes / self.bytes_per_s > self.limit_s
        return not self.heartbeat and is_long_in_audio and now - self._last_speech_at > self.limit_s

    def reset(self, now: float) -> None:
        """Begin again, because speech was recognized at time `now` (s)."""
        self._last_speech_at = now
        self._silent_bytes = 0


def invalid_setting(recognition: RecognitionSettings) -> str:
    """Return why no recognizer could use these settings, in words; empty when they are usable."""
    if recognition.rate not in RATES:
        return f"sample_rate {shorten(str(recognition.rate), 20)}: this server takes {RATES[0]} to {RATES[-1]}"
    if len(recognition.hotwords) > MAX_HOTWORDS:
        return f"{len(recognition.hotwords)} hot words: this server takes {MAX_HOTWORDS}"
    if any(len(word) > LONGEST_HOTWORD for word, _ in recognition.hotwords):
        return f"a hot word of more than {LONGEST_HOTWORD} characters"
    return ""
