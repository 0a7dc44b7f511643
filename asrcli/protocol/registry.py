"""The table of the wires: codecs, raw exchange, path, and what the models accept and return.

All code that chooses a wire uses this table; no other code compares names of wires. A new wire is a folder beside this
file and a row in `WIRES`. Pure; a codec is imported when it is used first, so that the command line starts fast.
"""

import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from asrcli.core.dataclass import dataclass
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL, RecognitionSettings

if TYPE_CHECKING:
    from asrcli.core.interfaces import ClientCodec, ServerCodec
    from asrcli.dashscope.context import TranscriptMemory
    from asrcli.protocol.json_messages import Json
    from asrcli.protocol.raw_exchange import RawExchange

INFERENCE = "inference"
TRANSLATION = "translation"
REALTIME = "realtime"
OMNI = "omni"
OPENAI = "openai"
VLLM = "vllm"
FUNASR = "funasr"
FUNASR_REALTIME = "funasr-realtime"
INFERENCE_PATH = "/api-ws/v1/inference"
REALTIME_PATH = "/api-ws/v1/realtime"
OPENAI_PATH = "/v1/realtime"


@dataclass(frozen=True)
class Wire:
    """One row.

    Attributes:
        name: What the catalogue and `asr ws-raw --wire` call it.
        path: Where it is spoken on the host of a service; two wires may share a path.
        client: Module and class of the client codec, below `asrcli.protocol`.
        server: Module and class of the server codec.
        raw_exchange: Module and function that make a raw exchange; empty if the messages are those of another wire.
        model_pattern: Regular expression that the names of its models match.
        default_model: The model of a raw exchange where the user names none.
        rates: Sample rates in Hz of a model that is not in the catalogue; empty means any rate.
        telephone_pattern: Regular expression for the names of models that take telephone audio (8 kHz) only.
        language_limit: How many languages a model that is not in the catalogue reads.
        formats: Audio formats besides pcm that the service decodes.
        word_times: Each word of a final has its times.
        manual_mode: The client may end utterances itself.
        context_messages: Context travels as messages and can be replaced during a task; else it is one text.
        cost_is_bounded: The highest cost of a second is known beforehand.
        has_header: Each message of a server has a header that names the event and the task; else a `type` at the top.
        no_speech_code: The code of the error for audio in which a service finds no speech.
        failure_close_code: The code with which a server closes a connection after a failure.
        warning: What a user should know before the first result; `{}` stands for the name of the model.
        takes: The parameters that a model takes which is not in the catalogue; empty if the catalogue says it.
        elsewhere: A wire of other servers, which the service does not speak: the user has to name a server.
        manual_only: The client has to end utterances; the server detects no speech.
        served: `asr serve` speaks it.
        has_secrets: A secret for a client may bring the session that it begins with.
        fastest: The highest pace of audio, as times real time, where times are estimated from when texts come.
    """

    name: str
    path: str
    client: str
    server: str
    raw_exchange: str = ""
    model_pattern: str = ""
    default_model: str = DEFAULT_MODEL
    rates: tuple[int, ...] = ()
    telephone_pattern: str = r"(?!)"
    language_limit: int = 1
    formats: tuple[str, ...] = ("wav", "mp3", "opus", "speex", "aac", "amr")
    word_times: bool = True
    manual_mode: bool = False
    context_messages: bool = True
    cost_is_bounded: bool = True
    has_header: bool = True
    no_speech_code: str = "EmptyAudio"
    failure_close_code: int = 1000
    warning: str = ""
    takes: tuple[str, ...] = ()
    elsewhere: bool = False
    manual_only: bool = False
    served: bool = True
    has_secrets: bool = False
    fastest: float | None = None

    def client_codec(
        self, recognition: RecognitionSettings, new_id: Callable[[], str], memory: "TranscriptMemory | None" = None
    ) -> "ClientCodec":
        """A client codec for one task. With a memory, the last sentences are sent as context (`context_messages`)."""
        make: Callable[..., ClientCodec] = _load(self.client)
        if memory is None:
            return make(recognition, new_id)
        return make(recognition, new_id, memory)

    def server_codec(self, new_id: Callable[[], str], model: str, session: "Json | None" = None) -> "ServerCodec":
        """A server codec for one connection; `model` is the one that the address names, or empty.

        `session` is what the secret of the client brings, on a wire that `has_secrets`.
        """
        make: Callable[..., ServerCodec] = _load(self.server)
        if session is None or not self.has_secrets:
            return make(new_id, model)
        return make(new_id, model, session)

    def make_raw_exchange(
        self, recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
    ) -> "RawExchange":
        """A raw exchange; `first` and `last` are messages of the user that replace those of the codec.

        Raises:
            UsageError: one of the two is not a JSON object.
        """
        make: Callable[..., RawExchange] = _load(self.raw_exchange)
        return make(recognition, new_id, first, last)

    def url(self, base: str, model: str) -> str:
        """The address at which this wire is spoken with a model.

        Raises:
            UsageError: `base` is not a WebSocket address.
        """
        return self.client_codec(RecognitionSettings(model), str).url(base)


_NEVER = r"(?!)"  # matches no name: the user has to name the wire
_QWEN_OMNI_WARNING = "{} answers a prompt about what it hears: it may describe noise as if it were speech"

# The first row whose pattern matches the name of a model is its wire; the last row takes every other name.
_ROWS = (
    Wire(
        OMNI, REALTIME_PATH, "omni.codec:OmniClient", "omni.codec:OmniServer",
        model_pattern="omni", rates=(16000,), formats=(), word_times=False, manual_mode=True, context_messages=False,
        cost_is_bounded=False,  # the service remembers earlier turns, and may charge for them again
        has_header=False, no_speech_code="NO_VALID_AUDIO_ERROR", failure_close_code=1011,
        warning=_QWEN_OMNI_WARNING,
    ),
    Wire(
        TRANSLATION, INFERENCE_PATH, "inference.codec:TranslationClient", "inference.server_codec:InferenceServer",
        model_pattern="gummy", rates=(16000,),
    ),
    Wire(
        REALTIME, REALTIME_PATH, "realtime.codec:RealtimeClient", "realtime.server_codec:RealtimeServer",
        "realtime.raw:realtime_exchange",
        model_pattern=r"\Aqwen.*-realtime",  # followed by nothing, or by the date of a snapshot
        default_model=DEFAULT_MANUAL_MODEL, formats=("opus",), word_times=False, manual_mode=True,
        context_messages=False,
        has_header=False, no_speech_code="NO_VALID_AUDIO_ERROR", failure_close_code=1011,
    ),
    Wire(
        OPENAI, OPENAI_PATH, "openai.codec:OpenAIClient", "openai.codec:OpenAIServer", "openai.raw:openai_exchange",
        model_pattern=r"\Agpt-.*transcribe|\Awhisper-1\Z", default_model="gpt-4o-transcribe", rates=(24000,),
        formats=(), word_times=False, manual_mode=True, context_messages=False,
        has_header=False, no_speech_code="NO_VALID_AUDIO_ERROR", failure_close_code=1011,
        takes=("vad", "languages", "context", "silence_ms", "threshold", "prefix_ms", "extra"), elsewhere=True,
        has_secrets=True,
    ),
    Wire(
        VLLM, OPENAI_PATH, "vllm.codec:VllmClient", "", "vllm.raw:vllm_exchange",
        model_pattern=_NEVER, default_model="mistralai/Voxtral-Mini-4B-Realtime-2602",
        rates=(16000,), formats=(), word_times=False, manual_mode=True, context_messages=False,
        has_header=False, failure_close_code=1011, takes=("vad", "extra"), elsewhere=True, manual_only=True,
        served=False,
    ),
    Wire(
        FUNASR, "/", "funasr.codec:FunAsrClient", "", "funasr.raw:two_pass_exchange",
        model_pattern=_NEVER, rates=(16000, 8000), formats=(), word_times=False, context_messages=False,
        has_header=False, takes=("hotwords", "itn", "extra"), elsewhere=True, served=False,
        warning="this wire has no times, so audio is sent at most at twice the pace of speech, and words may come "
        "twice after a lost connection",
        fastest=2.0,
    ),
    Wire(
        FUNASR_REALTIME, "/", "funasr.whole_state_codec:FunAsrRealtimeClient", "", "funasr.raw:whole_state_exchange",
        model_pattern=_NEVER, rates=(16000,), formats=(), word_times=False, manual_mode=True, context_messages=False,
        has_header=False, takes=("vad", "languages", "hotwords"), elsewhere=True, served=False,
    ),
    Wire(
        INFERENCE, INFERENCE_PATH, "inference.codec:InferenceClient", "inference.server_codec:InferenceServer",
        "inference.raw:inference_exchange",
        telephone_pattern="-8k", language_limit=4,
    ),
)  # fmt: skip

WIRES = {row.name: row for row in _ROWS}
PATHS = frozenset(row.path for row in _ROWS if row.served)


def wire_of_model(name: str, path: str = "") -> Wire:
    """The wire that the name of a model suggests, among those that are served at `path` (empty: among all of them)."""
    rows = [row for row in _ROWS if path in {"", row.path} and (not path or row.served)]
    for row in rows:
        if re.search(row.model_pattern, name):
            return row
    return rows[-1]


def _load(reference: str) -> Any:
    """The class or function that `module:name` names, below `asrcli.protocol`."""
    module, name = reference.split(":")
    return getattr(import_module(f"asrcli.protocol.{module}"), name)
