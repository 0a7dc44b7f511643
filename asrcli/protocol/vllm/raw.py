"""The raw exchange of vLLM's realtime endpoint: all the audio is one utterance, between two commits. No I/O."""

from collections.abc import Callable

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import write
from asrcli.protocol.raw_exchange import RawExchange, replaced
from asrcli.protocol.vllm.codec import VllmClient


def vllm_exchange(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """session.update with a commit, and a final commit, or the user's own messages.

    Raises:
        UsageError: a message of the user is not a JSON object.
    """
    codec = VllmClient(recognition, new_id)
    final = write({"type": "input_audio_buffer.commit", "final": True})
    return RawExchange(
        replaced("first", first, codec.start()),
        replaced("last", last, [final]),
        codec.audio,
        ready="session.created",
        over="transcription.done",
        failed="error",
    )
