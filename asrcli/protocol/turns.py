"""The turns of an Omni session as the client hears of them: spoken, answered, written down. Knows one wire.

An answer does not say what it answers: it is the oldest turn that has ended and has no answer yet.
"""

from dataclasses import dataclass, field

from asrcli.events import Event, Final, Gap, Notice, Partial, Usage
from asrcli.protocol import answer
from asrcli.protocol.answer import Answer
from asrcli.protocol.items import TRANSCRIPTION, Items
from asrcli.protocol.parsing import Json, counted, need, number, part, text, whole

RESPONSE = "response."
MARKS = ("audio_start_ms", "audio_end_ms")
ANNOUNCED = ("speech_started", "speech_stopped", "committed")
UNANSWERED = "the service has not answered this"
UNWHOLE = "the service has not answered this to its end"
UNFINISHED = Answer(answer.INCOMPLETE)


@dataclass
class Turn:
    """What is known of one turn beside its times."""

    ended: bool = False  # the service may answer it
    answering: bool = False  # it has
    parts: dict[tuple[int, int], str] = field(default_factory=dict)  # the text so far, by its place in the answer
    outcome: Answer | None = None
    listened: bool = False  # what was said will not be written down (any more)
    heard: str = ""
    language: str = ""
    emotion: str = ""

    @property
    def text(self) -> str:
        """The answer so far, and in the end."""
        told = self.outcome.text if self.outcome is not None else ""
        return (told or "".join(said for _, said in sorted(self.parts.items()))).strip()


class Turns(Items):
    """Items that are answered. Finals leave in the order of the audio, each once.

    With `side` a final waits for what another model writes down of it, at most to the end of the next answer.

    Attributes:
        waiting: An answer has been asked for and has not come to its end.
        over: All that was spoken has been sent: what begins behind it is silence of ours.
    """

    def __init__(self, *, side: bool) -> None:
        super().__init__()
        self.waiting = self.over = False
        self._side = side
        self._turns: dict[str, Turn] = {}  # by item, those without a final
        self._done: set[str] = set()  # the other ones
        self._answered: dict[str, str] = {}  # response -> item, empty where it answers nothing
        self._counted: set[str] = set()

    def hear(self, name: str, value: Json, sent_ms: int) -> list[Event]:
        """What an event says about an item, when audio has been sent up to a time; no time is later than that.

        Raises:
            ProtocolError: a field is missing or wrong.
        """
        late = {mark: sent_ms for mark in MARKS if (number(value, mark) or 0) > sent_ms}
        events = super().hear(name, value | late, sent_ms)
        return [] if self._is_ours(text(value, "item_id"), sent_ms) else events

    def answer(self, name: str, value: Json, sent_ms: int) -> list[Event]:
        """What an event says about an answer.

        Raises:
            ProtocolError: a field is missing or wrong.
        """
        step = name.removeprefix(RESPONSE)
        if step in {"created", "done"}:
            response = need(value, "response", dict)
            item = self._item(text(response, "id"))
            return [] if step == "created" else self._end(response, item, sent_ms)
        kind, _, step = step.partition(".")
        if kind in {answer.WRITTEN, answer.SPOKEN} and step in {"delta", "done"}:
            whole_field = "text" if kind == answer.WRITTEN else "transcript"
            said = need(value, "delta" if step == "delta" else whole_field, str)
            return self._add(value, said, sent_ms, more=step == "delta")
        known = name.removeprefix(RESPONSE) in answer.AROUND
        return [] if known else [Notice("debug", f"dropped an unknown event: {name}")]

    def refuse(self, reason: str, sent_ms: int) -> list[Event]:
        """What was asked for last will not be answered; once an answer has begun, it tells its own end."""
        if any(turn.answering and turn.outcome is None for turn in self._turns.values()):
            return []
        self.waiting = False
        if (turn := self._turns.get(self._unanswered())) is not None:
            turn.outcome, turn.listened = Answer(answer.FAILED, reason=reason), True
            return self._release(sent_ms)
        return [self._lost(reason)] if self._commits else []

    def rest(self, sent_ms: int) -> list[Event]:
        """The session is over: what waits goes out as it is, and what has no text is a gap."""
        self.waiting = False
        for turn in self._turns.values():
            turn.outcome, turn.listened = turn.outcome or (UNFINISHED if turn.text else Answer(answer.FAILED)), True
        return [*self._release(sent_ms), *(self._lost("") for _ in tuple(self._commits))]

    def _announcement(self, name: str, item: str, value: Json) -> list[Event]:
        if name in ANNOUNCED:
            if item in self._done:  # it may be said twice
                return []
            turn = self._turns.setdefault(item, Turn(listened=not self._side))
            turn.ended = turn.ended or name != "speech_started"
        return super()._announcement(name, item, value)

    def _transcription(self, name: str, item: str, value: Json, sent_ms: int) -> list[Event]:
        turn = self._turns.get(item)
        if turn is None or not self._side or name not in {"delta", "completed", "failed"}:
            return [Notice("debug", f"dropped {TRANSCRIPTION}{name}")]
        turn.language = text(value, "language") or turn.language
        turn.emotion = text(value, "emotion") or turn.emotion
        if name == "delta":
            return self._so_far(item, turn, text(value, "text") + text(value, "stash"))
        turn.heard = need(value, "transcript", str) if name == "completed" else ""
        turn.listened = True
        return self._release(sent_ms)

    def _so_far(self, item: str, turn: Turn, said: str) -> list[Event]:
        """What was said goes before the answer, until there is one."""
        said = turn.text or said.strip()
        return [Partial(item, self._begin_ms(item), "", said, (), turn.language, turn.emotion)] if said else []

    def _add(self, value: Json, said: str, sent_ms: int, *, more: bool) -> list[Event]:
        item = self._item(text(value, "response_id"))
        turn = self._turns.get(item)
        if turn is None or turn.outcome is not None:
            return []
        place = (whole(value, "output_index") or 0, whole(value, "content_index") or 0)
        before = turn.text
        turn.parts[place] = turn.parts.get(place, "") + said if more else said
        return [] if turn.text == before or self._is_ours(item, sent_ms) else self._so_far(item, turn, "")

    def _end(self, response: Json, item: str, sent_ms: int) -> list[Event]:
        self.waiting = False
        given, name = answer.read(response), text(response, "id")
        if name not in self._counted:
            self.usage += counted(part(response, "usage"), Usage())
        if name:
            self._counted.add(name)
        else:  # the next without a name is another one
            self._answered.pop(name, None)
        if item not in self._turns:
            return [Notice("debug", f"dropped an answer to nothing that was said here: {name}")]
        for before, turn in self._turns.items():  # an answer comes to its end, or to none, before the next does
            if before == item:
                turn.outcome = given
                break
            if turn.answering:
                turn.outcome, turn.listened = turn.outcome or UNFINISHED, True
        return self._release(sent_ms)

    def _item(self, response: str) -> str:
        """What an answer answers: settled when it is heard of first."""
        if response not in self._answered:
            self._answered[response] = item = self._unanswered()
            if item:
                self._turns[item].answering = True
        return self._answered[response]

    def _unanswered(self) -> str:
        return next((item for item, turn in self._turns.items() if turn.ended and not turn.answering), "")

    def _release(self, sent_ms: int) -> list[Event]:
        ready = [item for item, turn in self._turns.items() if turn.outcome is not None and turn.listened]
        return [event for item in ready for event in self._closed(item, self._turns.pop(item), sent_ms)]

    def _closed(self, item: str, turn: Turn, sent_ms: int) -> list[Event]:
        ours = self._is_ours(item, sent_ms)
        (begin_ms, end_ms), given = self._close(item, sent_ms), turn.outcome or UNFINISHED
        self._done.add(item)
        if ours:
            return [Notice("debug", "dropped an answer to the silence behind the audio")]
        cut = given.status in answer.CUT_SHORT
        if given.status == answer.FAILED or (cut and not turn.text):
            return [Gap(begin_ms, end_ms, _with(UNANSWERED, given.reason))]
        final = Final(item, begin_ms, end_ms, turn.text, (), turn.language, turn.emotion, heard=turn.heard)
        return [Notice("warning", _with(UNWHOLE, given.reason)), final] if cut else [final]

    def _lost(self, reason: str) -> Gap:
        begin_ms, end_ms = self._commits.popleft()
        return Gap(begin_ms, end_ms, _with(UNANSWERED, reason))

    def _is_ours(self, item: str, sent_ms: int) -> bool:
        return self.over and item in self._spans and self._begin_ms(item) >= sent_ms


def _with(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
