"""What a server has counted of one task, as the service reports it: seconds, and tokens where they are paid. Pure.

Source of the facts: the service's references for server events; the tokens of a second are measurements of its users.
"""

from math import ceil

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.events import Final, Partial
from asrcli.protocol.json_messages import Json

TOKENS_PREFIX = "qwen-audio-3.1"  # models whose names begin so are paid by tokens
AUDIO_TOKENS_PER_S = 12.5
TASK_TOKENS = 62  # of the input, for each task
TOKENS_PER_CHARACTER = 0.6


class BilledUsage:
    """The usage of one task so far. Every count is of the whole task, so clients keep the last one."""

    def __init__(self, model: str = "", audio_format: str = "", rate: int = 0) -> None:
        self._counts_tokens = model.startswith(TOKENS_PREFIX)
        self._bytes_per_s = 0  # of audio whose size tells its length
        if audio_format == "pcm":
            self._bytes_per_s = SAMPLE_BYTES * rate
        self._received_bytes = 0
        self._heard_ms = self._characters = 0  # up to the end of the last final, and of all finals

    def receive(self, size: int) -> None:
        """Count bytes of audio."""
        self._received_bytes += size

    def at(self, event: Partial | Final) -> Json | None:
        """The usage with a result. Models without tokens have one with finals only."""
        characters = self._characters + len(event.text)
        if isinstance(event, Final):
            self._heard_ms = max(self._heard_ms, event.end_ms)
            self._characters = characters
        elif not self._counts_tokens:
            return None
        return self._count(characters)

    def at_end(self) -> Json | None:
        """The usage with the end of the task: none of models without tokens."""
        if not self._counts_tokens:
            return None
        return self._count(self._characters)

    def _count(self, characters: int) -> Json:
        seconds = self._heard_ms / 1000
        if self._bytes_per_s:
            seconds = self._received_bytes / self._bytes_per_s
        counted = {"duration": ceil(seconds)}
        if not self._counts_tokens:
            return counted
        heard, written = ceil(seconds * AUDIO_TOKENS_PER_S) + TASK_TOKENS, ceil(characters * TOKENS_PER_CHARACTER)
        return counted | {"input_tokens": heard, "output_tokens": written, "total_tokens": heard + written}
