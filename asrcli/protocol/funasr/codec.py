"""The wire of the FunASR runtime in its two-pass mode: client codec. No I/O.

The server detects sentences. While one is spoken, the server sends pieces of its text, and at its end the corrected
text of the whole sentence. No message contains a position in the audio. sentence_times.py estimates the times from the
amount of audio that had been sent when a text came, from the loud parts of this audio, and from the length that the
server gives. This requires audio at about the pace of speech.

Source of the facts: the protocol description of the FunASR runtime and its Python server.
"""

import json
from collections.abc import Callable

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.events import Event, Final, Finished, Partial, Ready
from asrcli.core.message import Binary, Message
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.asr_text_marks import without_tags
from asrcli.protocol.funasr.client_base import FunAsrClientBase
from asrcli.protocol.funasr.sentence_times import SentenceTimes
from asrcli.protocol.json_messages import Json, flag, text, write

CHUNK_SIZE = (5, 10, 5)  # look-back, size and look-ahead, in units of 60 ms: a partial each 600 ms
FRAME_MS = 60  # ten frames are one chunk
QUIET_END_S = 10.0  # older servers do not report when they have sent everything
_MODES = ("online", "offline")  # a piece of a sentence, and a whole one


class FunAsrClient(FunAsrClientBase):
    """The client codec of one task; each has its own connection."""

    manual = False
    quiet_end_s: float | None = QUIET_END_S

    def __init__(self, recognition: RecognitionSettings, new_id: Callable[[], str]) -> None:
        super().__init__()
        self.task_id = new_id()
        self._recognition = recognition
        self._frame_bytes = Format(recognition.rate).samples(FRAME_MS) * SAMPLE_BYTES
        self._times = SentenceTimes(recognition.rate)
        self._rest = b""  # of the last audio, less than a frame
        self._number = 1  # of the open sentence
        self._said = ""  # its text so far
        self._finishes = False

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
            # Older servers read the second name, or read the first one only where the second is there.
            values["hotwords"] = values["hotword"] = json.dumps(dict(asked.hotwords), ensure_ascii=False)
        return [write(values | dict(asked.extra))]

    def started(self) -> list[Event]:
        """Ready, as soon as the settings are sent."""
        return [Ready(self.task_id)]

    def audio(self, pcm: bytes) -> list[Message]:
        """Frames of 60 ms, which the server expects; what is left waits for the next audio."""
        self._times.sent(pcm)
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

    def _events(self, value: Json) -> list[Event]:
        events = self._sentence(value)
        if flag(value, "is_end") and self._finishes:
            events.append(Finished(self.usage))
        return events

    def _sentence(self, value: Json) -> list[Event]:
        mode, said = text(value, "mode"), without_tags(text(value, "text"))
        if mode in {"", "2pass"}:  # then only a whole sentence says that it is final
            mode = _MODES[flag(value, "is_final") is True]
        if mode.endswith("online"):
            self._said += said
            if not self._said.strip():
                return []
            return [Partial(str(self._number), self._times.begin(), "", self._said)]
        if not mode.endswith("offline") or (not said.strip() and not self._said.strip()):
            return []
        if not isinstance(value.get("text"), str):  # no other text exists than the pieces of the sentence so far
            said = self._said
        begin_ms, end_ms = self._times.end(said, _length_ms(value.get("timestamp")), finishing=self._finishes)
        final = Final(str(self._number), begin_ms, end_ms, said, estimated=True)
        self._number += 1
        self._said = ""
        return [final]


def _length_ms(stamps: object) -> int:
    """The length of a sentence in ms: the last end in its pairs of start and end; 0 if no pair can be read."""
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
