"""The local server's translations and answers to prompts: read from a file, never made up. Pure.

The server recognizes speech, but it does not translate or answer. Each line of the file is a JSON object; it is found
by the recognized text, whose case and spaces do not matter:

    {"text": "good morning", "translation": {"zh": "早上好", "fr": "bonjour"}, "answer": "A greeting."}

Without such a line a translation is the text itself after the language code in brackets, so that nobody takes it for a
translation, and an answer is the text itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from asrcli.core.dataclass import dataclass, field
from asrcli.core.events import Event, Final, Partial
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.json_lines import parse_objects, quoted


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """For one text: its translations by language code, and the answer to a prompt; None means the text itself."""

    translations: Mapping[str, str] = field(default_factory=dict)
    answer: str | None = None


class ScriptedAnswers:
    """The lines of the file, by their text."""

    def __init__(self, answers: Mapping[str, ScriptedAnswer] | None = None) -> None:
        self._answers = {_folded(text): answer for text, answer in (answers or {}).items()}

    def applied(self, event: Event, recognition: RecognitionSettings) -> Event:
        """Return the event with the translation or answer that the client asked for.

        A translation that the recognizer itself gave stays.
        """
        if not isinstance(event, Partial | Final) or not event.text.strip():
            return event
        if recognition.translate and not event.translation:
            translation = self._translation(event.text, recognition.translate)
            event = replace(event, translation=translation, translated_into=recognition.translate)
        if recognition.prompt:
            return self._with_answer(event)
        return event

    def _translation(self, text: str, language: str) -> str:
        return self._lookup(text).translations.get(language, f"[{language}] {text.strip()}")

    def _with_answer(self, event: Partial | Final) -> Event:
        answer = self._lookup(event.text).answer
        if isinstance(event, Final):
            event = replace(event, heard=event.text)
            if answer is None:
                return event
            return replace(event, text=answer, words=())
        if answer is None:
            return event
        return replace(event, settled="", unsettled=answer, words=())

    def _lookup(self, text: str) -> ScriptedAnswer:
        return self._answers.get(_folded(text), ScriptedAnswer())


def parse_answers(lines: Iterable[str], name: str = "answers") -> ScriptedAnswers:
    """Return the answers in lines of JSON; `name` is what error messages call the file.

    Raises:
        UsageError: a line holds no answer; the message has its number.
    """
    return ScriptedAnswers(dict(parse_objects(lines, name, "an answer", _answer)))


def _answer(value: dict[str, Any]) -> tuple[str, ScriptedAnswer]:
    answer = value.get("answer")
    if not isinstance(value.get("text"), str):
        if "text" not in value:
            raise ValueError("text is missing")
        raise ValueError(f"text {quoted(value['text'])} is not a text")
    if not isinstance(answer, str | None):
        raise ValueError(f"answer {quoted(answer)} is not a text")
    return value["text"], ScriptedAnswer(translations(value), answer)


def translations(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the field `translation` of an object: texts by language code; empty when the field is missing.

    Raises:
        ValueError: the field holds something else.
    """
    texts = value.get("translation", {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("translation is not an object of texts by language")
    return texts


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
