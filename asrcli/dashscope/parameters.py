"""The parameters of the service, one row each: option, type, bounds, unit, help, place in messages, and who takes it.

The option of the command line, its check, its place in the messages of each wire and the lists of `asr models` follow
from the row. Data only.

Source of the facts: the references of the service for the messages of each wire.
"""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum, auto
from typing import Any

from asrcli.core.dataclass import dataclass, field
from asrcli.core.settings import SILENCE_MS, RecognitionSettings
from asrcli.protocol.registry import INFERENCE, OMNI, REALTIME, TRANSLATION

VAD_MODELS = ("far_field_meeting_16k", "near_meeting_16k")
SENTENCES, MODEL, WORDS, PROMPT = "Sentences", "Model", "Words", "Prompt"  # headings of the help


class ParameterKind(Enum):
    """The type of a value. It decides how the value is written on the command line and in a message."""

    SWITCH = auto()  # --name, or --name/--no-name
    INTEGER = auto()
    NUMBER = auto()
    TEXT = auto()
    TEXTS = auto()  # several texts: the option may be repeated
    WORDS = auto()  # several words, between commas
    HOTWORDS = auto()  # words with weights
    JSON = auto()  # KEY=JSON, under names of the service


Kind = ParameterKind  # short, for the rows

_EMPTY: Mapping[ParameterKind, Any] = {
    Kind.TEXT: "",
    Kind.TEXTS: (),
    Kind.WORDS: (),
    Kind.HOTWORDS: (),
    Kind.JSON: (),
}


class ModelFamily(Enum):
    """Models that take the same parameters, as they stand together in the tables of the service."""

    FUN = auto()
    FUN_CONTEXT = auto()
    AUDIO_30 = auto()
    AUDIO_31 = auto()
    MESSAGE = auto()
    PARAFORMER_1 = auto()
    PARAFORMER_2 = auto()
    GUMMY = auto()
    QWEN_ASR = auto()
    OMNI = auto()
    OMNI_35 = auto()


@dataclass(frozen=True)
class ServiceParameter:
    """One row.

    Attributes:
        name: The field of RecognitionSettings, or, without such a field, the name in its `parameters`.
        option: The spelling on the command line.
        kind: The type of the value.
        taken_by: The families of models on which it has an effect; with any other model the option is refused.
        help: The help of the option. Empty where each command has the option in words of its own.
        heading: The heading of the help under which the option stands.
        paths: For each wire the place in its messages: the keys of nested objects, with dots between them. A wire
            without a path does not carry it, or has code for it because the value is changed on its way.
        unit: What stands for the value in the help: its unit, or what it is.
        bounds: The smallest and the largest value of a number.
        values: The texts that there are; any other is refused.
        examples: Texts that completion offers, where others may be right too.
        reads_files: @FILE stands for the text of that file.
        on_by_default: A switch that is on unless the option says otherwise.
        negative: The option stands for False, and its absence for the default.
        name_in_errors: The spelling in errors and lists, where it is another one.
        short: The option in one letter, as -l; empty for most.
        embedded: The embedded recognizer uses it too.
    """

    name: str
    option: str
    kind: ParameterKind
    taken_by: frozenset[ModelFamily]
    help: str = ""
    heading: str = MODEL
    paths: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    bounds: tuple[float, float] | None = None
    values: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    reads_files: bool = False
    on_by_default: bool = False
    negative: bool = False
    name_in_errors: str = ""
    short: str = ""
    embedded: bool = False

    @property
    def default(self) -> Any:
        """The value that leaves the default of the service in place."""
        if self.on_by_default:
            return True
        return _EMPTY.get(self.kind)

    @property
    def spelling(self) -> str:
        """The option as errors and lists name it."""
        return self.name_in_errors or self.option

    @property
    def argument(self) -> str:
        """The option as the name of a Python argument: `silence_ms` for --silence-ms."""
        return self.option.split("/")[0].lstrip("-").replace("-", "_")


def _run_task(path: str) -> Mapping[str, str]:
    """The place among the parameters of run-task, for models that translate and for others."""
    return {INFERENCE: path, TRANSLATION: path}


def _detection(path: str) -> Mapping[str, str]:
    """The place in the speech detection of a session."""
    return {REALTIME: f"turn_detection.{path}", OMNI: f"turn_detection.{path}"}


_ALL = frozenset(ModelFamily)
_OMNI = frozenset({ModelFamily.OMNI, ModelFamily.OMNI_35})
_AUDIO = frozenset({ModelFamily.AUDIO_30, ModelFamily.AUDIO_31})
_FUN = frozenset({ModelFamily.FUN, ModelFamily.FUN_CONTEXT}) | _AUDIO
_PARAFORMER_1 = frozenset({ModelFamily.PARAFORMER_1})
_PARAFORMER_2 = frozenset({ModelFamily.PARAFORMER_2})
_MESSAGE = frozenset({ModelFamily.MESSAGE})
_GUMMY = frozenset({ModelFamily.GUMMY})
_QWEN_ASR = frozenset({ModelFamily.QWEN_ASR})
_DETECTION = _QWEN_ASR | _OMNI
_HEARTBEAT = _FUN | _MESSAGE | _PARAFORMER_1 | _PARAFORMER_2

# In the order of the help.
PARAMETERS: tuple[ServiceParameter, ...] = (
    ServiceParameter("vad", "--vad/--no-vad", Kind.SWITCH, _DETECTION,
        "The server finds the end of each sentence; --no-vad (realtime models): asr does, at silences.",
        heading=SENTENCES, on_by_default=True, name_in_errors="--no-vad", embedded=True),
    ServiceParameter("silence_ms", "--silence-ms", Kind.INTEGER, _ALL - _PARAFORMER_1,
        "Silence that ends a sentence.", heading=SENTENCES,
        unit="MS", bounds=(SILENCE_MS[0], SILENCE_MS[-1]), embedded=True,
        paths={INFERENCE: "max_sentence_silence", TRANSLATION: "max_end_silence", **_detection("silence_duration_ms")}),
    ServiceParameter("threshold", "--threshold", Kind.NUMBER, _FUN | _MESSAGE | _DETECTION,
        "Speech threshold: -1 accepts every sound, 1 only clear speech. Same as --noise-threshold.", heading=SENTENCES,
        unit="X", bounds=(-1, 1), paths={**_run_task("speech_noise_threshold"), **_detection("threshold")}),
    ServiceParameter("prefix_ms", "--prefix-padding-ms", Kind.INTEGER, _DETECTION,
        "How much audio before the speech is included.", heading=SENTENCES, unit="MS",
        bounds=(0, SILENCE_MS[-1]), paths=_detection("prefix_padding_ms")),
    ServiceParameter("vad_model", "--vad-model", Kind.TEXT, frozenset({ModelFamily.AUDIO_31}),
        f"How the server detects speech: {VAD_MODELS[0]} or {VAD_MODELS[1]}.", heading=SENTENCES, unit="NAME",
        values=VAD_MODELS, paths=_run_task("vad_model")),
    ServiceParameter("semantic", "--semantic/--no-semantic", Kind.SWITCH, _FUN | _PARAFORMER_2 | {ModelFamily.OMNI_35},
        "End sentences by meaning, not by silence.", heading=SENTENCES,
        paths=_run_task("semantic_punctuation_enabled")),
    ServiceParameter("multi_threshold", "--multi-threshold", Kind.SWITCH, _FUN | _PARAFORMER_2,
        "End very long sentences earlier.", heading=SENTENCES, paths=_run_task("multi_threshold_mode_enabled")),
    ServiceParameter("languages", "--language", Kind.TEXTS, _FUN | _PARAFORMER_2 | _GUMMY | _QWEN_ASR,
        "Language (zh, en, ...); may be repeated. Default: auto.", unit="CODE", short="-l", embedded=True,
        paths={INFERENCE: "language_hints"}),
    ServiceParameter("itn", "--itn/--no-itn", Kind.SWITCH, _PARAFORMER_2, "Write numbers in figures.",
        paths=_run_task("inverse_text_normalization_enabled")),
    ServiceParameter("punctuation", "--punctuation/--no-punctuation", Kind.SWITCH, _PARAFORMER_2,
        "Write punctuation marks.", paths=_run_task("punctuation_prediction_enabled")),
    ServiceParameter("disfluency", "--disfluency", Kind.SWITCH, _PARAFORMER_1 | _PARAFORMER_2 | _MESSAGE,
        "Leave out disfluencies: um, uh, 嗯.", paths=_run_task("disfluency_removal_enabled")),
    ServiceParameter("keep_dialect", "--keep-dialect", Kind.SWITCH, _MESSAGE | {ModelFamily.AUDIO_31},
        "Write dialect words as they are spoken.", paths=_run_task("keep_dialect")),
    ServiceParameter("interim", "--interim/--no-interim", Kind.SWITCH, _MESSAGE,
        "Request partial results. Default: on.", embedded=True, paths=_run_task("intermediate_result_enabled")),
    ServiceParameter("translate", "--translate", Kind.TEXT, _GUMMY,
        "Translate into this language too: en, zh, ja or ko.", unit="CODE", examples=("en", "zh", "ja", "ko")),
    ServiceParameter("transcription", "--translation-only", Kind.SWITCH, _GUMMY,
        "With --translate: only the translation.", negative=True, paths=_run_task("transcription_enabled")),
    ServiceParameter("extra", "--param", Kind.JSON, _ALL,
        "Send a parameter under its name in the service, unchanged; may be repeated.", unit="KEY=JSON"),
    ServiceParameter("hotwords", "--hotwords", Kind.HOTWORDS, _AUDIO | _MESSAGE,
        "Hot words, with weights from 1 to 5: 'Kubernetes:5,梯度'; @FILE reads them.", heading=WORDS, unit="TEXT",
        reads_files=True, embedded=True),
    ServiceParameter("vocabulary_id", "--vocabulary-id", Kind.TEXT, _FUN | _MESSAGE | _PARAFORMER_2 | _GUMMY,
        "Hot-word list to use: see asr vocab.", heading=WORDS, unit="ID", paths=_run_task("vocabulary_id")),
    ServiceParameter("phrase_id", "--phrase-id", Kind.TEXT, _PARAFORMER_1, "Hot-word list of the oldest models.",
        heading=WORDS, unit="ID"),
    ServiceParameter("context", "--context", Kind.TEXTS, _AUDIO | _MESSAGE | _DETECTION | {ModelFamily.FUN_CONTEXT},
        "Text with words that will be spoken: names, terms, an agenda; @FILE reads it; may be repeated.", heading=WORDS,
        unit="TEXT", reads_files=True),
    ServiceParameter("masked", "--filter-words", Kind.WORDS, _FUN,
        "Words to replace by asterisks, separated by commas; @FILE reads them.", heading=WORDS, unit="TEXT",
        reads_files=True, paths=_run_task("special_word_filter.filter_with_signed.word_list")),
    ServiceParameter("dropped", "--drop-words", Kind.WORDS, _FUN, "Words to leave out, in the same format.",
        heading=WORDS, unit="TEXT", reads_files=True,
        paths=_run_task("special_word_filter.filter_with_empty.word_list")),
    ServiceParameter("system_filter", "--system-filter", Kind.SWITCH, _FUN, "Apply the service's own word filter.",
        heading=WORDS, paths=_run_task("special_word_filter.system_reserved_filter")),
    ServiceParameter("prompt", "--prompt", Kind.TEXT, _OMNI,
        "Instructions for an Omni model; @FILE reads them. Default: a verbatim transcript.", heading=PROMPT,
        unit="TEXT", reads_files=True),
    ServiceParameter("side_transcript", "--side-transcript", Kind.SWITCH, _OMNI,
        "Also return a transcript by another model, in addition to the answer.", heading=PROMPT),
    ServiceParameter("temperature", "--temperature", Kind.NUMBER, _OMNI, "Randomness of the answer.",
        heading=PROMPT, unit="X", bounds=(0, 2), paths={OMNI: "temperature"}),
    ServiceParameter("top_p", "--top-p", Kind.NUMBER, _OMNI,
        "Sample from the likeliest words that together have this probability.", heading=PROMPT, unit="X", bounds=(0, 1),
        paths={OMNI: "top_p"}),
    ServiceParameter("top_k", "--top-k", Kind.INTEGER, _OMNI, "Sample from this many of the likeliest words.",
        heading=PROMPT, unit="N", bounds=(0, 100), paths={OMNI: "top_k"}),
    ServiceParameter("max_tokens", "--max-tokens", Kind.INTEGER, _OMNI, "Maximum length of an answer, in tokens.",
        heading=PROMPT, unit="N", bounds=(1, 16_384), paths={OMNI: "max_tokens"}),
    ServiceParameter("seed", "--seed", Kind.INTEGER, _OMNI, "Random seed: the same seed gives the same answer.",
        heading=PROMPT, unit="N", bounds=(0, 2**31 - 1), paths={OMNI: "seed"}),
    ServiceParameter("heartbeat", "--heartbeat/--no-heartbeat", Kind.SWITCH, _HEARTBEAT, embedded=True,
        paths=_run_task("heartbeat")),
)  # fmt: skip


def taken_by(family: ModelFamily) -> frozenset[str]:
    """The names of the parameters that the models of a family take."""
    return frozenset(row.name for row in PARAMETERS if family in row.taken_by)


def _in_order_of_settings() -> dict[str, ServiceParameter]:
    """The rows by name: first those with a field of RecognitionSettings, in the order of its fields."""
    by_name = {row.name: row for row in PARAMETERS}
    with_field = [each.name for each in fields(RecognitionSettings) if each.name in by_name]
    return {name: by_name[name] for name in (*with_field, *by_name)}


BY_NAME: Mapping[str, ServiceParameter] = _in_order_of_settings()
