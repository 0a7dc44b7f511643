"""The session object of a transcription session, read and written by both sides. The events are in codec.py."""

from typing import Any

from asrcli.core.errors import ProtocolError
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import language_codes
from asrcli.protocol.json_messages import Json, boolean, number, part, text, texts, whole, whole_or_digits
from asrcli.protocol.openai import g711

RATE = 24000  # Hz: the only rate of the service; compatible servers may take others
PCM = "audio/pcm"
OLD_NAMES = {"pcm16": PCM, "g711_ulaw": g711.MU_LAW, "g711_alaw": g711.A_LAW}  # of the beta shape
DEFAULT_THRESHOLD, DEFAULT_PREFIX_MS, DEFAULT_SILENCE_MS = 0.5, 300, 500
TRANSCRIPTION, CONVERSATION = "transcription", "realtime"  # types of a session
MOST_NAMED = 4  # parts of the results that are named in errors
DETECTORS = ("server_vad", "semantic_vad")
# The fields of the beta shape, and of older conversations, under the names that they have in `audio.input`.
_FLAT = {
    "input_audio_format": "format",
    "input_audio_transcription": "transcription",
    "turn_detection": "turn_detection",
}


def asked(recognition: RecognitionSettings) -> Json:
    """The session that a client asks for. Options that the user did not set are left out: the service has defaults."""
    transcription: Json = {"model": recognition.model}
    if recognition.languages:
        transcription["language"] = recognition.languages[0]
    if recognition.context:
        transcription["prompt"] = "\n".join(recognition.context)
    audio = {
        "format": {"type": PCM, "rate": recognition.rate},
        "transcription": transcription,
        "turn_detection": _turn_detection(recognition),
    }
    return {"type": TRANSCRIPTION, "audio": {"input": audio}, **dict(recognition.extra)}


def _turn_detection(recognition: RecognitionSettings) -> Json | None:
    if not recognition.vad:
        return None
    values = {
        "threshold": recognition.threshold,
        "prefix_padding_ms": recognition.prefix_ms,
        "silence_duration_ms": recognition.silence_ms,
    }
    return {"type": "server_vad", **{name: value for name, value in values.items() if value is not None}}


def read(session: Json, before: RecognitionSettings) -> RecognitionSettings:
    """The settings after an update, of either shape: fields that it does not name stay as they were.

    Raises:
        ProtocolError: the type of the session is unknown, or its audio format or turn detection is not taken here.
    """
    audio = _input(session)
    audio_format, rate = _format(audio, before)
    values: dict[str, Any] = {}
    if "turn_detection" in audio:
        values["vad"] = audio["turn_detection"] is not None
        values |= _detection(part(audio, "turn_detection"))
    transcription = part(audio, "transcription")
    model = text(transcription, "model") or before.model
    if languages := texts(transcription, "languages"):
        values["languages"] = languages
    elif "language" in transcription:
        code = text(transcription, "language")
        values["languages"] = (code,) if code else ()
    if prompt := text(transcription, "prompt"):
        values["context"] = (prompt,)
    kept = {"vad": before.vad, "languages": before.languages, "context": before.context}
    kept |= {name: getattr(before, name) for name in ("threshold", "prefix_ms", "silence_ms")}
    return RecognitionSettings(model, rate, audio_format=audio_format).with_values(kept | values)


def kind(session: Json, before: str) -> str:
    """The type of a session after an update: a transcription, or a conversation, of which the audio is transcribed.

    `before` is the type so far, which cannot be changed; empty if no update has named one.

    Raises:
        ProtocolError: the type is another one.
    """
    named = text(session, "type") or before
    if named not in {"", TRANSCRIPTION, CONVERSATION}:
        raise ProtocolError(f"session type {named}: there are {TRANSCRIPTION} and {CONVERSATION}")
    if before and named != before:
        raise ProtocolError(f"session type {named}: the type of a session cannot be changed, and this is a {before}")
    return named


def responds(session: Json, *, before: bool) -> bool:
    """Whether a conversation wants a response after each turn, after an update."""
    audio = _input(session)
    if "turn_detection" not in audio:
        return before
    return boolean(part(audio, "turn_detection"), "create_response") is not False


def _input(session: Json) -> Json:
    flat = {name: session[key] for key, name in _FLAT.items() if key in session}
    return flat | part(part(session, "audio"), "input")


def _format(audio: Json, before: RecognitionSettings) -> tuple[str, int]:
    """The format and the rate of the audio; G.711 keeps its name, because the codec has to decode it."""
    if "format" not in audio:
        return before.audio_format, before.rate
    audio_format = audio.get("format")
    if isinstance(audio_format, str):  # a server of the older shape was meant
        kind, rate = audio_format, None
    else:
        kind, rate = text(part(audio, "format"), "type") or PCM, whole_or_digits(part(audio, "format"), "rate")
    kind = OLD_NAMES.get(kind, kind)
    if kind in g711.LAWS and rate in {None, g711.RATE}:
        return kind, g711.RATE
    if kind != PCM:
        raise ProtocolError(f"audio format {kind}: this server takes {PCM}, and {' and '.join(g711.LAWS)} at 8000 Hz")
    if rate is not None and rate <= 0:
        raise ProtocolError(f"rate {rate} is not a rate")
    if before.audio_format in g711.LAWS:
        return "pcm", rate or RATE
    return "pcm", rate or before.rate


def _detection(values: Json) -> dict[str, Any]:
    if values and text(values, "type") not in {"", *DETECTORS}:
        raise ProtocolError(f"turn_detection {text(values, 'type')}: there are {' and '.join(DETECTORS)}, and null")
    found = {
        "threshold": number(values, "threshold"),
        "prefix_ms": whole(values, "prefix_padding_ms"),
        "silence_ms": whole(values, "silence_duration_ms"),
    }
    return {name: value for name, value in found.items() if value is not None}


def effective(session_id: str, recognition: RecognitionSettings, language: str) -> Json:
    """The transcription session of session.created and session.updated; `language` is empty if it is detected."""
    transcription = {"model": recognition.model, "language": language or None, "prompt": "\n".join(recognition.context)}
    return {
        "type": TRANSCRIPTION,
        "id": session_id,
        "object": "realtime.transcription_session",
        "expires_at": 0,
        "audio": {
            "input": {
                "format": _described(recognition),
                "noise_reduction": None,
                "transcription": transcription,
                "turn_detection": _detector(recognition),
            }
        },
        "include": None,
    }


def as_conversation(session: Json, *, responding: bool) -> Json:
    """A transcription session as the conversation that a client asked for; it gets no output."""
    audio = dict(session["audio"]["input"])
    if audio["turn_detection"]:
        audio["turn_detection"] |= {"create_response": responding, "interrupt_response": False}
    about = {"type": CONVERSATION, "object": "realtime.session", "output_modalities": ["text"], "instructions": ""}
    return session | about | {"model": audio["transcription"]["model"], "audio": {"input": audio}, "tools": []}


def flat(session: Json) -> Json:
    """A transcription session in the beta shape."""
    audio = session["audio"]["input"]
    old = {new: name for name, new in OLD_NAMES.items()}
    return {
        "id": session["id"],
        "object": session["object"],
        "expires_at": session["expires_at"],
        "input_audio_format": old[audio["format"]["type"]],
        "input_audio_noise_reduction": None,
        "input_audio_transcription": audio["transcription"],
        "turn_detection": audio["turn_detection"],
        "include": None,
    }


def _detector(recognition: RecognitionSettings) -> Json | None:
    if not recognition.vad:
        return None
    return {
        "type": "server_vad",
        "threshold": DEFAULT_THRESHOLD if recognition.threshold is None else recognition.threshold,
        "prefix_padding_ms": DEFAULT_PREFIX_MS if recognition.prefix_ms is None else recognition.prefix_ms,
        "silence_duration_ms": recognition.silence_ms or DEFAULT_SILENCE_MS,
    }


def _described(recognition: RecognitionSettings) -> Json:
    if recognition.audio_format in g711.LAWS:
        return {"type": recognition.audio_format}
    return {"type": PCM, "rate": recognition.rate}


def not_included(session: Json) -> list[str]:
    """What is wrong with each part of the results that an update asks for and that is not sent here."""
    wanted = session.get("include")
    if not isinstance(wanted, list):
        return []
    return [
        f"{each!r} is not sent by this server; the rest of the session is in effect" for each in wanted[:MOST_NAMED]
    ]


def item(item_id: str, transcript: str | None = None) -> Json:
    """The item object of an utterance with its text; None if it has none, or not yet."""
    content = [{"type": "input_audio", "transcript": transcript}]
    return {
        "id": item_id, "object": "realtime.item", "type": "message", "status": "completed", "role": "user",
        "content": content,
    }  # fmt: skip


def language(session: Json, wanted: tuple[str, ...]) -> str:
    """The code of the language in a session object; empty if it names none.

    Raises:
        ServiceRefused: the language is not the one that was asked for.
    """
    named = text(part(part(part(session, "audio"), "input"), "transcription"), "language")
    return language_codes.language_in_effect(named, wanted[:1])


def usage(given: Json) -> Json:
    """The usage of an item under the names of the realtime wire."""
    renamed = {"duration": given.get("seconds"), "input_tokens_details": given.get("input_token_details")}
    return given | {name: value for name, value in renamed.items() if value is not None}
