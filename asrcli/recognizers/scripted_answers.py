"""What the local server says in another language, or answers to a prompt: read from a file, never made up. Pure.

Recognition is real; what is said about it here is not. A line of the file is a JSON object, found by the text that was
recognized, whose case and spaces do not matter:

    {"text": "good morning", "translation": {"zh": "早上好", "fr": "bonjour"}, "answer": "A greeting."}

Without one a translation is the text itself behind the name of the language, so that nobody takes it for one, and an
answer is the text itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from asrcli.core.events import Event, Final, Partial
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_lines import objects, shown


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """What is said to one text: its translations by language, and the answer to a prompt; None is the text itself."""

    translations: Mapping[str, str] = field(default_factory=dict)
    answer: str | None = None


class ScriptedAnswers:
    """All that is written down, by the text."""

    def __init__(self, written: Mapping[str, ScriptedAnswer] | None = None) -> None:
        self._written = {_folded(text): answer for text, answer in (written or {}).items()}

    def applied(self, event: Event, recognition: RecognitionSettings) -> Event:
        """The event with what was asked for beside, or instead of, the text; a recognizer's own translation stays."""
        if not isinstance(event, Partial | Final) or not event.text.strip():
            return event
        if recognition.translate and not event.translation:
            translation = self._translated(event.text, recognition.translate)
            event = replace(event, translation=translation, translated_into=recognition.translate)
        return self._answered(event) if recognition.prompt else event

    def _translated(self, text: str, into: str) -> str:
        return self._found(text).translations.get(into, f"[{into}] {text.strip()}")

    def _answered(self, event: Partial | Final) -> Event:
        answer = self._found(event.text).answer
        if isinstance(event, Final):
            event = replace(event, heard=event.text)
            return event if answer is None else replace(event, text=answer, words=())
        return event if answer is None else replace(event, settled="", unsettled=answer, words=())

    def _found(self, text: str) -> ScriptedAnswer:
        return self._written.get(_folded(text), ScriptedAnswer())


def parse_answers(lines: Iterable[str], name: str = "answers") -> ScriptedAnswers:
    """The answers in lines of JSON; `name` is what a mistake is said to be in.

    Raises:
        UsageError: a line that holds none, by its number.
    """
    return ScriptedAnswers(dict(objects(lines, name, "an answer", _answer)))


def _answer(value: dict[str, Any]) -> tuple[str, ScriptedAnswer]:
    answer = value.get("answer")
    if not isinstance(value.get("text"), str):
        raise ValueError(f"text {shown(value['text'])} is not a text" if "text" in value else "text is missing")
    if not isinstance(answer, str | None):
        raise ValueError(f"answer {shown(answer)} is not a text")
    return value["text"], ScriptedAnswer(translations(value), answer)


def translations(value: Mapping[str, Any]) -> dict[str, str]:
    """What an object holds under `translation`: texts by language.

    Raises:
        ValueError: something else.
    """
    found = value.get("translation", {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ValueError("translation is not an object of texts by language")
    return found


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
