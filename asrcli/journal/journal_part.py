"""What one run of a journal session recorded, and where its text ends. Reads no files."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from asrcli.core.dataclass import dataclass, field
from asrcli.core.event_placement import decided_until_ms
from asrcli.core.events import Final, Gap
from asrcli.core.transcript import Sentence


@dataclass
class JournalPart:
    """What one run recorded: the first one, or one that resumed the session.

    Attributes:
        begins: For each speaker, where the run began to transcribe, in milliseconds.
        sentences: Its finals in order; those without text have number 0.
        end: The account that it recorded at its end; None if it was interrupted.
        stage: Index of the stage of the command that it belongs to.
        heard: The sources that it began to transcribe, in order, each with its start in milliseconds.
        gaps: What it named as lost, and no later run of the same stage transcribed again.
    """

    begins: dict[str, int] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    end: Mapping[str, Any] | None = None
    stage: int = 0
    heard: list[tuple[str, int]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def text_end_ms(parts: Iterable[JournalPart], speaker: str) -> int:
    """Return up to where a speaker surely has text in some runs, in milliseconds; 0 without any text.

    A sentence whose end is a guess may have ended earlier. It is transcribed again, and with it what came after it.
    """
    finals = (sentence.final for part in parts for sentence in part.sentences)
    return max((decided_until_ms(final) for final in finals if final.speaker == speaker), default=0)


def finals_of(parts: Iterable[JournalPart], speaker: str, *, until_ms: float = inf) -> tuple[Final, ...]:
    """Return the finals of a speaker in some runs, in order; those that end after `until_ms` do not count.

    A run that continues the session may be sent their text again.
    """
    finals = (sentence.final for part in parts for sentence in part.sentences)
    said = (final for final in finals if final.speaker == speaker and final.text.strip())
    return tuple(final for final in said if final.end_ms <= until_ms)
