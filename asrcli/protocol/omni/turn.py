"""One turn of an Omni session on the client side: what was spoken, and the answer so far. No I/O."""

from asrcli.core.dataclass import dataclass, field
from asrcli.protocol.omni import response as omni_response
from asrcli.protocol.omni.response import ModelAnswer
from asrcli.protocol.realtime.utterance import Utterance

UNFINISHED = ModelAnswer(omni_response.INCOMPLETE)


@dataclass
class OmniTurn:
    """The state of one turn, beside its span.

    Attributes:
        ended: The turn has ended, so the service may answer it.
        answering: The service has begun to answer it.
        guessed: The turn was not announced; it was created because an answer came.
        parts: The text so far, by its place (output index, content index) in the answer.
        open_parts: The places of which more text may come.
        outcome: The end of the answer; None before it.
        listened: No (further) side transcript will come for it.
        heard: The side transcript.
    """

    utterance: Utterance
    ended: bool = False
    answering: bool = False
    guessed: bool = False
    parts: dict[tuple[int, int], str] = field(default_factory=dict)
    open_parts: set[tuple[int, int]] = field(default_factory=set)
    outcome: ModelAnswer | None = None
    listened: bool = False
    heard: str = ""
    language: str = ""
    emotion: str = ""

    @property
    def text(self) -> str:
        """The text of the answer so far, or at its end."""
        if self.outcome is not None and self.outcome.text:
            return self.outcome.text.strip()
        return "".join(part for _, part in sorted(self.parts.items())).strip()

    @property
    def is_whole(self) -> bool:
        """Whether the service has said that each part of the text is whole. The end of the answer adds no text.

        A text may be empty: nobody spoke.
        """
        return bool(self.parts) and not self.open_parts

    def give_up(self) -> None:
        """End the turn with the text that it has: neither its answer nor its side transcript will go on."""
        self.listened = True
        if self.outcome is not None:
            return
        self.outcome = ModelAnswer(omni_response.FAILED)
        if self.is_whole:
            self.outcome = ModelAnswer(omni_response.COMPLETED)
        elif self.text:
            self.outcome = UNFINISHED
