"""Capital letters and full stops for recognizers that give none."""

import re
from dataclasses import replace

from asrcli.events import Event, Final
from asrcli.seams import Output
from asrcli.transcript import Transcript


def capitalized(text: str, language: str = "") -> str:
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


class Capitalized:
    """An Output that hands finals on to another as `capitalized` has them."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def hear(self, event: Event, transcript: Transcript) -> None:
        """Change the text of finals and their translation, each by the rules of its language, and nothing else."""
        if isinstance(event, Final) and event.text.strip():
            translation = capitalized(event.translation, event.translated_into) if event.translation.strip() else ""
            event = replace(event, text=capitalized(event.text, event.language), translation=translation)
        self._output.hear(event, transcript)

    def close(self) -> None:
        """Close the other."""
        self._output.close()
