"""What a client may ask of a server, free of either wire. The counterpart of events.py."""

from dataclasses import dataclass

from asrcli.config import Recognition


@dataclass(frozen=True, slots=True)
class Start:
    """Begin to recognize under these settings; `audio_format` is how the client announces its bytes (pcm, wav)."""

    recognition: Recognition
    audio_format: str = "pcm"


@dataclass(frozen=True, slots=True)
class Audio:
    """Bytes of audio in the announced format."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """End the utterance here (manual mode)."""


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget the audio that is not committed yet (manual mode)."""


@dataclass(frozen=True, slots=True)
class Context:
    """New text for the recognizer to lean on, in the middle of a task."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """No more audio: say what is left, then that all is said."""


Request = Start | Audio | Commit | Clear | Context | Finish
