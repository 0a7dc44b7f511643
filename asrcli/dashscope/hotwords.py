"""Hot words, each with a weight: parses what people write and checks the limits of the service. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SettingError, UsageError, shorten
from asrcli.dashscope.catalogue import MODELS

USUAL_WEIGHT = 4
WEIGHTS = range(1, 6)
SUPER_WEIGHT = 50
MOST_CHARACTERS = 15  # of a word with any character beyond ASCII
MOST_PARTS = 7  # of a pure ASCII word, at spaces
PREFIX_CHARACTERS = 9  # the documentation says up to 10, the official SDK fewer than 10
_HEAD, _TAIL = 5, 4  # of a prefix made from a name too long for one

_BETWEEN = re.compile(r"[,，、;；]")
_WEIGHTED = re.compile(r"(.*)[:：]\s*([+-]?\d{1,9})\s*", re.DOTALL)
_FRACTION = re.compile(r"(.*)[:：]\s*([+-]?\d*\.\d+)\s*", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_FORMS = "write a word as text:weight, a line as text, weight and language with tabs between, or JSON"


@dataclass(frozen=True, slots=True)
class HotWord:
    """A word to favour; it has an effect in `language` only, or in any language where that is empty."""

    text: str
    weight: int = USUAL_WEIGHT
    language: str = ""


@dataclass(frozen=True, slots=True)
class HotWordLimits:
    """How many words a list for one model may hold, and how many of them may be super hot words."""

    words: int = 500
    super_words: int = 0


def limits_of(name: str) -> HotWordLimits:
    """The limits of a list for this model; the largest limits for a model that is not in the catalogue.

    Raises:
        UsageError: the model takes no lists.
    """
    model = MODELS.get(name)
    if model is None:
        return HotWordLimits(2000, 50)
    if not model.list_words:
        raise UsageError(f"{name} takes no hot-word lists", "asr models says which models do")
    return HotWordLimits(model.list_words, model.super_words)


def parse_hotwords(text: str) -> tuple[HotWord, ...]:
    """The words in a text: separated by commas or line ends, in columns with tabs, or as JSON; # begins a comment.

    Raises:
        UsageError: a weight is not a whole number, or the text begins as JSON and cannot be read.
    """
    text = text.lstrip("\ufeff")
    if text.lstrip().startswith(("[", "{")):
        return tuple(_from_json(text))
    return tuple(word for line in text.splitlines() for word in _from_line(_COMMENT.sub("", line)))


def _from_line(line: str) -> Iterable[HotWord]:
    if "\t" not in line.strip():
        return [_weighted(item) for item in _BETWEEN.split(line) if item.strip()]
    text, weight, language = ([*map(str.strip, line.split("\t")), ""])[:3]
    if not re.fullmatch(r"[+-]?\d{1,9}", weight or "0"):
        raise UsageError(f"hot word {shorten(text, 40)}: weight {shorten(weight, 20)} is not a number", _FORMS)
    return [HotWord(text, int(weight or USUAL_WEIGHT), language)]


def _weighted(item: str) -> HotWord:
    """The word and its weight, which follows the last colon: the word itself may contain colons."""
    if fraction := _FRACTION.fullmatch(item):
        raise UsageError(f"hot word {shorten(fraction[1], 40)}: weight {fraction[2]} is not a whole number", _FORMS)
    if weighted := _WEIGHTED.fullmatch(item):
        return HotWord(weighted[1].strip(), int(weighted[2]))
    return HotWord(item.strip())


def _from_json(text: str) -> Iterable[HotWord]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"hot words begin like JSON and are not JSON: {shorten(str(exc), 60)}", _FORMS) from None
    if isinstance(value, dict) and isinstance(value.get("words"), list):  # as asr vocab show --json has it
        value = value["words"]
    if isinstance(value, dict):
        value = [{"text": word, "weight": weight} for word, weight in value.items()]
    return [_from_object(item) for item in value]


def _from_object(item: Any) -> HotWord:
    if isinstance(item, str):
        return HotWord(item.strip())
    if isinstance(item, dict):
        word, weight, language = item.get("text"), item.get("weight", USUAL_WEIGHT), item.get("lang") or ""
        whole = isinstance(weight, int) and not isinstance(weight, bool)
        if isinstance(word, str) and whole and isinstance(language, str):
            return HotWord(word.strip(), weight, language)
    shown = shorten(json.dumps(item, ensure_ascii=False), 60)
    raise UsageError(f"not a hot word: {shown}", 'in JSON it is {"text": "word", "weight": 4}, or {"word": 4}')


def check_hotwords(words: Iterable[HotWord], limits: HotWordLimits) -> tuple[HotWord, ...]:
    """The words without repetitions. The service drops words beyond its limits silently, so they are refused here.

    Raises:
        UsageError: a word or the list breaks a limit; the error names the word, the limit and what to do.
    """
    kept: dict[tuple[str, str], HotWord] = {}
    for word in words:
        _check_word(word, limits)
        before = kept.setdefault((word.text, word.language), word)
        if before.weight != word.weight:
            raise UsageError(f"hot word {word.text} has the weights {before.weight} and {word.weight}", "keep one")
    supers = sum(1 for word in kept.values() if word.weight == SUPER_WEIGHT)
    if not kept:
        raise UsageError("no hot words", "name at least one")
    if len(kept) > limits.words:
        over = len(kept) - limits.words
        raise UsageError(f"{len(kept)} hot words: a list for this model holds {limits.words}", f"leave out {over}")
    if supers > limits.super_words:
        over = supers - limits.super_words
        raise UsageError(
            f"{supers} hot words of weight {SUPER_WEIGHT}: a list holds {limits.super_words}",
            f"give {over} of them a weight from 1 to 5",
        )
    return tuple(kept.values())


def _check_word(word: HotWord, limits: HotWordLimits) -> None:
    shown = f"hot word {shorten(word.text, 40)}"
    if not word.text.strip():
        raise UsageError("a hot word without text", _FORMS)
    if any(char < " " or char == "\x7f" for char in word.text):
        raise UsageError(f"{shown}: holds a control character", "leave it out")
    if word.weight == SUPER_WEIGHT and not limits.super_words:
        raise UsageError(
            f"{shown}: only qwen-audio-3.x models take weight {SUPER_WEIGHT}", "give it a weight from 1 to 5"
        )
    if word.weight not in WEIGHTS and word.weight != SUPER_WEIGHT:
        supers = ""
        if limits.super_words:
            supers = f", or {SUPER_WEIGHT}"
        raise UsageError(f"{shown}: weight {word.weight}", f"a weight is from 1 to 5{supers}")
    if not word.text.isascii() and len(word.text) > MOST_CHARACTERS:
        raise UsageError(f"{shown}: {len(word.text)} characters", f"shorten it to {MOST_CHARACTERS}")
    if word.text.isascii() and len(word.text.split(" ")) > MOST_PARTS:
        parts = len(word.text.split(" "))
        raise UsageError(f"{shown}: {parts} parts, counted at spaces", f"shorten it to {MOST_PARTS}")


def check_prefix(prefix: str) -> str:
    """The prefix, if the service accepts it.

    Raises:
        UsageError: it has other characters than digits and lower-case letters, none, or too many.
    """
    if not re.fullmatch(rf"[0-9a-z]{{1,{PREFIX_CHARACTERS}}}", prefix):
        problem = f"write it in 1 to {PREFIX_CHARACTERS} digits and lower-case letters"
        raise SettingError("prefix", problem, value=shorten(prefix, 40))
    return prefix


def prefix_of(name: str) -> str:
    """A prefix made from any name, always the same one. A long name gets a hash, so that similar names differ."""
    kept = re.sub(r"[^0-9a-z]", "", name.lower())
    if 0 < len(kept) <= PREFIX_CHARACTERS:
        return kept
    return kept[:_HEAD] + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_TAIL]
