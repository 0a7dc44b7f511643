"""The session object of Omni models, read and written by both sides. The events are in codec.py.

Source of the facts: the service's references for client events and server events of Qwen-Omni realtime.
"""

from dataclasses import replace

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import Json, part, text
from asrcli.protocol.parameter_paths import read_parameters, write_parameters
from asrcli.protocol.realtime import session_config
from asrcli.protocol.registry import OMNI

SIDE_MODEL = "qwen3-asr-flash-realtime"  # makes the transcript beside the answer; the service takes no other
BACKGROUND = "Background that the speaker may mention:"
DEFAULT_THRESHOLD = 0.5
# Models (by the start of their names) that take the audio format as an object, and its fields beside type and rate.
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
    values = write_parameters(recognition, OMNI)
    wanted: Json = {"modalities": ["text"], "instructions": instructions(recognition), **audio, **values}
    if recognition.side_transcript is not None:
        wanted["input_audio_transcription"] = _side_transcript(recognition, values)
    detection = _turn_detection(recognition, values)
    if detection is not None:
        # The answer is the text of a turn: the next turn must not cut it off.
        detection["interrupt_response"] = False
    return wanted | {"turn_detection": detection} | dict(recognition.extra)


def _turn_detection(recognition: RecognitionSettings, values: Json) -> Json | None:
    detection = session_config.turn_detection(recognition, values)
    if detection is not None and recognition.semantic:
        detection["type"] = "semantic_vad"
    return detection


def _side_transcript(recognition: RecognitionSettings, values: Json) -> Json | None:
    if not recognition.side_transcript:
        return None
    return {"model": SIDE_MODEL, **part(values, "input_audio_transcription")}


def instructions(recognition: RecognitionSettings) -> str:
    """The prompt, followed by the context."""
    if not recognition.context:
        return recognition.prompt
    return "\n".join((recognition.prompt, "", BACKGROUND, *recognition.context))


def read(model: str, wanted: Json) -> tuple[RecognitionSettings, str]:
    """The settings and the audio format that a client asks for; unknown fields and nulls are ignored.

    Raises:
        ProtocolError: this wire does not take the format or the sample rate.
    """
    rates: tuple[int, ...] = session_config.RATES
    if any(model.startswith(name) for name, _ in NESTED):
        rates = NESTED_RATES
    recognition, audio_format = session_config.read(model, wanted, rates, OMNI)
    recognition = replace(recognition, prompt=text(wanted, "instructions"))
    if text(part(wanted, "turn_detection"), "type") == "semantic_vad":
        recognition = replace(recognition, semantic=True)
    if text(part(wanted, "input_audio_transcription"), "model"):
        recognition = replace(recognition, side_transcript=True)
    return recognition, audio_format


def effective(session_id: str, recognition: RecognitionSettings, audio_format: str, modalities: list[str]) -> Json:
    """The session object of session.created and session.updated."""
    values = write_parameters(session_config.with_defaults(recognition, DEFAULT_THRESHOLD), OMNI)
    return session_config.effective(session_id, recognition, audio_format, "") | {
        "modalities": modalities,
        "instructions": recognition.prompt,
        **values,
        "input_audio_transcription": _side_transcript(recognition, values),
        "turn_detection": _turn_detection(recognition, values),
    }


def with_fixed_values(recognition: RecognitionSettings) -> RecognitionSettings:
    """The settings that cannot change any more once the recognizer has received audio; the others are not set."""
    detection = part(write_parameters(recognition, OMNI), "turn_detection")
    fixed = recognition.with_values(read_parameters({"turn_detection": detection}, OMNI))
    return replace(fixed, prompt="", side_transcript=None, context=())
