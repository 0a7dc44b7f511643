"""The session and item objects of the realtime wire, read and written by both sides. The events are in codec.py."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace

from asrcli.core.errors import ProtocolError, shorten
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import language_codes
from asrcli.protocol.json_messages import Json, part, text, whole_or_digits
from asrcli.protocol.long_text import LongText
from asrcli.protocol.parameter_paths import read_parameters, write_parameters
from asrcli.protocol.registry import REALTIME

RATES = (16000, 8000)
FORMATS = ("pcm", "pcm16", "opus", "wav", "aac", "amr", "mp3", "speex")
DEFAULT_THRESHOLD = 0.2
DEFAULT_SILENCE_MS = 800
# What session.created says of the audio. The service calls its default pcm16; an update calls the same format pcm.
CREATED: Json = {"input_audio_format": "pcm16"}
BASE64_GROUP, BASE64_BYTES = 4, 3  # this many characters are this many bytes


def asked(recognition: RecognitionSettings) -> Json:
    """The session that a client asks for. Options that the user did not set are left out: the service has defaults."""
    values = write_parameters(recognition, REALTIME)
    transcription: Json = {}
    if recognition.languages:
        transcription["language"] = recognition.languages[0]
    if recognition.context:
        transcription["corpus"] = {"text": "\n".join(recognition.context)}
    return {
        "modalities": ["text"],
        "input_audio_format": recognition.audio_format,
        "sample_rate": recognition.rate,
        **values,
        "input_audio_transcription": transcription | part(values, "input_audio_transcription"),
        "turn_detection": turn_detection(recognition, values),
        **dict(recognition.extra),
    }


def turn_detection(recognition: RecognitionSettings, values: Json) -> Json | None:
    """How the server detects speech, with the given values of a session; None in manual mode."""
    if not recognition.vad:
        return None
    return {"type": "server_vad", **part(values, "turn_detection")}


def read(
    model: str, session: Json, rates: tuple[int, ...] = RATES, wire: str = REALTIME
) -> tuple[RecognitionSettings, str]:
    """The settings and the audio format that a client asks for; unknown fields and nulls are ignored.

    Raises:
        ProtocolError: this wire does not take the format or the sample rate.
    """
    nested = part(part(part(session, "audio"), "input"), "format")
    audio_format = (text(nested, "type") or text(session, "input_audio_format") or "pcm").lower()
    rate = whole_or_digits(nested, "sample_rate") or whole_or_digits(session, "sample_rate") or RATES[0]
    if audio_format not in FORMATS:
        raise ProtocolError(f"input_audio_format {shorten(audio_format, 20)}: there are {' '.join(FORMATS)}")
    if rate not in rates:
        raise ProtocolError(f"sample_rate {rate}: there are {' '.join(map(str, rates))}")
    transcription = part(session, "input_audio_transcription")
    values = read_parameters(session, wire)
    values["vad"] = session.get("turn_detection", {}) is not None  # absent leaves it on, null switches it off
    if code := text(transcription, "language"):
        values["languages"] = (code,)
    if corpus := text(part(transcription, "corpus"), "text"):
        values["context"] = (corpus,)
    return RecognitionSettings(model, rate).with_values(values), audio_format


def effective(session_id: str, recognition: RecognitionSettings, audio_format: str, language: str) -> Json:
    """The session object of session.created and session.updated; `language` is empty if it is detected."""
    values = write_parameters(with_defaults(recognition, DEFAULT_THRESHOLD), REALTIME)
    transcription = part(values, "input_audio_transcription")
    if language:
        transcription = {"language": language, **transcription}
    return {
        "id": session_id,
        "object": "realtime.session",
        "model": recognition.model,
        "modalities": ["text"],
        "input_audio_format": audio_format,
        "sample_rate": recognition.rate,
        **values,
        "input_audio_transcription": transcription or None,
        "turn_detection": turn_detection(recognition, values),
    }


def with_defaults(recognition: RecognitionSettings, threshold: float) -> RecognitionSettings:
    """The settings with the defaults of the service, where the client left them open."""
    if recognition.threshold is not None:
        threshold = recognition.threshold
    silence_ms = recognition.silence_ms or DEFAULT_SILENCE_MS
    return replace(recognition, threshold=threshold, silence_ms=silence_ms)


def item(item_id: str) -> Json:
    """The item object of conversation.item.created: an utterance that has no text yet."""
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": "in_progress",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }


def language(session: Json, asked: tuple[str, ...]) -> str:
    """The code of the language in a session object; empty if it names none.

    Raises:
        ServiceRefused: the language is not the one that was asked for.
    """
    return language_codes.language_in_effect(text(part(session, "input_audio_transcription"), "language"), asked[:1])


def encoded(pcm: bytes) -> str:
    """Audio as the base64 text that an event carries."""
    return binascii.b2a_base64(pcm, newline=False).decode("ascii")


def decoded(audio: str) -> bytes:
    """The audio in the base64 text of an event.

    Raises:
        ProtocolError: the text is not base64.
    """
    try:
        return base64.b64decode(_in_one_line(audio), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ProtocolError("audio is not base64", audio) from exc


def _in_one_line(audio: str) -> str:
    """Remove the line breaks that encoders for mail put into base64, as those of Android do unless told otherwise."""
    if "\n" in audio or "\r" in audio:
        return audio.replace("\n", "").replace("\r", "")
    return audio


def decoded_pieces(audio: LongText) -> Iterator[bytes]:
    """Yield the audio in a long base64 text, piece by piece.

    Raises:
        ProtocolError: the text is not base64; the pieces before were.
    """
    rest = ""
    for piece in audio.pieces():
        encoded_text = rest + _in_one_line(piece)
        # A group that may be the last one waits, because padding may follow it.
        whole = max(0, len(encoded_text) - BASE64_GROUP - 1) // BASE64_GROUP * BASE64_GROUP
        rest = encoded_text[whole:]
        found = decoded(encoded_text[:whole])
        if len(found) != whole // BASE64_GROUP * BASE64_BYTES:  # padding before the end
            raise ProtocolError("audio is not base64")
        yield found
    yield decoded(rest)
