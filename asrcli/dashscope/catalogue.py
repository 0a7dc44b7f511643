"""The models: the wire, options, languages, regions and price of each. Data only.

What all models of a wire have in common is in `protocol/registry.py`.

Source of the facts: the service's model lists, its API references for both wires and its price lists, autumn 2026.
"""

from collections.abc import Callable

from asrcli.core.dataclass import dataclass, field
from asrcli.dashscope.parameters import ModelFamily, taken_by
from asrcli.dashscope.prices import Price
from asrcli.protocol.registry import INFERENCE, OMNI, REALTIME, TRANSLATION, WIRES, Wire

BEIJING, SINGAPORE = "cn-beijing", "ap-southeast-1"
MOST_HINTS = 4


@dataclass(frozen=True)
class Model:
    """One row: a model of the service.

    Attributes:
        wire: Name of its row in the registry of wires.
        rates: Sample rates in Hz that it takes; empty means any rate.
        takes: The names of the parameters (`parameters.py`) that have an effect on it.
        language_limit: How many language hints the service reads; 0 means none.
        languages: Codes of its languages; empty if they are not documented.
        prices: The price by region; None if it is offered at an unknown price. No entry: it is not offered there.
        free: The free quota in Beijing.
        list_words: How many words a hot-word list for it may hold; 0 means that it takes no lists.
        super_words: How many words of a list may be super hot words.
        emotions: It reports the emotion of each sentence.
        note: What else a user should know.
        retiring: The service has announced its end.
        workspace_only: It is offered on the hosts of workspaces only.
        one_sentence: Its task ends after one sentence.
        known: It stands in this catalogue; False for a name that only the user knows.
    """

    name: str
    wire: str
    rates: tuple[int, ...] = ()
    takes: frozenset[str] = frozenset()
    language_limit: int = 0
    languages: tuple[str, ...] = ()
    prices: dict[str, Price | None] = field(default_factory=dict)
    free: str = ""
    list_words: int = 0
    super_words: int = 0
    emotions: bool = False
    note: str = ""
    retiring: bool = False
    workspace_only: bool = False
    one_sentence: bool = False
    known: bool = True

    @property
    def traits(self) -> Wire:
        """What it has in common with all models of its wire."""
        return WIRES[self.wire]

    @property
    def rate(self) -> int:
        """The sample rate in Hz at which audio is sent: 16000 wherever the model takes it."""
        if not self.rates or 16000 in self.rates:
            return 16000
        return self.rates[0]

    @property
    def snapshot(self) -> bool:
        """Whether it is a dated state of a model that changes under a name without a date."""
        return self.name[-2:].isdigit()


def _codes(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# What the models of each family take.
_FUN = taken_by(ModelFamily.FUN)
_FUN_CONTEXT = taken_by(ModelFamily.FUN_CONTEXT)
_AUDIO_30 = taken_by(ModelFamily.AUDIO_30)
_AUDIO_31 = taken_by(ModelFamily.AUDIO_31)
_MESSAGE = taken_by(ModelFamily.MESSAGE)
_PARAFORMER_1 = taken_by(ModelFamily.PARAFORMER_1)
_PARAFORMER_2 = taken_by(ModelFamily.PARAFORMER_2)
_GUMMY = taken_by(ModelFamily.GUMMY)
_QWEN_ASR = taken_by(ModelFamily.QWEN_ASR)
_OMNI = taken_by(ModelFamily.OMNI)
_OMNI_35 = taken_by(ModelFamily.OMNI_35)

_THIRTY = _codes("zh en ja ko vi th id ms tl hi ar fr de es pt ru it nl sv da fi no el pl cs hu ro bg hr sk")
_PARAFORMER_LANGUAGES = _codes("zh en ja yue ko de fr ru")
_GUMMY_LANGUAGES = _codes("zh en ja yue ko de fr ru it es")
_QWEN_LANGUAGES = _codes("zh yue en ja de ko ru fr pt ar it es hi id th tr uk vi cs da fil fi is ms no pl sv")

_A_SECOND: dict[str, Price | None] = {BEIJING: Price(0.00033), SINGAPORE: Price(0.00066)}
_FUN_BEIJING: dict[str, Price | None] = {BEIJING: Price(0.00033)}
_TOKENS: dict[str, Price | None] = {
    BEIJING: Price(input_tokens=6.0, output_tokens=4.5),
    SINGAPORE: Price(input_tokens=6.781, output_tokens=5.104),
}
_EIGHT: dict[str, Price | None] = {BEIJING: Price(0.00022)}
_PARAFORMER: dict[str, Price | None] = {BEIJING: Price(0.00024)}
_GUMMY_PRICE: dict[str, Price | None] = {BEIJING: Price(0.00015)}
_SECONDS_FREE, _TOKENS_FREE = "36,000 s for 90 days", "1,000,000 tokens each way for 90 days"
_DESCRIBES = "answers a prompt about what it hears, and may describe noise"


def _omni(name: str, price: Price | None, takes: frozenset[str], note: str) -> Model:
    """The row of a model that answers prompts."""
    prices: dict[str, Price | None] = {BEIJING: price, SINGAPORE: None}
    rates = (16000,) if name.startswith("qwen3-") else (16000, 8000, 24000, 48000)
    return Model(
        name, OMNI, rates, takes, prices=prices, free="1,000,000 tokens for 90 days", note=f"{_DESCRIBES}; {note}",
        workspace_only=name.startswith("qwen3.8"),
    )  # fmt: skip


_ROWS = (
    Model("qwen-audio-3.1-asr-flash-streaming", INFERENCE, (), _AUDIO_31, MOST_HINTS, _THIRTY, _TOKENS, _TOKENS_FREE,
        2000, 50, note="the newest"),
    Model("qwen-audio-3.0-asr-flash-streaming", INFERENCE, (), _AUDIO_30, MOST_HINTS, _THIRTY, _A_SECOND,
        _SECONDS_FREE, 2000, 50),
    Model("qwen-audio-3.1-asr-flash-message", INFERENCE, (16000,), _MESSAGE, 0, (), _TOKENS, _TOKENS_FREE, 2000, 50,
        note="for push to talk: whole utterances, partials only with --interim"),
    Model("fun-asr-realtime", INFERENCE, (), _FUN_CONTEXT, 1, _THIRTY, _A_SECOND, _SECONDS_FREE, 2000,
        note="now the same as fun-asr-realtime-2025-11-07"),
    Model("fun-asr-realtime-2026-02-28", INFERENCE, (), _FUN, 1, _codes("zh en ja"), _FUN_BEIJING, _SECONDS_FREE, 500,
        note="for speakers near the microphone"),
    Model("fun-asr-realtime-2025-11-07", INFERENCE, (), _FUN_CONTEXT, 1, _THIRTY, _A_SECOND, _SECONDS_FREE, 2000),
    Model("fun-asr-realtime-2025-09-15", INFERENCE, (), _FUN, 1, _codes("zh en"), _FUN_BEIJING, _SECONDS_FREE, 500),
    Model("fun-asr-flash-8k-realtime", INFERENCE, (8000,), _FUN, 1, _codes("zh"), _EIGHT, _SECONDS_FREE, 500,
        note="telephone; the same as fun-asr-flash-8k-realtime-2026-01-28"),
    Model("fun-asr-flash-8k-realtime-2026-01-28", INFERENCE, (8000,), _FUN, 1, _codes("zh"), _EIGHT, _SECONDS_FREE,
        500, note="telephone"),
    Model("paraformer-realtime-v2", INFERENCE, (), _PARAFORMER_2, 8, _PARAFORMER_LANGUAGES, _PARAFORMER,
        _SECONDS_FREE, 500),
    Model("paraformer-realtime-8k-v2", INFERENCE, (8000,), _PARAFORMER_2, 8, _codes("zh"), _PARAFORMER, _SECONDS_FREE,
        500, emotions=True, note="telephone; the emotion of each sentence, unless --semantic"),
    Model("paraformer-realtime-v1", INFERENCE, (16000,), _PARAFORMER_1, 0, _codes("zh"), _PARAFORMER, _SECONDS_FREE),
    Model("paraformer-realtime-8k-v1", INFERENCE, (8000,), _PARAFORMER_1, 0, _codes("zh"), _PARAFORMER, _SECONDS_FREE,
        note="telephone"),
    Model("gummy-realtime-v1", TRANSLATION, (16000, 22050, 24000, 44100, 48000), _GUMMY, 1, _GUMMY_LANGUAGES,
        _GUMMY_PRICE, _SECONDS_FREE, 500, note="translates too; a translation costs the same again", retiring=True),
    Model("gummy-chat-v1", TRANSLATION, (16000, 22050, 24000, 44100, 48000), _GUMMY, 1, _GUMMY_LANGUAGES,
        _GUMMY_PRICE, _SECONDS_FREE, 500, note="one sentence of at most 60 s: for asr mic --ptt; translates too",
        retiring=True, one_sentence=True),
    Model("qwen3-asr-flash-realtime", REALTIME, (16000, 8000), _QWEN_ASR, 1, _QWEN_LANGUAGES, _A_SECOND,
        _SECONDS_FREE, emotions=True, note="now the same as qwen3-asr-flash-realtime-2025-10-27"),
    Model("qwen3-asr-flash-realtime-2026-02-10", REALTIME, (16000, 8000), _QWEN_ASR, 1, _QWEN_LANGUAGES, _A_SECOND,
        _SECONDS_FREE, emotions=True),
    Model("qwen3-asr-flash-realtime-2025-10-27", REALTIME, (16000, 8000), _QWEN_ASR, 1, _QWEN_LANGUAGES, _A_SECOND,
        _SECONDS_FREE, emotions=True),
    _omni("qwen3.8-omni-flash-realtime", None, _OMNI_35, "needs --workspace; keeps 100 turns or 600 s in mind"),
    _omni("qwen3.5-omni-plus-realtime", Price(None, 10.0, 60.0, 80.0), _OMNI_35, "keeps 100 turns or 600 s in mind"),
    _omni("qwen3.5-omni-flash-realtime", Price(None, 3.3, 20.0, 27.0), _OMNI_35, "keeps 80 turns or 480 s in mind"),
    _omni("qwen3-omni-flash-realtime", Price(None, 2.2, 15.2, 18.9), _OMNI, "keeps 8 turns in mind"),
)  # fmt: skip

MODELS = {model.name: model for model in _ROWS}


def options_of_wire(wire: str) -> frozenset[str]:
    """The options that some model of a wire takes: what a model that is not in the catalogue is taken to take."""
    return frozenset(WIRES[wire].takes).union(*(model.takes for model in _ROWS if model.wire == wire))


def model_names(fits: Callable[[Model], bool]) -> str:
    """The names of all models that fit, for advice; snapshots are left out."""
    return ", ".join(row.name for row in _ROWS if fits(row) and not row.snapshot)
