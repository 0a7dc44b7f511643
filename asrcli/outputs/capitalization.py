"""Capital letters and full stops for the sentences of recognizers that write none."""

import re
from dataclasses import replace

from asrcli.core.events import Event, Final
from asrcli.core.interfaces import Output
from asrcli.core.transcript import Transcript


def capitalize(text: str, language: str = "") -> str:
    """Return the sentence with a capital letter in front and a full stop at the end; in English also with a capital I.

    An empty language counts as English. Text in a script without capital letters is returned as it is.
    """
    text = text.strip()
    first = re.search(r"\w", text)
    if first is None or text[first.start()].upper() == text[first.start()].lower():
        return text
    at = first.start()
    text = text[:at] + text[at].upper() + text[at + 1 :]
    if language in {"", "en"}:
        text = re.sub(r"\bi\b", "I", text)
    if re.search(r"[.!?…:;,\"'”’)\]。！？，；：]$", text):
        return text
    return f"{text}."


class CapitalizedOutput:
    """An output around another one, which gets finals with capital letters and full stops."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.accepts_delay = getattr(output, "accepts_delay", False)

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Pass the event on. Of a final, change the text and the translation, each by the rules of its language."""
        if isinstance(event, Final) and event.text.strip():
            translation = event.translation.strip()
            if translation:
                translation = capitalize(event.translation, event.translated_into)
            event = replace(event, text=capitalize(event.text, event.language), translation=translation)
        self._output.handle(event, transcript)

    def close(self) -> None:
        """Close the inner output."""
        self._output.close()
