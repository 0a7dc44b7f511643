"""The wire of the FunASR runtime in its two-pass mode: client codec. No I/O.

The server finds sentences by itself. While one is spoken it sends pieces of its text; at its end it sends the whole
sentence, corrected. No message has a time on the timeline of the audio: times are estimated from how much audio had
been sent when the first text of a sentence came, and from the length that the server gives. That needs audio at the
pace of speech.

Source of the facts: the protocol description of the FunASR runtime and its Python server.
"""

import json
from collections.abc import Callable, Mapping

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.events import Event, Final, Finished, Partial, Ready, Usage
from asrcli.core.message import Binary, Message
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.discarded_messages import DiscardedMessages
from asrcli.protocol.json_messages import Json, flag, read, text, word, write
from asrcli.protocol.timestamps import likely_end

CHUNK_SIZE = (5, 10, 5)  # look-back, size and look-ahead, in units of 60 ms: a partial each 600 ms
FRAME_MS = 60  # ten frames are one chunk
FIRST_TEXT_MS = 1200  # so long after its begin, at most, a sentence has its first text
PAUSE_MS = 800  # of silence, after which the server ends a sentence
QUIET_END_S = 10.0  # older servers do not say when they have sent all


class FunAsrClient:
    """The client codec of one task; each has its own connection."""

    word_times = False
    reusable = False
    manual = False
    connection_is_new = True
    retired_names: Mapping[str, str] | None = None
    lifetime_s: float | None = None
    must_wait = False
    quiet_end_s: float | None = QUIET_END_S

    def __init__(self, recognition: RecognitionSettings, new_id: Callable[[], str]) -> None:
        self.task_id = new_id()
        self._recognition = recognition
        self._format = Format(recognition.rate)
        self._frame_bytes = self._format.samples(FRAME_MS) * SAMPLE_BYTES
        self._dropped = DiscardedMessages()
        self._rest = b""  # of the last audio, less than a frame
        self._sent_samples = 0
        self._number = 1  # of the open sentence
        self._said = ""  # its text so far
        self._begin_ms: int | None = None  # its estimated begin; None before its first text
        self._last_end_ms = 0
        self._finishes = False

    @property
    def usage(self) -> Usage:
        """Nothing: this wire counts no usage."""
        return Usage()

    @property
    def seen_names(self) -> Mapping[str, str]:
        """Nothing: sentences have no names on this wire."""
        return {}

    @property
    def dropped(self) -> int:
        """How many finals were dropped; a notice was emitted for each."""
        return self._dropped.finals

    def url(self, base: str) -> str:
        """The address of a server, which takes any path."""
        return endpoint(base, "/")

    def start(self) -> list[Message]:
        """The settings. The server answers nothing to them."""
        asked = self._recognition
        values: Json = {
            "mode": "2pass",
            "wav_name": self.task_id,
            "wav_format": "pcm",
            "is_speaking": True,
            "chunk_size": list(CHUNK_SIZE),
            "chunk_interval": 10,
            "audio_fs": asked.rate,
            "encoder_chunk_look_back": 4,
            "decoder_chunk_look_back": 0,
            "itn": asked.itn is not False,
        }
        if asked.hotwords:
            values["hotwords"] = json.dumps(dict(asked.hotwords), ensure_ascii=False)
        return [write(values | dict(asked.extra))]

    def started(self) -> list[Event]:
        """Ready, as soon as the settings are sent."""
        return [Ready(self.task_id)]

    def audio(self, pcm: bytes) -> list[Message]:
        """Frames of 60 ms, which the server expects; what is left waits for the next audio."""
        self._sent_samples += len(pcm) // SAMPLE_BYTES
        data = self._rest + pcm
        whole = len(data) // self._frame_bytes * self._frame_bytes
        self._rest = data[whole:]
        return [Binary(data[at : at + self._frame_bytes]) for at in range(0, whole, self._frame_bytes)]

    def commit(self) -> list[Message]:
        """Nothing: the server ends sentences."""
        return []

    def skip(self, samples: int) -> bool:
        """False: times are counted from the audio that was sent."""
        del samples
        return False

    def finish(self) -> list[Message]:
        """The rest of the audio, and the end of speech; newer servers answer it when they have sent all."""
        self._finishes = True
        rest, self._rest = self._rest, b""
        return [*([Binary(rest)] if rest else []), write({"is_speaking": False, "is_end": True})]

    def pending_messages(self) -> list[Message]:
        """Nothing: no message of the server asks for an answer."""
        return []

    def receive(self, message: Message) -> list[Event]:
        """The events in a message. An unreadable message gives a notice only.

        Raises:
            ServiceRefused: the server reports an error.
        """
        try:
            value = read(message)
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]
        if problem := refusal(value, self.task_id):
            raise problem
        events = self._sentence(value)
        if flag(value, "is_end") and self._finishes:
            events.append(Finished(self.usage))
        return events

    def _sentence(self, value: Json) -> list[Event]:
        mode, said = text(value, "mode"), text(value, "text")
        if mode.endswith("online"):
            self._said += said
            if not self._said.strip():
                return []
            if self._begin_ms is None:
                self._begin_ms = max(self._last_end_ms, self._sent_ms - FIRST_TEXT_MS)
            return [Partial(str(self._number), self._begin_ms, "", self._said)]
        if not mode.endswith("offline") or (not said.strip() and not self._said.strip()):
            return []
        begin_ms, end_ms = self._span(said, _length_ms(value.get("timestamp")))
        final = Final(str(self._number), begin_ms, end_ms, said, estimated=True)
        self._number += 1
        self._said, self._begin_ms, self._last_end_ms = "", None, end_ms
        return [final]

    def _span(self, said: str, length_ms: int) -> tuple[int, int]:
        """The estimated span of a sentence whose whole text has come."""
        latest_ms = self._sent_ms
        if not self._finishes:
            latest_ms = max(self._last_end_ms, latest_ms - PAUSE_MS)
        begin_ms = self._begin_ms
        if begin_ms is None:
            guess_ms = length_ms or likely_end(0, said, next_ms=None, sent_ms=latest_ms)
            begin_ms = max(self._last_end_ms, latest_ms - guess_ms)
        begin_ms = min(begin_ms, latest_ms)
        end_ms = begin_ms + length_ms
        if not length_ms:
            end_ms = likely_end(begin_ms, said, next_ms=None, sent_ms=latest_ms)
        return begin_ms, max(begin_ms, min(end_ms, latest_ms))

    @property
    def _sent_ms(self) -> int:
        return self._format.ms(self._sent_samples)


def refusal(value: Json, task_id: str) -> ServiceRefused | None:
    """The error that a message of such a server reports, in any of its forms; None where it reports none."""
    error = value.get("error") or value.get("error_msg")
    if not error:
        return None
    if not isinstance(error, dict):
        return ServiceRefused(word(value, "code") or "error", str(error), task_id)
    return ServiceRefused(word(error, "code") or "error", text(error, "message"), task_id)


def _length_ms(stamps: object) -> int:
    """How long a sentence is: the last end in its pairs of begin and end; 0 where there are none that can be read."""
    if isinstance(stamps, str):  # some servers send the list as text
        try:
            stamps = json.loads(stamps)
        except (ValueError, RecursionError):
            return 0
    if not isinstance(stamps, list) or not stamps or not isinstance(stamps[-1], list) or len(stamps[-1]) != 2:
        return 0
    end = stamps[-1][1]
    if isinstance(end, bool) or not isinstance(end, int | float) or not 0 <= end < 10**8:
        return 0
    return int(end)
