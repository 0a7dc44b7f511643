"""The utterances of a realtime session as the client hears of them: announced, in the making, done. Knows one wire."""

from collections import deque

from asrcli.errors import ProtocolError
from asrcli.events import Event, Final, Gap, Notice, Partial, SpeechStarted, SpeechStopped, Usage
from asrcli.protocol.parsing import Json, counted, need, number, part, text

TRANSCRIPTION = "conversation.item.input_audio_transcription."
BUFFER = "input_audio_buffer."


class Items:
    """Which utterance lies where in the audio, from announcements and commits. Times are ms of the session.

    `usage` is what the service counted: undocumented on this wire, taken where it comes.
    """

    def __init__(self) -> None:
        self.usage = Usage()
        self._commits: deque[tuple[int, int]] = deque()  # spans that the server has not named yet
        self._spans: dict[str, tuple[int, int | None]] = {}  # item -> begin and end, None while it is open
        self._announced: set[str] = set()
        self._committed: set[str] = set()
        self._last_end_ms = 0

    def expect(self, begin_ms: int, end_ms: int) -> None:
        """The client has committed this; the server names the commits in their order."""
        self._commits.append((begin_ms, end_ms))

    def announce(self, item: str) -> None:
        """There will be something about this item."""
        self._announced.add(item)

    def hear(self, name: str, value: Json, sent_ms: int) -> list[Event]:
        """What an event says about an item, when audio has been sent up to a time.

        Raises:
            ProtocolError: a field is missing or wrong.
        """
        if name == BUFFER + "cleared":
            return []
        item = need(value, "item_id", str)
        if not name.startswith(BUFFER):
            if name == TRANSCRIPTION + "text":
                self._announced.add(item)
            if item not in self._announced:  # of another session, and on its way for too long
                return [Notice("debug", f"dropped {name} of an item nobody announced")]
            return self._transcription(name.removeprefix(TRANSCRIPTION), item, value, sent_ms)
        self._announced.add(item)
        return self._announcement(name.removeprefix(BUFFER), item, value)

    def _announcement(self, name: str, item: str, value: Json) -> list[Event]:
        if name == "speech_started":
            begin_ms = _mark(value, "audio_start_ms")
            self._spans[item] = (begin_ms, None)
            return [SpeechStarted(item, begin_ms)]
        if name == "speech_stopped":
            end_ms = _mark(value, "audio_end_ms")
            self._spans[item] = (self._begin_ms(item), end_ms)
            return [SpeechStopped(item, end_ms)]
        if name == "committed":
            if self._commits and item not in self._committed:  # it may be said twice
                self._spans[item] = self._commits.popleft()
            self._committed.add(item)
            return []
        return [Notice("debug", f"dropped an unknown event: {BUFFER}{name}")]

    def _transcription(self, name: str, item: str, value: Json, sent_ms: int) -> list[Event]:
        language, emotion = text(value, "language"), text(value, "emotion")
        if name == "text":
            said = need(value, "text", str)
            partial = Partial(item, self._begin_ms(item), said, text(value, "stash"), (), language, emotion)
            return [partial] if partial.text else []
        if name == "completed":
            said = need(value, "transcript", str)
            self.usage = counted(part(value, "usage"), self.usage)
            return [Final(item, *self._close(item, sent_ms), said, (), language, emotion)]
        if name == "failed":
            error = part(value, "error")
            reason = f"the service could not transcribe this: {text(error, 'code')}: {text(error, 'message')}"
            return [Gap(*self._close(item, sent_ms), reason)]
        return [Notice("debug", f"dropped an unknown event: {TRANSCRIPTION}{name}")]

    def _begin_ms(self, item: str) -> int:
        return self._spans[item][0] if item in self._spans else self._last_end_ms

    def _close(self, item: str, sent_ms: int) -> tuple[int, int]:
        begin_ms, end_ms = self._spans.pop(item, (self._last_end_ms, None))
        end_ms = max(begin_ms, sent_ms if end_ms is None else end_ms)
        self._last_end_ms = max(self._last_end_ms, end_ms)
        return begin_ms, end_ms


def _mark(value: Json, name: str) -> int:
    at = number(value, name)
    if at is None:
        need(value, name, (int, float))
        raise ProtocolError(f"field {name} is no time")
    return int(at)
