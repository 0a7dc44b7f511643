"""The session object of Omni models, read and written by both sides. The events are in codec.py.

Source of the facts: the service's references for client events and server events of Qwen-Omni realtime.
"""

from dataclasses import replace

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import Json, number, part, text, whole
from asrcli.protocol.realtime import session_config

SIDE_MODEL = "qwen3-asr-flash-realtime"  # makes the transcript beside the answer; the service takes no other
BACKGROUND = "Background that the speaker may mention:"
DEFAULT_THRESHOLD = 0.5
# Models (by the begin of their names) that take the audio format as an object, and its fields beside type and rate.
NESTED: tuple[tuple[str, Json], ...] = (("qwen3.5-", {}), ("qwen3.8-", {"channels": 1}))
NESTED_RATES = (8000, 16000, 24000, 48000)


def sound(model: str, audio_format: str, rate: int) -> Json:
    """The fields of a session that describe the audio, in the form that the model takes."""
    for name, more in NESTED:
        if model.startswith(name):
            return {"audio": {"input": {"format": {"type": audio_format, "sample_rate": rate} | more}}}
    return {"input_audio_format": audio_format}


def asked(recognition: RecognitionSettings, audio: Json) -> Json:
    """The session that a client asks for. Options that the user did not set are left out: the service has defaults."""
    detection: Json | None = session_config.asked(replace(recognition, extra=()))["turn_detection"]
    if detection is not None:
        # The answer is the text of a turn: the next turn must not cut it off.
        detection["interrupt_response"] = False
        detection |= {"type": "semantic_vad"} if recognition.semantic else {}
    wanted: Json = {"modalities": ["text"], "instructions": instructions(recognition)} | audio
    if recognition.side_transcript is not None:
        wanted["input_audio_transcription"] = {"model": SIDE_MODEL} if recognition.side_transcript else None
    return wanted | {"turn_detection": detection} | _sampling(recognition) | dict(recognition.extra)


def instructions(recognition: RecognitionSettings) -> str:
    """The prompt, followed by the context."""
    if not recognition.context:
        return recognition.prompt
    return "\n".join((recognition.prompt, "", BACKGROUND, *recognition.context))


def read(model: str, wanted: Json) -> tuple[RecognitionSettings, str]:
    """The settings and the audio format that a client asks for; unknown fields and nulls are ignored.

    Raises:
        ProtocolError: this wire does not take the sample rate.
    """
    nested = any(model.startswith(name) for name, _ in NESTED)
    recognition, audio_format = session_config.read(model, wanted, NESTED_RATES if nested else session_config.RATES)
    transcription, detection = part(wanted, "input_audio_transcription"), part(wanted, "turn_detection")
    recognition = replace(
        recognition,
        prompt=text(wanted, "instructions"),
        semantic=True if text(detection, "type") == "semantic_vad" else None,
        side_transcript=True if text(transcription, "model") else None,
        temperature=number(wanted, "temperature"),
        top_p=number(wanted, "top_p"),
        top_k=whole(wanted, "top_k"),
        max_tokens=whole(wanted, "max_tokens"),
        seed=whole(wanted, "seed"),
    )
    return recognition, audio_format


def effective(session_id: str, recognition: RecognitionSettings, audio_format: str, modalities: list[str]) -> Json:
    """The session object of session.created and session.updated."""
    session = session_config.effective(session_id, recognition, audio_format, "")
    detection = session["turn_detection"]
    if detection is not None:
        detection |= {
            "type": "semantic_vad" if recognition.semantic else "server_vad",
            "threshold": DEFAULT_THRESHOLD if recognition.threshold is None else recognition.threshold,
        }
    return session | {
        "modalities": modalities,
        "instructions": recognition.prompt,
        "input_audio_transcription": {"model": SIDE_MODEL} if recognition.side_transcript else None,
        "turn_detection": detection,
        **_sampling(recognition),
    }


def _sampling(recognition: RecognitionSettings) -> Json:
    fields = {
        "temperature": recognition.temperature,
        "top_p": recognition.top_p,
        "top_k": recognition.top_k,
        "max_tokens": recognition.max_tokens,
        "seed": recognition.seed,
    }
    return {name: value for name, value in fields.items() if value is not None}
