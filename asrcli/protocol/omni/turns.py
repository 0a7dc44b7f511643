"""The turns of an Omni session on the client side: spoken, answered, transcribed. No I/O.

An answer does not say which turn it answers: it is the oldest turn that has ended and has no answer yet.
"""

from itertools import takewhile

from asrcli.core.events import Event, Gap, Notice, Partial, Usage
from asrcli.core.transcript import TASK_MOST_OPEN
from asrcli.protocol.discarded_messages import REPEATED, DiscardedMessages
from asrcli.protocol.json_messages import Json, counted, label, need, part, text, whole, word
from asrcli.protocol.omni import response as omni_response
from asrcli.protocol.omni.response import ModelAnswer
from asrcli.protocol.omni.turn import UNFINISHED, OmniTurn
from asrcli.protocol.realtime.items import TRANSCRIPTION, RealtimeItems
from asrcli.protocol.realtime.utterance import Utterance
from asrcli.protocol.service_errors import ServiceError, reason_of

RESPONSE = "response."
UNANSWERED = "the service has not answered this"
UNWHOLE = "the service has not answered this to its end"
# By the kind of an answer's pieces, the field that holds the whole text at their end.
FIELDS = {omni_response.WRITTEN: "text", omni_response.SPOKEN: "transcript"}


class OmniTurns(RealtimeItems):
    """Items that are answered. Finals are emitted in the order of the audio, each once.

    With `side` a final waits for the side transcript, at most until the next answer ends.

    Attributes:
        waiting: An answer was asked for and has not ended.
    """

    def __init__(self, dropped: DiscardedMessages, *, side: bool) -> None:
        super().__init__(dropped)
        self.waiting = False
        self._side = side
        self._turns: dict[str, OmniTurn] = {}  # turns without a final, by key
        self._answered: dict[str, str] = {}  # response id -> key of its turn
        self._given: dict[str, str] = {}  # id of an ended response -> its text
        self._running = ""  # id of the response that a message named last
        self._early = 0  # answers that came before the commits of their turns were answered

    @property
    def pending(self) -> bool:
        """Whether an answer to an ended turn is still to come."""
        return bool(self._commits) or any(each.ended or each.answering for each in self._turns.values())

    def answer(self, name: str, value: Json, sent_ms: int | None) -> list[Event]:
        """The events for a message about an answer.

        Raises:
            ProtocolError: a text is missing where the message needs one.
        """
        events = self._answer(name, value, sent_ms)
        if len(self._turns) < TASK_MOST_OPEN:
            return events
        next(iter(self._turns.values())).give_up()  # the service has abandoned it
        return [*events, *self._release(sent_ms)]

    def _answer(self, name: str, value: Json, sent_ms: int | None) -> list[Event]:
        step = name.removeprefix(RESPONSE)
        response = part(value, "response")
        if step == "created":
            self._begin(word(response, "id"))
            return []
        if step == "done":
            return self._end(response, word(response, "id") or self._running, sent_ms)
        kind, _, end = step.partition(".")
        if kind in FIELDS and end == "delta":
            return self._add(value, need(value, "delta", str), sent_ms, more=True)
        if kind in FIELDS and end == "done":
            return self._add(value, need(value, FIELDS[kind], str), sent_ms, more=False)
        if step in omni_response.IGNORED_EVENTS:
            return []
        return [Notice("debug", f"dropped an unknown event: {name}")]

    def _begin(self, named: str) -> None:
        """An answer has begun; nothing if the message repeats one about an answer that has ended."""
        if named in self._given:
            if not self._unanswered():
                return
            self._renew(named)
        self._turn(named)

    def refuse(self, error: ServiceError, sent_ms: int | None) -> list[Event]:
        """The gap for a turn whose answer was refused. Nothing where an answer has begun: it reports its own end."""
        if any(turn.answering and turn.outcome is None for turn in self._turns.values()):
            return []
        self.waiting = False
        if (turn := self._turns.get(self._unanswered())) is not None:
            turn.outcome = ModelAnswer(omni_response.FAILED, reason=error.words)
            turn.listened = True
            return self._release(sent_ms)
        if self._commits:
            return [self._lost(error.words)]
        return []

    def rest(self, sent_ms: int | None) -> list[Event]:
        """The events at the end of the session: finals for what has text, gaps for the rest."""
        self.waiting = False
        for turn in self._turns.values():
            turn.give_up()
        return [*self._release(sent_ms), *(self._lost("") for _ in range(len(self._commits)))]

    def written(self, sent_ms: int | None, *, heard: bool) -> list[Event]:
        """The finals of turns whose answer is whole, where only its end is missing; `heard`: or the side transcript."""
        for turn in self._turns.values():
            if turn.is_whole and (turn.listened or heard):
                turn.give_up()
        return self._release(sent_ms)

    def _announcement(self, step: str, utterance: Utterance, value: Json, sent_ms: int | None) -> list[Event]:
        if step == "committed" and self._early and utterance.key not in self._turns:
            self._early -= 1
            utterance.final = ""
            return []
        turn = self._turns.setdefault(utterance.key, OmniTurn(utterance, listened=not self._side))
        turn.ended = turn.ended or step != "speech_started"
        events = super()._announcement(step, utterance, value, sent_ms)
        if self._is_added_silence(utterance, sent_ms):
            return []
        return events

    def _transcription(self, step: str, item: str, value: Json, sent_ms: int | None) -> list[Event]:
        turn = None
        if item in self._utterances:
            turn = self._turns.get(self._utterances[item].key)
        if turn is None or not self._side or step not in {"delta", "completed", "failed"}:
            return [Notice("debug", f"dropped {TRANSCRIPTION}{step}")]
        turn.language = label(value, "language") or turn.language
        turn.emotion = label(value, "emotion") or turn.emotion
        if step == "delta":
            said = self._written_down(turn, text(value, "text") + text(value, "stash"))
            if self._is_added_silence(turn.utterance, sent_ms):
                return []
            return said
        turn.heard = ""
        if step == "completed":
            turn.heard = text(value, "transcript")
        turn.listened = True
        return self._release(sent_ms)

    def _written_down(self, turn: OmniTurn, said: str) -> list[Event]:
        """The partial of a turn: its answer so far, or `said` (the side transcript) before there is an answer."""
        said, key = turn.text or said.strip(), turn.utterance.key
        if not said:
            return []
        return [Partial(key, self._begin_ms(turn.utterance), "", said, (), turn.language, turn.emotion)]

    def _add(self, value: Json, said: str, sent_ms: int | None, *, more: bool) -> list[Event]:
        named = word(value, "response_id") or self._running
        if named in self._given:
            return []
        turn = self._turns.get(self._turn_of_text(named))
        if turn is None or turn.outcome is not None:
            return []
        place = (whole(value, "output_index") or 0, whole(value, "content_index") or 0)
        before = turn.text
        if more:
            said = turn.parts.get(place, "") + said
        turn.parts[place] = said
        if more:
            turn.open_parts.add(place)
        else:
            turn.open_parts.discard(place)
        if turn.guessed or turn.text == before or self._is_added_silence(turn.utterance, sent_ms):
            return []
        return self._written_down(turn, "")

    def _end(self, response: Json, named: str, sent_ms: int | None) -> list[Event]:
        self.waiting = False
        given = omni_response.read(response)
        if named in self._given and not self._unanswered():
            if not given.text:
                return []
            if given.text == self._given[named]:
                return [self._dropped.final(REPEATED)]
            self._renew(named)
        key = self._turn_of_text(named)
        self.usage += counted(part(response, "usage"), Usage())
        if self._running == named:
            self._running = ""
        turn = self._settled(key, given)
        if named:
            self._given[named] = given.text
        else:  # the next without a name is another one
            self._answered.pop(named, None)
        if turn is None:
            return [Notice("debug", f"dropped an answer to nothing that was said here: {named}")]
        turn.outcome = given
        # An answer comes to its end, or to none, before the next does.
        for before in takewhile(lambda each: each is not turn, self._turns.values()):
            if before.answering:
                before.outcome = before.outcome or UNFINISHED
                before.listened = True
        return self._release(sent_ms)

    def _settled(self, key: str, given: ModelAnswer) -> OmniTurn | None:
        """The turn whose answer has ended. For a guessed turn it is the turn that was announced meanwhile, if any."""
        turn = self._turns.get(key)
        if turn is None or not turn.guessed:
            return turn
        announced = self._turns.get(self._unanswered())
        if announced is not None:
            announced.answering, announced.parts, announced.open_parts = True, turn.parts, turn.open_parts
        if announced is not None or not (given.text or turn.text):
            turn.utterance.final = ""
            del self._turns[key]
            return announced
        return turn

    def _renew(self, response: str) -> None:
        """The id of an ended response now belongs to another response: forget the old one."""
        self._given.pop(response, None)
        self._answered.pop(response, None)

    def _turn(self, response: str) -> str:
        """The key of the turn that a response answers, chosen at its first message; else a guess."""
        if response not in self._answered:
            key = self._unanswered() or self._unannounced(response)
            self._turns[key].answering = True
            self._answered[response], self._running = key, response
        return self._answered[response]

    def _turn_of_text(self, response: str) -> str:
        """As `_turn`. A response that was never begun is the one that was begun without this id and has no text yet."""
        if response not in self._answered:
            for begun, key in self._answered.items():
                turn = self._turns.get(key)
                if turn is not None and turn.outcome is None and not turn.parts:
                    self._answered[response], self._running = self._answered.pop(begun), response
                    break
        return self._turn(response)

    def _unanswered(self) -> str:
        return next((key for key, turn in self._turns.items() if turn.ended and not turn.answering), "")

    def _unannounced(self, response: str) -> str:
        """The key of a new turn that was not announced: that of the oldest unanswered commit, else possibly none."""
        utterance = self._new(f"answer {response}".strip())
        self._early += bool(self._commits)
        turn = OmniTurn(utterance, ended=True, guessed=not self._commits, listened=True)
        self._take_commit(utterance)
        self._turns[utterance.key] = turn
        return utterance.key

    def _release(self, sent_ms: int | None) -> list[Event]:
        ready = [key for key, turn in self._turns.items() if turn.outcome is not None and turn.listened]
        return [event for key in ready for event in self._closed(self._turns.pop(key), sent_ms)]

    def _closed(self, turn: OmniTurn, sent_ms: int | None) -> list[Event]:
        added = self._is_added_silence(turn.utterance, sent_ms)
        given = turn.outcome or UNFINISHED
        cut = given.status in omni_response.CUT_SHORT
        lost = given.status == omni_response.FAILED or (cut and not turn.text)
        said: str | None = turn.text
        if lost:
            said = None
        begin_ms, end_ms = self._close(turn.utterance, said, sent_ms)
        if added:
            return [Notice("debug", "dropped an answer to the silence after the audio")]
        if lost:
            return [Gap(begin_ms, end_ms, reason_of(UNANSWERED, given.reason))]
        final = turn.utterance.as_final(begin_ms, end_ms, turn.text, turn.language, turn.emotion, turn.heard)
        if cut:
            return [Notice("warning", reason_of(UNWHOLE, given.reason)), final]
        return [final]

    def _lost(self, reason: str) -> Gap:
        return Gap(*self._commits.take(), reason_of(UNANSWERED, reason))

    def _is_added_silence(self, utterance: Utterance, sent_ms: int | None) -> bool:
        """Whether the service says that the utterance begins in the silence that this client added after the audio."""
        begin_ms = utterance.begin_ms
        return self.over and not utterance.estimated and begin_ms is not None and begin_ms >= (sent_ms or 0)
