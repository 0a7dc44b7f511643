"""The raw exchange of vLLM's realtime endpoint: all the audio is one utterance, between two commits. No I/O."""

from collections.abc import Callable

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import write
from asrcli.protocol.raw_exchange import RawExchange, user_message
from asrcli.protocol.vllm.codec import VllmClient


def vllm_exchange(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """session.update with a commit, and a final commit, or the user's own messages.

    Raises:
        UsageError: a message of the user is not a JSON object.
    """
    codec = VllmClient(recognition, new_id)
    opening = [user_message("first", first)] if first else codec.start()
    final = write({"type": "input_audio_buffer.commit", "final": True})
    closing = user_message("last", last) if last else final
    return RawExchange(
        tuple(opening), (closing,), codec.audio, ready="session.created", over="transcription.done", failed="error"
    )
