"""The catalogue of models: which wire each speaks, at which rates, and which of our options it takes. Data only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asrcli.config import SILENCE_MS, Recognition
from asrcli.errors import UsageError

INFERENCE = "inference"
REALTIME = "realtime"
AUTO = "auto"
TELEPHONE_RATE = 8000


@dataclass(frozen=True)
class Model:
    """One row: `rates` empty means any rate; `takes` names the fields of Recognition that have an effect.

    `language_limit` is how many language hints the service reads (0: none).
    """

    name: str
    wire: str
    rates: tuple[int, ...] = ()
    takes: frozenset[str] = frozenset()
    language_limit: int = 0
    known: bool = True

    @property
    def formats(self) -> tuple[str, ...]:
        """What the service decodes itself, beside pcm."""
        return ("opus",) if self.wire == REALTIME else ("wav", "mp3", "opus", "speex", "aac", "amr")

    @property
    def rate(self) -> int:
        """The rate to send at: 16 kHz wherever the model allows it."""
        return 16000 if not self.rates or 16000 in self.rates else self.rates[0]


_STREAMING = frozenset({"languages", "semantic", "silence_ms", "threshold", "heartbeat"})
_PARAFORMER_2 = frozenset({"languages", "semantic", "silence_ms", "heartbeat"})
_MESSAGE = frozenset({"silence_ms", "threshold", "heartbeat"})
_QWEN_ASR = frozenset({"languages", "silence_ms", "threshold", "vad"})

MODELS = {
    model.name: model
    for model in (
        Model("qwen-audio-3.1-asr-flash-streaming", INFERENCE, (), _STREAMING, 4),
        Model("qwen-audio-3.0-asr-flash-streaming", INFERENCE, (), _STREAMING, 4),
        Model("qwen-audio-3.1-asr-flash-message", INFERENCE, (16000,), _MESSAGE),
        Model("fun-asr-realtime", INFERENCE, (), _STREAMING, 1),
        Model("fun-asr-realtime-2026-02-28", INFERENCE, (), _STREAMING, 1),
        Model("fun-asr-realtime-2025-11-07", INFERENCE, (), _STREAMING, 1),
        Model("fun-asr-realtime-2025-09-15", INFERENCE, (), _STREAMING, 1),
        Model("fun-asr-flash-8k-realtime", INFERENCE, (8000,), _STREAMING, 1),
        Model("fun-asr-flash-8k-realtime-2026-01-28", INFERENCE, (8000,), _STREAMING, 1),
        Model("paraformer-realtime-v2", INFERENCE, (), _PARAFORMER_2, 8),
        Model("paraformer-realtime-8k-v2", INFERENCE, (8000,), _PARAFORMER_2, 8),
        Model("paraformer-realtime-v1", INFERENCE, (16000,), frozenset({"heartbeat"})),
        Model("paraformer-realtime-8k-v1", INFERENCE, (8000,), frozenset({"heartbeat"})),
        Model("qwen3-asr-flash-realtime", REALTIME, (16000, 8000), _QWEN_ASR, 1),
        Model("qwen3-asr-flash-realtime-2026-02-10", REALTIME, (16000, 8000), _QWEN_ASR, 1),
        Model("qwen3-asr-flash-realtime-2025-10-27", REALTIME, (16000, 8000), _QWEN_ASR, 1),
    )
}

_QWEN_ONLY = {"yue", "tr", "uk", "fil", "is"}  # languages that Fun-ASR does not know

# Names of families whose answers this version does not read.
_UNREADABLE = {"gummy": "translates in a payload of its own", "omni": "answers prompts and does not transcribe"}

_OPTIONS = {  # field of Recognition -> the option that sets it
    "languages": "--language",
    "vad": "--no-vad",
    "silence_ms": "--silence-ms",
    "threshold": "--threshold",
    "semantic": "--semantic/--no-semantic",
    "heartbeat": "--heartbeat/--no-heartbeat",
}


def find(name: str) -> Model:
    """The model of that name; an unknown one gets the wire its name suggests and takes what that wire takes.

    Raises:
        UsageError: a family whose answers this version cannot read.
    """
    if name in MODELS:
        return MODELS[name]
    if not name.strip():
        raise UsageError("--model is empty")
    for part, why in _UNREADABLE.items():
        if part in name:
            raise UsageError(
                f"--model {name}: this family {why}", "use a Fun-ASR, Paraformer, qwen-audio or Qwen-ASR model"
            )
    if name.startswith("qwen") and "-realtime" in name:  # behind it stands nothing, or the date of a snapshot
        return Model(name, REALTIME, (), _QWEN_ASR, 1, known=False)
    return Model(name, INFERENCE, (8000,) if "-8k" in name else (), _STREAMING, 4, known=False)


def wire_rate(model: Model, native: int | None) -> int:
    """The rate to send audio of a native rate at (None: not known beforehand). Telephone audio is never upsampled here.

    Raises:
        UsageError: telephone audio for a model that does not take it.
    """
    if native is None or native > TELEPHONE_RATE:
        return model.rate
    if not model.rates or TELEPHONE_RATE in model.rates:
        return TELEPHONE_RATE
    takers = [row.name for row in MODELS.values() if TELEPHONE_RATE in row.rates and not row.name[-2:].isdigit()]
    rates = " or ".join(map(str, model.rates))
    raise UsageError(f"{model.name} takes audio at {rates} Hz, not at {native} Hz", f"use {', '.join(takers)}")


def pick(natives: Iterable[int | None], languages: Sequence[str]) -> str:
    """A model for audio of these rates in these languages, for those who do not want to choose."""
    if len(languages) > 1:
        return "qwen-audio-3.0-asr-flash-streaming"  # reads several hints
    spoken = set(languages)
    if all(native is not None and native <= TELEPHONE_RATE for native in natives) and spoken <= {"zh"}:
        return "fun-asr-flash-8k-realtime"
    return "qwen3-asr-flash-realtime" if spoken & _QWEN_ONLY else "fun-asr-realtime"


def check(model: Model, asked: Recognition) -> None:
    """Refuse what the model would silently ignore or reject, naming the option and who takes it.

    Raises:
        UsageError: an option without effect on this model, or two that contradict each other.
    """
    given = {
        "languages": bool(asked.languages),
        "vad": not asked.vad,
        "silence_ms": asked.silence_ms is not None,
        "threshold": asked.threshold is not None,
        "semantic": asked.semantic is not None,
        "heartbeat": asked.heartbeat is not None,
    }
    for name, is_given in given.items():
        if is_given and name not in model.takes:
            raise UsageError(f"{_OPTIONS[name]} has no effect on {model.name}", _who_takes(name))
    if len(asked.languages) > model.language_limit:
        raise UsageError(f"{model.name} reads {model.language_limit} --language, not {len(asked.languages)}")
    if asked.silence_ms is not None and asked.silence_ms not in SILENCE_MS:
        raise UsageError(f"--silence-ms {asked.silence_ms}: must be from {SILENCE_MS[0]} to {SILENCE_MS[-1]}")
    if asked.threshold is not None and not -1 <= asked.threshold <= 1:
        raise UsageError(f"--threshold {asked.threshold:g}: must be from -1 to 1")
    if not asked.vad and asked.threshold is not None:
        raise UsageError("--no-vad with --threshold: the threshold belongs to the server's VAD")
    if asked.semantic and asked.silence_ms is not None:
        raise UsageError("--semantic with --silence-ms: sentences are cut by meaning or by silence, not both")
    if model.rates and asked.rate not in model.rates:
        rates = " or ".join(map(str, model.rates))
        raise UsageError(f"{model.name} takes audio at {rates} Hz, not {asked.rate} Hz")


def _who_takes(name: str) -> str:
    takers = [model.name for model in MODELS.values() if name in model.takes and not model.name[-2:].isdigit()]
    advice = f"models that take it: {', '.join(takers)}"
    return f"{advice} (to cut by meaning there is --semantic)" if name == "vad" else advice
