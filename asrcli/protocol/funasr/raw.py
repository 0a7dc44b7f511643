"""The raw exchanges of both servers of FunASR: settings or START first, the end of speech or STOP last. No I/O."""

from collections.abc import Callable

from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.funasr.codec import FunAsrClient
from asrcli.protocol.funasr.whole_state_codec import FunAsrRealtimeClient
from asrcli.protocol.raw_exchange import IS_END, RawExchange, replaced


def two_pass_exchange(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """The settings and `is_speaking` false, or the user's own messages. Audio goes out in the pieces in which it comes.

    Older servers do not say their end: there silence ends the exchange.

    Raises:
        UsageError: a message of the user is not a JSON object.
    """
    codec = FunAsrClient(recognition, new_id)
    opening = replaced("first", first, codec.start())
    return RawExchange(opening, replaced("last", last, codec.finish()), _binary, over=IS_END, silence_ends=True)


def whole_state_exchange(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """START and STOP, or the user's own words; in manual mode all the audio is one utterance."""
    codec = FunAsrRealtimeClient(recognition, new_id)
    opening, closing = codec.start(), [Text("COMMIT"), Text("STOP")]
    if first:
        opening = [Text(first)]
    if recognition.vad:
        closing = closing[1:]
    if last:
        closing = [Text(last)]
    return RawExchange(tuple(opening), tuple(closing), codec.audio, ready="started", over="stopped", failed="error")


def _binary(pcm: bytes) -> list[Message]:
    return [Binary(pcm)]
