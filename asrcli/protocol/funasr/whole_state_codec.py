"""The wire of FunASR's realtime server, which answers with the whole state: client codec. No I/O.

Its commands are words in text messages: START, HOTWORDS:, LANGUAGE:, COMMIT, STOP. Each answer contains all sentences
of the session and the text of the open one, so a repeated answer does no harm. Only a commit of the client, in manual
mode, clears the list.

Source of the facts: the description of the realtime server of FunASR.
"""

from collections import deque
from collections.abc import Callable, Iterator

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.events import Event, Final, Finished, Partial, Ready
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.funasr.client_base import FunAsrClientBase
from asrcli.protocol.json_messages import Json, flag, text, whole
from asrcli.protocol.timestamps import SureTime, is_ahead, named_span, span, usable_time

# The server passes the name of a language on to its model, which knows these by their own names.
LANGUAGE_NAMES = {"zh": "中文", "en": "English", "ja": "日本語"}
UNASKED = "dropped a text that the server sent twice, or that was not asked for"


class FunAsrRealtimeClient(FunAsrClientBase):
    """The client codec of one session; each has its own connection.

    Times of sentences are those of the server, which counts from the first sample of the session. In manual mode they
    are those of the commits, each of which is answered once.
    """

    quiet_end_s: float | None = None  # the server says when it has sent all

    def __init__(self, recognition: RecognitionSettings, new_id: Callable[[], str]) -> None:
        super().__init__()
        self.task_id = ""
        self.manual = not recognition.vad
        self._new_id = new_id
        self._recognition = recognition
        self._format = Format(recognition.rate)
        self._sent_samples = self._committed_samples = 0
        self._commits: deque[tuple[int, int]] = deque()  # the spans of commits that are not answered, in ms
        self._number = 1  # of the open sentence
        self._listed = 0  # how many sentences the server's list has
        self._known: set[int] = set()  # the places in the list whose sentences have had a text
        self._again_ms = 0  # the list was cleared: sentences that end before this are known
        self._last_end_ms = 0
        self._sure = SureTime()
        self._said = ""  # the text of the open sentence
        self._last_answer: Json = {}  # to a commit
        self._finishes = False

    def start(self) -> list[Message]:
        """START, and what the user asks for; audio waits until the server has started."""
        asked = self._recognition
        commands = ["START"]
        if asked.languages:
            commands.append(f"LANGUAGE:{LANGUAGE_NAMES.get(asked.languages[0], asked.languages[0])}")
        if asked.hotwords:
            commands.append(f"HOTWORDS:{','.join(word for word, _ in asked.hotwords)}")
        return [Text(command) for command in commands]

    def started(self) -> list[Event]:
        """Nothing: the server answers the start."""
        return []

    def audio(self, pcm: bytes) -> list[Message]:
        """The PCM as it is; none for empty PCM."""
        self._sent_samples += len(pcm) // SAMPLE_BYTES
        if not pcm:
            return []
        return [Binary(pcm)]

    def commit(self) -> list[Message]:
        """COMMIT, which ends the utterance here. Nothing in VAD mode, or without audio since the last commit."""
        if not self.manual or self._sent_samples == self._committed_samples:
            return []
        self._commits.append((self._format.ms(self._committed_samples), self._format.ms(self._sent_samples)))
        self._committed_samples = self._sent_samples
        return [Text("COMMIT")]

    def skip(self, samples: int) -> bool:
        """Count samples that are left out. Possible in manual mode between utterances, where the client counts."""
        if not self.manual or self._sent_samples != self._committed_samples:
            return False
        self._sent_samples += samples
        self._committed_samples = self._sent_samples
        return True

    def finish(self) -> list[Message]:
        """STOP; in manual mode after a commit of the audio that is not committed yet."""
        self._finishes = True
        return [*self.commit(), Text("STOP")]

    def _events(self, value: Json) -> list[Event]:
        name = text(value, "event")
        if name == "started" and not self.task_id:
            self.task_id = self._new_id()  # the server gives none
            return [Ready(self.task_id)]
        if name == "stopped" and self._finishes:
            return [Finished(self.usage)]
        if name or not isinstance(value.get("sentences"), list):
            return []
        if self.manual:
            return self._utterance(value)
        return [*self._sentences(value), *self._open_sentence(value, self._last_end_ms)]

    def _utterance(self, value: Json) -> list[Event]:
        """Manual mode: the events of an answer, which is about the oldest commit that is not answered."""
        if not flag(value, "is_final"):
            begin_ms, _ = next(iter(self._commits), (self._format.ms(self._committed_samples), 0))
            return self._open_sentence({**value, "partial_start_ms": begin_ms}, begin_ms)
        said = "".join(text(sentence, "text") for sentence in _listed(value))
        if not self._commits or (value == self._last_answer and whole(value, "duration_ms") is not None):
            if not said.strip():
                return []
            return [self._dropped.final(UNASKED)]
        self._last_answer = value
        return [self._final(*self._commits.popleft(), said)]

    def _sentences(self, value: Json) -> Iterator[Event]:
        """Yield a final for each sentence that is new in the list. A cleared list repeats no sentence."""
        sentences = _listed(value)
        if len(sentences) < self._listed:
            self._known, self._again_ms = set(), self._last_end_ms
        self._listed = len(sentences)
        for place, sentence in enumerate(sentences):
            said = text(sentence, "text")
            if place in self._known or not said.strip():  # a text may be filled in later
                continue
            self._known.add(place)
            begin_ms, end_ms = usable_time(sentence, "start"), usable_time(sentence, "end")
            if begin_ms is not None and end_ms is not None and begin_ms >= end_ms:
                begin_ms = end_ms = None  # a server that has no times sends zeros
            if end_ms is not None and end_ms <= self._again_ms:
                continue
            next_ms = None
            if sentence is sentences[-1]:
                next_ms = usable_time(value, "partial_start_ms")
            sent_ms = self._format.ms(self._sent_samples)
            if not self._finishes and is_ahead(end_ms, sent_ms):
                end_ms = None  # cut to the sent audio, it would decide audio that the server has not processed yet
            times = span(
                begin_ms, end_ms, (), after_ms=self._last_end_ms, sent_ms=sent_ms, sentence_text=said, next_ms=next_ms
            )
            sure_ms = self._sure.add(*named_span(begin_ms, end_ms, (), sent_ms), said)
            yield self._final(*times, said, estimated=end_ms is None or begin_ms != times[0], sure_ms=sure_ms)

    def _final(
        self, begin_ms: int, end_ms: int, said: str, *, estimated: bool = False, sure_ms: int | None = None
    ) -> Final:
        final = Final(str(self._number), begin_ms, end_ms, said, estimated=estimated, sure_ms=sure_ms)
        self._number += 1
        self._last_end_ms = max(self._last_end_ms, end_ms)
        self._said = ""
        return final

    def _open_sentence(self, value: Json, begin_ms: int) -> list[Event]:
        """A partial with the text of the open sentence; with none where the server has taken its text back."""
        before, self._said = self._said, text(value, "partial")
        if not self._said.strip() and not before.strip():
            return []
        told_ms = usable_time(value, "partial_start_ms")
        if told_ms is not None and told_ms >= begin_ms:
            begin_ms = told_ms
        return [Partial(str(self._number), begin_ms, "", self._said)]


def _listed(value: Json) -> list[Json]:
    """The sentences of an answer; one that is a text alone has no times."""
    listed: list[Json] = []
    for each in value["sentences"]:
        if isinstance(each, str):
            listed.append({"text": each})
        elif isinstance(each, dict):
            listed.append(each)
    return listed
