"""Prices of models, and the cost of a usage in CNY. Pure; the figures are in the catalogue.

Source of the facts: the service's price list, and its own counts of what was used.
"""

from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass
from asrcli.dashscope.context import estimate_tokens

if TYPE_CHECKING:  # the help needs the catalogue at once, and none of these
    from asrcli.core.events import Usage
    from asrcli.core.settings import RecognitionSettings

MILLION = 1_000_000
# Tokens of a second of audio, at least and at most: the counts of the service differ between measurements.
AUDIO_TOKENS_PER_S = 12.5, 25.0
TOKENS_PER_TASK = 62
OUTPUT_TOKENS_PER_S = 4.0  # fast speech, in any script


@dataclass(frozen=True, slots=True)
class Price:
    """A price by the second of audio, or by tokens.

    Attributes:
        second: CNY for a second; its translation costs the same again.
        input_tokens, output_tokens: CNY for a million tokens.
        audio_tokens: CNY for a million input tokens of audio, where they cost more than text.
    """

    second: float | None = None
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    audio_tokens: float | None = None

    def cost(self, usage: "Usage", recognition: "RecognitionSettings") -> float | None:
        """The cost of a usage in CNY; None while the service has counted nothing."""
        if self.second is not None and usage.seconds is not None:
            return usage.seconds * self.second * services(recognition)
        if self.second is not None or (usage.input_tokens is None and usage.output_tokens is None):
            return None
        text = usage.input_tokens or 0
        audio = 0  # tokens that cost more than text
        if self.audio_tokens is not None:
            audio = usage.audio_tokens or 0
            text = max(0, text - audio)
        output = usage.output_tokens or 0
        return (text * self.input_tokens + output * self.output_tokens + audio * self._audio_price) / MILLION

    def forecast(self, seconds: float, recognition: "RecognitionSettings") -> tuple[float, float]:
        """The lowest and the highest cost of this many seconds of audio; equal where seconds are counted."""
        if self.second is not None:
            cost = seconds * self.second * services(recognition)
            return cost, cost
        spoken = seconds * OUTPUT_TOKENS_PER_S * self.output_tokens
        head = (TOKENS_PER_TASK + _carried(recognition)) * self.input_tokens
        least, most = (seconds * rate * self._audio_price for rate in AUDIO_TOKENS_PER_S)
        return least / MILLION, (most + spoken + head) / MILLION

    @property
    def described(self) -> str:
        """The price as a sentence part, for a person."""
        if self.second is not None:
            return f"{self.second:.5f} CNY a second"
        audio = ""
        if self.audio_tokens is not None:
            audio = f"{self.audio_tokens:g} of audio, "
        return f"CNY a million tokens: {audio}{self.input_tokens:g} in, {self.output_tokens:g} out"

    @property
    def short(self) -> str:
        """The price as a short text, for a column of a table."""
        if self.second is not None:
            return f"{self.second * 3600:.2f}/h"
        return f"{self._audio_price:g} + {self.output_tokens:g}"

    @property
    def _audio_price(self) -> float:
        """CNY for a million input tokens of audio."""
        if self.audio_tokens is None:
            return self.input_tokens
        return self.audio_tokens


def _carried(recognition: "RecognitionSettings") -> int:
    """The tokens that a task sends beside its audio: context, hot words, and the prompt."""
    return sum(
        map(estimate_tokens, (*recognition.context, *(word for word, _ in recognition.hotwords), recognition.prompt))
    )


def services(recognition: "RecognitionSettings") -> int:
    """How many times a second is charged: once for the transcript, once for the translation."""
    return (recognition.transcription is not False) + bool(recognition.translate)
