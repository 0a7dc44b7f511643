"""The options for the recognition: sentences, languages, words and prompts. They become `RecognitionSettings`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from asrcli.cli.options.panels import FLAG, MODEL
from asrcli.cli.options.values import given_text
from asrcli.core.errors import UsageError, shorten
from asrcli.core.settings import SILENCE_MS, RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model
from asrcli.dashscope.validation import VAD_MODELS
from asrcli.protocol.json_messages import is_deep

SENTENCES, WORDS, PROMPT = "Sentences", "Words", "Prompt"
LANGUAGES = sorted({code for model in MODELS.values() for code in model.languages})
TARGETS = ("en", "zh", "ja", "ko")


def _switch(name: str, help: str, panel: str = MODEL) -> Any:
    """A switch; unless it is given, the default of the service applies."""
    return typer.Option(name, help=help, metavar=FLAG, rich_help_panel=panel, show_default=False)


def _value(help: str, metavar: str, panel: str = MODEL, *names: str, known: Sequence[str] = ()) -> Any:
    """An option with a value; completion offers the values that are `known`."""
    completion = (lambda: list(known)) if known else None
    return typer.Option(
        *names, help=help, metavar=metavar, rich_help_panel=panel, show_default=False, autocompletion=completion
    )


Vad = Annotated[
    bool,
    typer.Option(
        "--vad/--no-vad",
        help="The server cuts sentences; --no-vad (realtime models): cut here, at silences, and commit each.",
        metavar=FLAG,
        rich_help_panel=SENTENCES,
    ),
]
SilenceMs = Annotated[
    int | None,
    _value(f"Silence that ends a sentence, {SILENCE_MS[0]} to {SILENCE_MS[-1]} milliseconds.", "MS", SENTENCES),
]
Threshold = Annotated[
    float | None,
    _value("What is speech, from -1 (every sound) to 1 (the clearest). --noise-threshold is the same.", "X", SENTENCES),
]
NoiseThreshold = Annotated[
    float | None, typer.Option("--noise-threshold", hidden=True)
]  # the name that the service uses
PrefixMs = Annotated[
    int | None,
    _value("Audio before speech that belongs to it, in milliseconds.", "MS", SENTENCES, "--prefix-padding-ms"),
]
VadModel = Annotated[
    str | None,
    _value(f"How the server detects speech: {VAD_MODELS[0]} or {VAD_MODELS[1]}.", "NAME", SENTENCES, known=VAD_MODELS),
]
Semantic = Annotated[
    bool | None, _switch("--semantic/--no-semantic", "Cut sentences by meaning, not by silence.", SENTENCES)
]
MultiThreshold = Annotated[bool | None, _switch("--multi-threshold", "Cut very long sentences earlier.", SENTENCES)]
Language = Annotated[
    list[str] | None, _value("Language spoken (zh, en, ...); may be repeated.", "CODE", known=LANGUAGES)
]
Itn = Annotated[bool | None, _switch("--itn/--no-itn", "Write numbers in figures.")]
Punctuation = Annotated[bool | None, _switch("--punctuation/--no-punctuation", "Write punctuation marks.")]
Disfluency = Annotated[bool | None, _switch("--disfluency", "Leave out disfluencies: um, uh, 嗯.")]
KeepDialect = Annotated[bool | None, _switch("--keep-dialect", "Write words of a dialect as they are spoken.")]
Interim = Annotated[bool | None, _switch("--interim/--no-interim", "Unfinished sentences too. Default: on.")]
Translate = Annotated[str | None, _value("Translate into this language too: en, zh, ja or ko.", "CODE", known=TARGETS)]
TranslationOnly = Annotated[
    bool,
    typer.Option("--translation-only", help="With --translate: that alone.", metavar=FLAG, rich_help_panel=MODEL),
]
Param = Annotated[
    list[str] | None,
    _value("A parameter under the service's own name, sent as it is; may be repeated.", "KEY=JSON"),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Send what the model is known to ignore or refuse, in any range.",
        metavar=FLAG,
        rich_help_panel=MODEL,
    ),
]
Hotwords = Annotated[
    list[str] | None, _value("Words to favour, weighted 1 to 5: 'Kubernetes:5,梯度'; @FILE reads them.", "TEXT", WORDS)
]
VocabularyId = Annotated[str | None, _value("A hot-word list: see asr vocab.", "ID", WORDS)]
PhraseId = Annotated[str | None, _value("A hot-word list of the oldest models.", "ID", WORDS)]
ContextTexts = Annotated[
    list[str] | None,
    _value("Text whose words will occur: names, terms, an agenda; @FILE reads it; may be repeated.", "TEXT", WORDS),
]
FromTranscript = Annotated[
    bool,
    typer.Option(
        "--context-from-transcript",
        help="Let the last sentences be context for the next.",
        metavar=FLAG,
        rich_help_panel=WORDS,
    ),
]
FilterWords = Annotated[
    list[str] | None, _value("Words to write as asterisks, by commas; @FILE reads them.", "TEXT", WORDS)
]
DropWords = Annotated[list[str] | None, _value("Words to leave out, in the same form.", "TEXT", WORDS)]
SystemFilter = Annotated[bool | None, _switch("--system-filter", "The service's own list of such words.", WORDS)]
Prompt = Annotated[
    str | None,
    _value("Instructions for an Omni model; @FILE reads them. Default: write down verbatim.", "TEXT", PROMPT),
]
SideTranscript = Annotated[
    bool | None, _switch("--side-transcript", "The transcript of another model too, beside the answer.", PROMPT)
]
Temperature = Annotated[float | None, _value("How freely it answers, 0 to 2.", "X", PROMPT)]
TopP = Annotated[
    float | None, _value("Choose from the likeliest words that have this share together.", "X", PROMPT, "--top-p")
]
TopK = Annotated[int | None, _value("Choose from this many of the likeliest words.", "N", PROMPT, "--top-k")]
MaxTokens = Annotated[int | None, _value("Maximum length of an answer, in tokens.", "N", PROMPT)]
Seed = Annotated[int | None, _value("The same answer for the same seed.", "N", PROMPT)]


@dataclass(frozen=True)
class RecognitionOptions:
    """The values of the options, as the user gave them."""

    vad: Vad = True
    silence_ms: SilenceMs = None
    threshold: Threshold = None
    noise_threshold: NoiseThreshold = None
    prefix_ms: PrefixMs = None
    vad_model: VadModel = None
    semantic: Semantic = None
    multi_threshold: MultiThreshold = None
    language: Language = None
    itn: Itn = None
    punctuation: Punctuation = None
    disfluency: Disfluency = None
    keep_dialect: KeepDialect = None
    interim: Interim = None
    translate: Translate = None
    translation_only: TranslationOnly = False
    param: Param = None
    force: Force = False
    hotwords: Hotwords = None
    vocabulary_id: VocabularyId = None
    phrase_id: PhraseId = None
    context: ContextTexts = None
    context_from_transcript: FromTranscript = False
    filter_words: FilterWords = None
    drop_words: DropWords = None
    system_filter: SystemFilter = None
    prompt: Prompt = None
    side_transcript: SideTranscript = None
    temperature: Temperature = None
    top_p: TopP = None
    top_k: TopK = None
    max_tokens: MaxTokens = None
    seed: Seed = None

    def __post_init__(self) -> None:
        if self.threshold is not None and self.noise_threshold is not None:
            raise UsageError("--threshold with --noise-threshold: they are the same")
        single = {"--vocabulary-id": self.vocabulary_id, "--phrase-id": self.phrase_id, "--vad-model": self.vad_model}
        single |= {"--translate": self.translate, "--prompt": self.prompt}
        several = {"--language": self.language, "--hotwords": self.hotwords, "--context": self.context}
        empty = [name for name, value in single.items() if value is not None and not value.strip()]
        empty += [name for name, values in several.items() if not all(value.strip() for value in values or ())]
        if empty:  # as when a shell substitutes the output of a command that failed
            raise UsageError(f"{empty[0]} is empty")

    @property
    def listens_for_speech(self) -> bool:
        """Whether an option about the speech detection of the server is given."""
        return (self.threshold, self.noise_threshold, self.prefix_ms) != (None, None, None)

    def recognition(self, model: Model, *, vad: bool, heartbeat: bool | None) -> RecognitionSettings:
        """The settings, not yet checked for the model; `context` is not yet shortened (see `fit_context`).

        Raises:
            UsageError: a text is empty, or a file cannot be read.
        """
        return RecognitionSettings(
            model=model.name,
            rate=model.rate,
            languages=tuple(self.language or ()),
            vad=vad,
            silence_ms=self.silence_ms,
            threshold=self.noise_threshold if self.threshold is None else self.threshold,
            semantic=self.semantic,
            heartbeat=heartbeat,
            hotwords=_hotwords(self.hotwords or (), model),
            context=tuple(given_text("--context", text) for text in self.context or ()),
            vocabulary_id=self.vocabulary_id or "",
            phrase_id=self.phrase_id or "",
            multi_threshold=self.multi_threshold,
            vad_model=self.vad_model or "",
            prefix_ms=self.prefix_ms,
            punctuation=self.punctuation,
            itn=self.itn,
            disfluency=self.disfluency,
            keep_dialect=self.keep_dialect,
            interim=self.interim,
            masked=_words("--filter-words", self.filter_words or ()),
            dropped=_words("--drop-words", self.drop_words or ()),
            system_filter=self.system_filter,
            translate=self.translate or "",
            transcription=False if self.translation_only else None,
            prompt=given_text("--prompt", self.prompt) if self.prompt else "",
            side_transcript=self.side_transcript,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            max_tokens=self.max_tokens,
            seed=self.seed,
            extra=tuple(map(_parameter, self.param or ())),
        )


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
