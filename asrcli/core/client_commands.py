"""What a client may ask of a server, free of either wire. The counterpart of events.py."""

from dataclasses import dataclass

from asrcli.core.settings import RecognitionSettings


@dataclass(frozen=True, slots=True)
class StartTask:
    """Begin to recognize under these settings; `audio_format` is how the client announces its bytes (pcm, wav)."""

    recognition: RecognitionSettings
    audio_format: str = "pcm"


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Bytes of audio in the announced format."""

    data: bytes


@dataclass(frozen=True, slots=True)
class CommitAudio:
    """End the utterance here (manual mode)."""


@dataclass(frozen=True, slots=True)
class ClearAudio:
    """Forget the audio that is not committed yet (manual mode)."""


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """New text for the recognizer to lean on, in the middle of a task."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FinishTask:
    """No more audio: say what is left, then that all is said."""


Command = StartTask | SendAudio | CommitAudio | ClearAudio | UpdateContext | FinishTask
