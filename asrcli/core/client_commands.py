"""The commands of a client to a server, independent of any wire. The counterpart of events.py."""

from collections.abc import Iterator

from asrcli.core.dataclass import dataclass
from asrcli.core.settings import RecognitionSettings


@dataclass(frozen=True, slots=True)
class StartTask:
    """Begin to recognize with these settings.

    Attributes:
        recognition: The settings.
        audio_format: The format that the client announced (pcm, wav).
        objection: What the service would object to in the message; empty if it is in order.
    """

    recognition: RecognitionSettings
    audio_format: str = "pcm"
    objection: str = ""


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Bytes of audio in the announced format."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SendLongAudio:
    """Much audio from one message, in pieces that are decoded one by one.

    Attributes:
        pieces: Yields them once; raises ProtocolError where the rest is no audio, which the server has checked before.
    """

    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class CommitAudio:
    """End the utterance here (manual mode)."""


@dataclass(frozen=True, slots=True)
class ClearAudio:
    """Discard the audio that is not committed yet (manual mode)."""


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """Replace the context of the recognizer during a task."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmSettings:
    """Answer with the settings in effect; the recognizer has nothing to do."""


@dataclass(frozen=True, slots=True)
class DescribeItem:
    """Answer with an utterance of this conversation, by its id; the recognizer has nothing to do."""

    item_id: str


@dataclass(frozen=True, slots=True)
class FinishTask:
    """No more audio follows: send the remaining results, then Finished."""


Command = (
    StartTask
    | SendAudio
    | SendLongAudio
    | CommitAudio
    | ClearAudio
    | UpdateContext
    | ConfirmSettings
    | DescribeItem
    | FinishTask
)
ANSWERED = (ConfirmSettings, DescribeItem)  # commands that are over with their answer
