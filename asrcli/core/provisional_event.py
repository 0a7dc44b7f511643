"""The event for text that is not the service's, and that no output takes for a sentence."""

from asrcli.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Provisional:
    """A sentence that the recognizer on this machine has heard while the service was away; never a final.

    It replaces the last one with this key. An empty text withdraws it: a final or a gap has taken its place.
    """

    key: str
    begin_ms: int
    end_ms: int
    text: str
    open: bool = False  # the sentence goes on
    speaker: str = ""
