"""The raw exchange of the realtime wire: session.update first, session.finish last. No I/O."""

from collections.abc import Callable

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import write
from asrcli.protocol.raw_exchange import RawExchange, user_message
from asrcli.protocol.realtime.codec import RealtimeClient


def realtime_exchange(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """session.update and session.finish, or the user's own messages; in manual mode all the audio is one utterance.

    Raises:
        UsageError: a message of the user is not a JSON object.
    """
    codec = RealtimeClient(recognition, new_id)
    opening = codec.start()
    if first:
        opening = [user_message("first", first)]
    # Of another session: that of `codec` has sent no audio, and would commit none.
    closing = RealtimeClient(RecognitionSettings(recognition.model), new_id).finish()
    if not recognition.vad:
        closing = [write({"event_id": new_id(), "type": "input_audio_buffer.commit"}), *closing]
    if last:
        closing = [user_message("last", last)]
    return RawExchange(tuple(opening), tuple(closing), codec.audio, ready="session.updated", over="session.finished")
