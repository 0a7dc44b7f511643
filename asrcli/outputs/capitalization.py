"""Capital letters and full stops for recognizers that give none."""

import re
from dataclasses import replace

from asrcli.core.events import Event, Final
from asrcli.core.interfaces import Output
from asrcli.core.transcript import Transcript


def capitalize(text: str, language: str = "") -> str:
    """The sentence with a capital in front and a full stop behind, in English with a capital I.

    An unnamed language is taken for English. Scripts without capitals stay as they are.
    """
    text = text.strip()
    first = re.search(r"\w", text)
    if first is None or text[first.start()].upper() == text[first.start()].lower():
        return text
    at = first.start()
    text = text[:at] + text[at].upper() + text[at + 1 :]
    if language in {"", "en"}:
        text = re.sub(r"\bi\b", "I", text)
    return text if re.search(r"[.!?…:;,\"'”’)\]。！？，；：]$", text) else f"{text}."


class CapitalizedOutput:
    """An Output that hands finals on to another as `capitalized` has them."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Change the text of finals and their translation, each by the rules of its language, and nothing else."""
        if isinstance(event, Final) and event.text.strip():
            translation = capitalize(event.translation, event.translated_into) if event.translation.strip() else ""
            event = replace(event, text=capitalize(event.text, event.language), translation=translation)
        self._output.handle(event, transcript)

    def close(self) -> None:
        """Close the other."""
        self._output.close()
