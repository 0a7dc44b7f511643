"""The raw exchange of OpenAI's transcription sessions: session.update first, a commit last. No I/O."""

from collections.abc import Callable

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import write
from asrcli.protocol.openai.codec import COMMIT, OpenAIClient
from asrcli.protocol.raw_exchange import RawExchange, replaced
from asrcli.protocol.realtime.items import TRANSCRIPTION


def openai_exchange(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """session.update and a commit, or the user's own messages.

    No message ends a session. In manual mode all the audio is one utterance, whose text is the end; else silence is.

    Raises:
        UsageError: a message of the user is not a JSON object.
    """
    codec = OpenAIClient(recognition, new_id)
    opening = replaced("first", first, codec.start())
    closing = replaced("last", last, [write({"event_id": new_id(), "type": COMMIT})])
    over = ""
    if not recognition.vad:
        over = f"{TRANSCRIPTION}completed"
    return RawExchange(opening, closing, codec.audio, ready="session.updated", over=over, silence_ends=True)
