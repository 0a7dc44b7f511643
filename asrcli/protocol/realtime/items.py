"""The utterances of a realtime session on the client side: announced, open, final. No I/O."""

from collections import deque

from asrcli.core.events import Event, Gap, Notice, Partial, SpeechStarted, SpeechStopped, Usage
from asrcli.protocol.discarded_messages import REPEATED, DiscardedMessages, SentenceKeys
from asrcli.protocol.json_messages import Json, counted, label, need, part, text, word
from asrcli.protocol.realtime.failed_items import FailedItems
from asrcli.protocol.realtime.unanswered_commits import UnansweredCommits
from asrcli.protocol.realtime.utterance import Utterance, oldest_open, same_speech
from asrcli.protocol.service_errors import ServiceError, read_reason, reason_of
from asrcli.protocol.timestamps import SureTime, is_ahead, likely_end, usable_time

TRANSCRIPTION = "conversation.item.input_audio_transcription."
BUFFER = "input_audio_buffer."
CREATED = "created"
MARKS = {"speech_started": "audio_start_ms", "speech_stopped": "audio_end_ms"}
ANNOUNCED = (*MARKS, "committed")
UNNAMED = "unnamed"  # the id of an item without an id
REFUSED = "the service refused this utterance"
UNTOLD = "the service could not transcribe this"
MOST_ADDED_MS = 10_000  # no more silence than this is added after the audio
MOST_REMEMBERED = 1000  # utterances that are recognized when a message about them is repeated


class RealtimeItems:
    """Places utterances in the audio, by announcements and commits. Times are ms from the beginning of the session.

    The argument `sent_ms` of many methods is how much audio has been sent; None if it is not known.

    Attributes:
        usage: The usage from the service; not documented on this wire, but read where it is sent.
        adds_usage: The service counts each item by itself, not the whole session so far.
        finals: How many utterances have become final.
        over: All audio has been sent; what begins after it is silence that this client added.
        failed: The gaps that wait for the end of their items.
    """

    def __init__(self, dropped: DiscardedMessages) -> None:
        self.usage = Usage()
        self.adds_usage = False
        self.finals = 0
        self.over = False
        self._dropped = dropped
        self._keys = SentenceKeys()
        self._commits = UnansweredCommits()
        self._utterances: dict[str, Utterance] = {}  # the last utterance of each item
        self._nameless: deque[int] = deque(maxlen=MOST_REMEMBERED)  # starts of speech without an item id
        self._last_end_ms = 0
        self._sure = SureTime()
        self.failed = FailedItems(self._utterances)

    @property
    def pending(self) -> int:
        """How many texts are still to come, as far as is known."""
        return len(self._commits) + sum(each.final is None for each in self._utterances.values())

    @property
    def names(self) -> dict[str, str]:
        """The ids of the items, each with its last text."""
        return {item: each.said for item, each in self._utterances.items()}

    def knows(self, value: Json) -> bool:
        """Whether the item of a message was announced or has a text."""
        return word(value, "item_id") in self._utterances

    def has_ended(self, item: str) -> bool:
        """Whether the server has said where the speech of an item ends."""
        return item in self._utterances and self._utterances[item].end_ms is not None

    def named(self, value: Json) -> Json:
        """A message about a text. One that names no item is about the oldest open utterance, if there is one."""
        item = word(value, "item_id") or oldest_open(self._utterances)
        return value | {"item_id": item}

    def expect(self, begin_ms: int, end_ms: int, event: str) -> None:
        """Note a commit of the client: its span and its event id."""
        self._commits.add(begin_ms, end_ms, event)

    def refuse(self, error: ServiceError, sent_ms: int | None) -> list[Event]:
        """The gap for a commit that the service refused: the commit that the error names, else the oldest one."""
        del sent_ms
        span = self._commits.refused(error)
        if span is None:
            return []
        self._last_end_ms = max(self._last_end_ms, span[1])
        return [Gap(*span, f"{REFUSED}: {error.words}")]

    def announce(self, item: str) -> None:
        """Note that an item was created."""
        if item:
            self._announce(item, CREATED)

    def handle(self, name: str, value: Json, sent_ms: int | None) -> list[Event]:
        """The events for a message about an item; raises ProtocolError where a text is missing that it needs."""
        item = word(value, "item_id")
        if not name.startswith(BUFFER):
            return self._transcription(name.removeprefix(TRANSCRIPTION), item or UNNAMED, value, sent_ms)
        step = name.removeprefix(BUFFER)
        if step == "cleared":
            return []
        if step not in ANNOUNCED:
            return [Notice("debug", f"dropped an unknown event: {name}")]
        if not item:
            return self._mark_without_item(step, value, sent_ms)
        known = self._utterances.get(item)
        begin_ms = usable_time(value, MARKS["speech_started"])
        if known is not None and known.final is not None and begin_ms is not None and begin_ms == known.begin_ms:
            return []  # a repetition
        if known is not None and step == "speech_stopped":
            self.failed.stopped(known, self._mark(step, value, sent_ms))
        utterance = self._announce(item, step)
        if utterance is None:
            return []
        return self._announcement(step, utterance, value, sent_ms)

    def _announce(self, item: str, step: str) -> Utterance | None:
        """The utterance that a message announces; None if it is final and the message is late or repeated."""
        known = self._utterances.get(item)
        if known is not None and known.final is not None:
            if step not in known.announced:
                known.announced.add(step)
                return None
            if step != "speech_started" and not (step == "committed" and self._commits):
                known.again = True
                return None
            known = None
        utterance = known or self._new(item)
        utterance.announced.add(step)
        return utterance

    def _new(self, item: str) -> Utterance:
        self._utterances.pop(item, None)
        if (unnamed := self._utterances.get(UNNAMED)) is not None and unnamed.final is None:
            self._utterances[item] = self._utterances.pop(UNNAMED)
            return unnamed  # its text came before its name
        utterance = self._utterances[item] = Utterance(self._keys.new(item))
        if len(self._utterances) > MOST_REMEMBERED:
            done = next((name for name, each in self._utterances.items() if each.final is not None), item)
            del self._utterances[done]
        return utterance

    def _mark_without_item(self, step: str, value: Json, sent_ms: int | None) -> list[Event]:
        """The events for a time mark without an item id: the next utterance begins there, or the open one ends."""
        if step == "speech_started":
            self._nameless.append(self._mark(step, value, sent_ms))
            return []
        speaking = [each for each in self._utterances.values() if each.final is None and each.end_ms is None]
        if step == "speech_stopped" and len(speaking) == 1:
            return self._announcement(step, speaking[0], value, sent_ms)
        return [Notice("debug", f"dropped {BUFFER}{step}: it names no item")]

    def _announcement(self, step: str, utterance: Utterance, value: Json, sent_ms: int | None) -> list[Event]:
        if step == "speech_stopped" and utterance.begins_after(self._time_of_mark(step, value, sent_ms)):
            value = {}  # an impossible time is a missing one
        utterance.mark(step, has_time=step not in MARKS or self._time_of_mark(step, value, sent_ms) is not None)
        if step == "speech_started":
            utterance.begin_ms = self._mark(step, value, sent_ms)
            return [SpeechStarted(utterance.key, utterance.begin_ms)]
        begin_ms = self._begin_ms(utterance)
        if step == "speech_stopped":
            utterance.begin_ms, utterance.end_ms = begin_ms, max(begin_ms, self._mark(step, value, sent_ms))
            return [SpeechStopped(utterance.key, utterance.end_ms)]
        self._take_commit(utterance)
        return []

    def _take_commit(self, utterance: Utterance) -> None:
        """Give the utterance the span of the oldest unanswered commit, unless it has one (a repeated message)."""
        if self._commits and not utterance.committed:
            utterance.place(*self._commits.take())

    def _mark(self, step: str, value: Json, sent_ms: int | None) -> int:
        """The time in a mark. Without a usable time speech begins where the last final ended, and ends now."""
        at_ms = self._time_of_mark(step, value, sent_ms)
        if at_ms is None and step != "speech_started":
            return sent_ms or 0
        if at_ms is None:
            return self._last_end_ms
        if sent_ms or self.over:
            return min(at_ms, sent_ms or 0)
        return at_ms

    def _time_of_mark(self, step: str, value: Json, sent_ms: int | None) -> int | None:
        """The time in a mark; None where it cannot be used, as where speech begins or ends after all audio."""
        at_ms = usable_time(value, MARKS[step])
        if step == "speech_stopped" and not self.over and is_ahead(at_ms, sent_ms):
            return None  # cut to the sent audio, it would decide all audio in transit, which can still be lost
        if at_ms is not None and sent_ms and at_ms > sent_ms + MOST_ADDED_MS * self.over and step == "speech_started":
            return None
        return at_ms

    def _transcription(self, step: str, item: str, value: Json, sent_ms: int | None) -> list[Event]:
        language, emotion = label(value, "language"), label(value, "emotion")
        if step == "text":
            return self._partial(item, value, language, emotion)
        if step == "completed":
            return self._completed(item, value, (language, emotion), sent_ms)
        if step == "failed":
            known = self._utterances.get(item)
            if known is not None and known.final is not None:
                return [Notice("debug", f"dropped {TRANSCRIPTION}{step} of a final sentence")]
            return self._fail(known or self._new(item), reason_of(UNTOLD, read_reason(value)), sent_ms)
        return [Notice("debug", f"dropped an unknown event: {TRANSCRIPTION}{step}")]

    def _fail(self, utterance: Utterance, reason: str, sent_ms: int | None) -> list[Event]:
        """The gap of an utterance without text. If only its start is known, it waits for what comes after."""
        before_ms, (begin_ms, end_ms) = self._last_end_ms, self._close(utterance, None, sent_ms)
        if utterance.end_ms is not None or not utterance.has_known_begin:
            return [Gap(begin_ms, end_ms, reason)]
        self._last_end_ms = max(before_ms, begin_ms)
        return [*self.failed.add(utterance, begin_ms, end_ms, reason)]

    def _completed(self, item: str, value: Json, about: tuple[str, str], sent_ms: int | None) -> list[Event]:
        """The final of an utterance. If its text was left out, it has the last text that came of it."""
        known, events = self._utterances.get(item), list[Event]()
        if value.get("transcript") is None and known is not None and known.final is None and known.said:
            value, events = value | {"transcript": known.said}, [self._dropped.missing_text()]
        said = need(value, "transcript", str)
        utterance = self._of_text(item, said, sent_ms)
        if not self.adds_usage:
            self.usage = counted(part(value, "usage"), self.usage)
        elif utterance is not None:
            self.usage += counted(part(value, "usage"), Usage())
        if utterance is None:
            return [self._dropped.final(REPEATED)]
        return [*events, utterance.as_final(*self._close(utterance, said, sent_ms), said, *about)]

    def _partial(self, item: str, value: Json, language: str, emotion: str) -> list[Event]:
        stash, said = text(value, "stash"), text(value, "text")
        if not stash and value.get("text", "") is not None:
            said = need(value, "text", str)
        known = self._utterances.get(item)
        if known is not None and known.final is not None:
            if not self._is_new_speech(known) and (known.announced or known.final.startswith(said + stash)):
                return [Notice("debug", f"dropped a late partial of {known.key}, which is final")]
            known = None
        utterance = known or self._new(item)
        utterance.said = said + stash
        partial = Partial(utterance.key, self._begin_ms(utterance), said, stash, (), language, emotion)
        if not partial.text:
            return []
        return [partial]

    def _of_text(self, item: str, said: str, sent_ms: int | None) -> Utterance | None:
        """The utterance that a text ends; None if it ended with this text and no other audio was sent since."""
        known = self._utterances.get(item)
        if known is None or known.final is None:
            return known or self._new(item)
        # Without a sign of a new utterance (an announcement, audio, a commit) the text is a repetition.
        news = self._is_new_speech(known) or (self._commits and "committed" not in known.announced)
        if not news and known.final == said and (known.announced or known.sent_ms == sent_ms):
            return None
        utterance = self._new(item)
        is_version = known.announced and known.final and same_speech(said, known.final)
        if not news and (is_version or (self._commits.used and "committed" in known.announced)):
            utterance.take_place_of(known)
        return utterance

    def _is_new_speech(self, known: Utterance) -> bool:
        """Whether the second announcement of a final utterance is one of more speech under the same name.

        Where the client commits, it is a repetition: each utterance has its own commit.
        """
        return known.again and not self._commits.used

    def _begin_ms(self, utterance: Utterance) -> int:
        while utterance.begin_ms is None and self._nameless:
            begin_ms = self._nameless.popleft()
            if begin_ms >= self._last_end_ms:
                utterance.begin_ms = begin_ms
        if utterance.begin_ms is None:
            utterance.mark("speech_started", has_time=False)
            return self._last_end_ms
        return utterance.begin_ms

    def _close(self, utterance: Utterance, said: str | None, sent_ms: int | None) -> tuple[int, int]:
        """The span of an utterance that ends, with a text or (None) without one.

        Without time marks it is that of the oldest unanswered commit, else the audio since the last final, if there is
        a text. If only the beginning of a text is known, `likely_end` estimates its end.
        """
        self._take_commit(utterance)
        begin_ms = self._begin_ms(utterance)
        now_ms = sent_ms or 0
        if said is not None and not said.strip():
            now_ms = begin_ms
        if said and utterance.begin_ms is not None and utterance.end_ms is None:
            later = [each.begin_ms for each in self._utterances.values() if each is not utterance and each.begin_ms]
            next_ms = min((each for each in later if each >= begin_ms), default=None)
            now_ms = likely_end(begin_ms, said, next_ms=next_ms, sent_ms=sent_ms)
        if utterance.end_ms is not None:
            now_ms = utterance.end_ms
        utterance.estimated = utterance.estimated or utterance.end_ms is None
        utterance.sure_ms = self._sure.add(*utterance.named(), said or "")
        end_ms = max(begin_ms, now_ms)
        utterance.final, utterance.sent_ms, utterance.begin_ms = said or "", sent_ms, begin_ms
        utterance.said = said or utterance.said
        self.finals += 1
        self._last_end_ms = max(self._last_end_ms, end_ms)
        return begin_ms, end_ms
