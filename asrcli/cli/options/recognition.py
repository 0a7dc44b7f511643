"""The options for the recognition: sentences, languages, words and prompts. They become `RecognitionSettings`.

Each row of `dashscope/parameters.py` is an option here; its type, its help and its place in the help come from the row.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import typer

from asrcli.cli.options.model import WireName
from asrcli.cli.options.panels import FLAG
from asrcli.cli.options.values import bounded_number, given_text
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError, shorten
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model
from asrcli.dashscope.model_selection import AUTO
from asrcli.dashscope.parameters import MODEL, PARAMETERS, WORDS, ParameterKind, ServiceParameter

Group = TypeVar("Group")

LANGUAGES = sorted({code for model in MODELS.values() for code in model.languages})
# What Typer makes of the text of an option. An option that is not given is None.
_TYPES: Mapping[ParameterKind, Any] = {
    ParameterKind.SWITCH: bool | None,
    ParameterKind.INTEGER: int | None,
    ParameterKind.NUMBER: float | None,
    ParameterKind.TEXT: str | None,
    ParameterKind.TEXTS: list[str] | None,
    ParameterKind.WORDS: list[str] | None,
    ParameterKind.HOTWORDS: list[str] | None,
    ParameterKind.JSON: list[str] | None,
}

# The service calls --threshold so.
NoiseThreshold = Annotated[float | None, typer.Option("--noise-threshold", hidden=True, callback=bounded_number)]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Send options that the model ignores or refuses, and values out of range.",
        metavar=FLAG,
        rich_help_panel=MODEL,
    ),
]
FromTranscript = Annotated[
    bool,
    typer.Option(
        "--context-from-transcript",
        help="Use the last sentences as context for the next ones.",
        metavar=FLAG,
        rich_help_panel=WORDS,
    ),
]
# Options that are no parameters of the service, each with the row after which the help shows it.
_BEHIND: Mapping[str, tuple[str, Any, Any]] = {
    "threshold": ("noise_threshold", NoiseThreshold, None),
    "extra": ("force", Force, False),
    "context": ("context_from_transcript", FromTranscript, False),
    "languages": ("wire", WireName, None),
}


def _option(row: ServiceParameter) -> Any:
    """The option of a row, for Typer."""
    metavar = row.unit
    checked = None
    if row.kind is ParameterKind.NUMBER:
        checked = bounded_number
    if row.kind is ParameterKind.SWITCH:
        metavar = FLAG
    return typer.Option(
        *filter(None, (row.option, row.short)),
        help=_help(row),
        callback=checked,
        metavar=metavar,
        rich_help_panel=row.heading,
        show_default=row.on_by_default,
        autocompletion=_completion(row),
    )


def _help(row: ServiceParameter) -> str:
    """The help of the row, with its bounds as the help says them of other numbers."""
    if row.bounds is None:
        return row.help
    return f"{row.help} From {row.bounds[0]} to {row.bounds[1]}."


def _completion(row: ServiceParameter) -> Callable[[], list[str]] | None:
    """A function that returns the texts that completion offers; None if it offers none."""
    offered = list(row.values or row.examples)
    if row.name == "languages":
        offered = LANGUAGES
    if not offered:
        return None
    return lambda: offered


def _fields() -> Iterator[tuple[str, Any, Any]]:
    """Name, annotation and default of each option, in the order of the help."""
    for row in PARAMETERS:
        if row.on_by_default:
            yield row.argument, Annotated[bool, _option(row)], True
        elif row.help:
            yield row.argument, Annotated[_TYPES[row.kind], _option(row)], None
        if row.name in _BEHIND:
            yield _BEHIND[row.name]


def _with_all_options(group: type[Group]) -> type[Group]:
    """The class with an attribute for each option; the decorator `dataclass` makes fields of them."""
    group.__annotations__ = {}
    for name, annotation, default in _fields():
        group.__annotations__[name] = annotation
        setattr(group, name, default)
    return group


@dataclass(frozen=True)
@_with_all_options
class RecognitionOptions:
    """The values of the options, as the user gave them.

    There is a field for each row that has a help; declared here are the fields that code reads by name. `language` has
    no `auto`: it is None then.
    """

    vad: bool = True
    threshold: float | None = None
    noise_threshold: float | None = None
    prefix_padding_ms: int | None = None
    language: list[str] | None = None
    force: bool = False
    context_from_transcript: bool = False
    wire: str | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and self.noise_threshold is not None:
            raise UsageError("--threshold with --noise-threshold: they are the same")
        for row in PARAMETERS:
            if self._is_empty(row):  # as when a shell substitutes the output of a command that failed
                raise UsageError(f"{row.option} is empty")
        languages = {each.strip().casefold() for each in self.language or ()}
        if AUTO in languages and len(languages) > 1:
            raise UsageError(f"--language {AUTO} with another language", "leave one of them out")
        if AUTO in languages:  # which is what a model does without any language
            object.__setattr__(self, "language", None)

    @property
    def listens_for_speech(self) -> bool:
        """Whether an option about the speech detection of the server is given."""
        return (self.threshold, self.noise_threshold, self.prefix_padding_ms) != (None, None, None)

    def recognition(self, model: Model, *, vad: bool, heartbeat: bool | None) -> RecognitionSettings:
        """The settings, not yet checked for the model; `context` is not yet shortened (see `fit_context`).

        Raises:
            UsageError: a text is empty, or a file cannot be read.
        """
        values = {row.name: self._value(row, model) for row in PARAMETERS if row.help}
        values |= {"vad": vad, "heartbeat": heartbeat}
        if self.threshold is None:
            values["threshold"] = self.noise_threshold
        return RecognitionSettings(model.name, model.rate, wire=self.wire or "").with_values(values)

    def _is_empty(self, row: ServiceParameter) -> bool:
        """Whether a text was given that is empty; the kinds that are not named here have checks of their own."""
        given: Any = getattr(self, row.argument, None)
        if row.kind is ParameterKind.TEXT:
            return given is not None and not given.strip()
        if row.kind in {ParameterKind.TEXTS, ParameterKind.HOTWORDS}:
            return not all(text.strip() for text in given or ())
        return False

    def _value(self, row: ServiceParameter, model: Model) -> Any:
        """The value of a parameter, from what the user gave."""
        given: Any = getattr(self, row.argument)
        if given is None:
            return row.default
        match row.kind:
            case ParameterKind.HOTWORDS:
                return _hotwords(given, model)
            case ParameterKind.WORDS:
                return _words(row.option, given)
            case ParameterKind.JSON:
                return tuple(map(_parameter, given))
            case ParameterKind.TEXTS if row.reads_files:
                return tuple(given_text(row.option, text) for text in given)
            case ParameterKind.TEXTS:
                return tuple(given)
            case ParameterKind.TEXT if row.reads_files:
                return given_text(row.option, given)
            case ParameterKind.SWITCH if row.negative:
                return not given
        return given


def _hotwords(given: Sequence[str], model: Model) -> tuple[tuple[str, int], ...]:
    if not given:
        return ()
    from asrcli.dashscope.hotwords import HotWordLimits, check_hotwords, limits_of, parse_hotwords

    words = [word for text in given for word in parse_hotwords(given_text("--hotwords", text))]
    if not words:
        raise UsageError("--hotwords names no word")
    if spoken := [word.text for word in words if word.language]:
        problem = f"--hotwords {spoken[0]}: only a word of a list can be of one language"
        raise UsageError(problem, "see asr vocab, or leave the language out")
    limits = HotWordLimits()
    if model.list_words or not model.known:
        limits = limits_of(model.name)
    return tuple((word.text, word.weight) for word in check_hotwords(words, limits))


def _words(option: str, given: Sequence[str]) -> tuple[str, ...]:
    """The words between commas and line ends, each once."""
    joined = ",".join(given_text(option, text) for text in given)
    for mark in "，、;；\n":
        joined = joined.replace(mark, ",")
    words = tuple(dict.fromkeys(word.strip() for word in joined.split(",") if word.strip()))
    if given and not words:
        raise UsageError(f"{option} names no word")
    return words


def _parameter(text: str) -> tuple[str, Any]:
    from asrcli.protocol.json_messages import is_deep

    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--param {shorten(text, 40)}: not KEY=JSON", "as in --param max_sentence_silence=800")
    try:
        found = json.loads(value)
        json.dumps(found, allow_nan=False)  # NaN and Infinity are not JSON
    except RecursionError:
        found = None
    except ValueError:
        return name.strip(), value  # text that is not JSON is taken as a string
    if (found is None and value.strip() != "null") or is_deep(found):
        raise UsageError(f"--param {shorten(name, 40)}: JSON that is nested too deeply")
    return name.strip(), found
