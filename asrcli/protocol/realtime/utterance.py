"""An utterance of a realtime session as the client knows it: its span, its texts and how far it has come. No I/O."""

from collections.abc import Mapping

from asrcli.core.dataclass import dataclass, field
from asrcli.recovery.duplicate_finals import normalized_text


@dataclass(slots=True)
class Utterance:
    """One use of an item id; a service may use the id again for another utterance.

    Attributes:
        key: The key of its events; no other utterance of the task has it.
        begin_ms, end_ms: Its span; None if the service has not sent it.
        announced: The kinds of events that announced it.
        committed: It has the span of a commit.
        final: Its final text; None while it is open.
        again: It is final and was announced once more, so the next text is not a repetition.
        said: Its last text.
        sent_ms: How much audio had been sent when it became final.
        estimated: The service has not sent all of its span.
    """

    key: str
    begin_ms: int | None = None
    end_ms: int | None = None
    announced: set[str] = field(default_factory=set)
    committed: bool = False
    final: str | None = None
    said: str = ""
    again: bool = False
    sent_ms: int | None = None
    estimated: bool = False


def oldest_open(utterances: Mapping[str, Utterance]) -> str:
    """The item of the utterance that has been open for the longest time; empty if none is open."""
    return next((item for item, each in utterances.items() if each.final is None), "")


def same_speech(said: str, before: str) -> bool:
    """Whether one text begins with the other, apart from case and punctuation."""
    shorter, longer = sorted((normalized_text(said), normalized_text(before)), key=len)
    return f"{longer} ".startswith(f"{shorter} ")
