"""An utterance of a realtime session as the client knows it: its span, its texts and how far it has come. No I/O."""

from collections.abc import Mapping

from asrcli.core.dataclass import dataclass, field
from asrcli.core.events import Final
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
        guessed: The marks of its span without a usable time: "speech_started", "speech_stopped".
        sure_ms: As `Final.sure_ms`; set when it ends.
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
    guessed: set[str] = field(default_factory=set)
    sure_ms: int | None = None

    def mark(self, step: str, *, has_time: bool) -> None:
        """Note whether the service has named the time of a mark."""
        self.estimated = not has_time or (self.estimated and step != "speech_started")
        self.guessed.discard(step)
        if not has_time:
            self.guessed.add(step)

    def place(self, begin_ms: int, end_ms: int) -> None:
        """Give it the span of a commit."""
        self.begin_ms, self.end_ms, self.committed, self.estimated = begin_ms, end_ms, True, False
        self.guessed.clear()

    def take_place_of(self, earlier: "Utterance") -> None:
        """Give it the span and the announcements of an earlier version."""
        self.begin_ms, self.end_ms, self.committed = earlier.begin_ms, earlier.end_ms, earlier.committed
        self.announced, self.guessed = set(earlier.announced), set(earlier.guessed)

    def named(self) -> tuple[int | None, int | None]:
        """Return its start and its end, each None if it is not known."""
        begin_ms, end_ms = self.begin_ms, self.end_ms
        if "speech_started" in self.guessed:
            begin_ms = None
        if "speech_stopped" in self.guessed:
            end_ms = None
        return begin_ms, end_ms

    def begins_after(self, end_ms: int | None) -> bool:
        """Whether the service has said that it begins at this end or later."""
        begin_ms, _ = self.named()
        return begin_ms is not None and end_ms is not None and begin_ms >= end_ms

    @property
    def has_known_begin(self) -> bool:
        """Whether the service has said where it begins."""
        return self.named()[0] is not None

    def as_final(self, begin_ms: int, end_ms: int, said: str, language: str, emotion: str, heard: str = "") -> Final:
        """Return its final."""
        return Final(
            self.key, begin_ms, end_ms, said, (), language, emotion, heard=heard, estimated=self.estimated,
            sure_ms=self.sure_ms,
        )  # fmt: skip


def oldest_open(utterances: Mapping[str, Utterance]) -> str:
    """The item of the utterance that has been open for the longest time; empty if none is open."""
    return next((item for item, each in utterances.items() if each.final is None), "")


def same_speech(said: str, before: str) -> bool:
    """Whether one text begins with the other, apart from case and punctuation."""
    shorter, longer = sorted((normalized_text(said), normalized_text(before)), key=len)
    return f"{longer} ".startswith(f"{shorter} ")
