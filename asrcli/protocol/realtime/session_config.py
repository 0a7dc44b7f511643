"""The session and item objects of the realtime wire, read and written by both sides. The events are in codec.py."""

import base64
import binascii

from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import language_codes
from asrcli.protocol.json_messages import Json, number, part, text, whole

RATES = (16000, 8000)
DEFAULT_THRESHOLD = 0.2
DEFAULT_SILENCE_MS = 800


def asked(recognition: RecognitionSettings) -> Json:
    """The session that a client asks for. Options that the user did not set are left out: the service has defaults."""
    detection: Json | None = None
    if recognition.vad:
        detection = {"type": "server_vad"}
        detection |= {} if recognition.threshold is None else {"threshold": recognition.threshold}
        detection |= {} if recognition.silence_ms is None else {"silence_duration_ms": recognition.silence_ms}
        detection |= {} if recognition.prefix_ms is None else {"prefix_padding_ms": recognition.prefix_ms}
    transcription: Json = {"language": recognition.languages[0]} if recognition.languages else {}
    transcription |= {"corpus": {"text": "\n".join(recognition.context)}} if recognition.context else {}
    return {
        "modalities": ["text"],
        "input_audio_format": recognition.audio_format,
        "sample_rate": recognition.rate,
        "input_audio_transcription": transcription,
        "turn_detection": detection,
    } | dict(recognition.extra)


def read(model: str, session: Json, rates: tuple[int, ...] = RATES) -> tuple[RecognitionSettings, str]:
    """The settings and the audio format that a client asks for; unknown fields and nulls are ignored.

    Raises:
        ProtocolError: this wire does not take the sample rate.
    """
    nested = part(part(part(session, "audio"), "input"), "format")
    audio_format = text(nested, "type") or text(session, "input_audio_format") or "pcm"
    rate = whole(nested, "sample_rate") or whole(session, "sample_rate") or RATES[0]
    if rate not in rates:
        raise ProtocolError(f"sample_rate {rate}: there are {' '.join(map(str, rates))}")
    transcription, detection = part(session, "input_audio_transcription"), part(session, "turn_detection")
    language, corpus = text(transcription, "language"), text(part(transcription, "corpus"), "text")
    recognition = RecognitionSettings(
        model=model,
        rate=rate,
        languages=(language,) if language else (),
        vad=session.get("turn_detection", {}) is not None,  # absent leaves it on, null switches it off
        silence_ms=whole(detection, "silence_duration_ms"),
        threshold=number(detection, "threshold"),
        prefix_ms=whole(detection, "prefix_padding_ms"),
        context=(corpus,) if corpus else (),
    )
    return recognition, audio_format


def effective(session_id: str, recognition: RecognitionSettings, audio_format: str, language: str) -> Json:
    """The session object of session.created and session.updated; `language` is empty where it is detected."""
    detection = {
        "type": "server_vad",
        "threshold": DEFAULT_THRESHOLD if recognition.threshold is None else recognition.threshold,
        "silence_duration_ms": recognition.silence_ms or DEFAULT_SILENCE_MS,
        **({} if recognition.prefix_ms is None else {"prefix_padding_ms": recognition.prefix_ms}),
    }
    return {
        "id": session_id,
        "object": "realtime.session",
        "model": recognition.model,
        "modalities": ["text"],
        "input_audio_format": audio_format,
        "sample_rate": recognition.rate,
        "input_audio_transcription": {"language": language} if language else None,
        "turn_detection": detection if recognition.vad else None,
    }


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


def language(told: Json, asked: tuple[str, ...]) -> str:
    """The code of the language in a session object; empty where it names none.

    Raises:
        ServiceRefused: the language is not the one that was asked for.
    """
    named = text(part(told, "input_audio_transcription"), "language")
    if asked and language_codes.languages_differ(asked[0], named):
        raise ServiceRefused("InvalidParameter", f"language {asked[0]} is not known here, only {named}")
    return language_codes.language_code(named)


def encoded(pcm: bytes) -> str:
    """Audio as the base64 text that an event carries."""
    return base64.b64encode(pcm).decode("ascii")


def decoded(audio: str) -> bytes:
    """The audio in the base64 text of an event.

    Raises:
        ProtocolError: the text is not base64.
    """
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ProtocolError("audio is not base64", audio) from exc
