"""Estimates the times of sentences that came without times. The estimate is never too late. Arithmetic only.

Two facts are known: how much audio had been sent when a text came, and which parts of this audio are loud. If texts
come at once, they show the place of the sentence. If loud audio had to wait for a text, the server may be late by that
time. Sentences are then placed earlier by that time, but not before the first loud audio without text. This ends when
the server sends pieces at the pace of the audio, or when the audio is quiet for longer than the delay.
"""

from array import array
from collections import deque
from itertools import islice, pairwise

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.protocol.timestamps import LETTER_MS, likely_end

FIRST_TEXT_MS = 1200  # the longest time from the beginning of a sentence to its first text
PAUSE_MS = 800  # of silence, after which the server ends a sentence
PIECE_WAIT_MS, END_WAIT_MS = 1800, 2000  # for the next piece of a sentence and for its end, at most
MOST_LATE_MS = 10_000  # the longest expected delay of a server
STEP_MS = 20  # loudness is measured in steps
JOINED_MS = 300  # a shorter quiet is a part of speech
FIT_MS = 100  # this much of the length of a sentence may be missing
TAIL_MS = 400  # loud audio after a sentence that belongs to it: its end is not known more precisely
QUIET_PEAK, QUIET = 100, 0.02  # below this peak, or this part of the loudest one, sound is not speech
FORGET = 0.997  # by step: the loudest peak counts half as much after five seconds
PIECE_MS, LEAST_PIECE_MS = 570, 450  # a server that is not late sends a piece each 600 ms of audio, more or less
PIECES = 4  # in a row that show that the server is not late
FAST = 0.4  # the shortest time of a text, as a part of the time that slow speech takes
MOST_STRETCHES = 1000


class SentenceTimes:
    """The audio that was sent, and the sentence that is open. Times are in ms, from the first sample."""

    def __init__(self, rate: int) -> None:
        self._format = Format(rate)
        self._step_bytes = self._format.samples(STEP_MS) * SAMPLE_BYTES
        self._rest = b""
        self._sent_samples = self._measured_ms = 0
        self._loudest = 0.0
        self._loud: deque[tuple[int, int]] = deque(maxlen=MOST_STRETCHES)  # stretches that may have no text yet
        self._quiet_since_ms = -MOST_LATE_MS  # where the loud audio before those stretches ends
        self._at_once_ms: int | None = (
            None  # where the open sentence began at the earliest, by when its first text came
        )
        self._last_end_ms = 0
        self._text_at_ms = 0  # how much audio had been sent when the last text came
        self._late_ms = 0  # how late the server may be
        self._pieces: deque[int] = deque(maxlen=PIECES)  # when the last pieces of the open sentence came

    @property
    def sent_ms(self) -> int:
        """How much audio was sent."""
        return self._format.ms(self._sent_samples)

    def sent(self, pcm: bytes) -> None:
        """Count audio, and note where it is loud."""
        self._sent_samples += len(pcm) // SAMPLE_BYTES
        data = self._rest + pcm
        whole = len(data) // self._step_bytes * self._step_bytes
        self._rest = data[whole:]
        for at in range(0, whole, self._step_bytes):
            samples = array("h", data[at : at + self._step_bytes])
            peak = max(*samples, -min(samples))
            self._loudest = max(peak, self._loudest * FORGET)
            if peak >= max(QUIET_PEAK, QUIET * self._loudest):
                self._add_loud(self._measured_ms)
            self._measured_ms += STEP_MS

    def begin(self) -> int:
        """Return where the open sentence begins, after a piece of its text has come."""
        if self._at_once_ms is None:
            self._first_text_came(FIRST_TEXT_MS)
            self._at_once_ms = self.sent_ms - FIRST_TEXT_MS - self._late_ms
        else:
            self._text_came(self._text_at_ms, PIECE_WAIT_MS)
        self._pieces.append(self.sent_ms)
        steps_ms = [after - before for before, after in pairwise(self._pieces)]
        if (
            len(steps_ms) == PIECES - 1
            and min(steps_ms) >= LEAST_PIECE_MS
            and sum(steps_ms) >= PIECE_MS * len(steps_ms)
        ):
            self._late_ms = 0
        return self._placed(self._at_once_ms, 0)

    def end(self, text: str, length_ms: int, *, finishing: bool) -> tuple[int, int]:
        """The span of the open sentence, whose whole text has come; the next one begins after it.

        Args:
            text: The whole text of the sentence.
            length_ms: The length that the server gives; 0 if it gives none.
            finishing: All audio was sent: the server need not have waited for a pause.
        """
        latest_ms = self.sent_ms
        if not finishing:
            latest_ms = max(self._last_end_ms, latest_ms - PAUSE_MS)
        slow_ms = likely_end(0, text, next_ms=None, sent_ms=max(latest_ms, LETTER_MS))
        shortest_ms, longest_ms = length_ms or int(FAST * slow_ms), length_ms or slow_ms
        if self._at_once_ms is None:
            self._first_text_came(longest_ms + PAUSE_MS)
            self._at_once_ms = latest_ms - longest_ms - self._late_ms
        else:
            self._text_came(self._text_at_ms, END_WAIT_MS)
        if length_ms:
            latest_ms = self.sent_ms
        begin_ms = min(self._placed(self._at_once_ms, shortest_ms), latest_ms)
        heard_ms = self.sent_ms - END_WAIT_MS - self._late_ms  # the sentence ends after the loud audio before this
        loud_ends_ms = [min(last_ms, heard_ms) for first_ms, last_ms in self._loud if first_ms < heard_ms]
        end_ms = max([begin_ms + shortest_ms, *loud_ends_ms[-1:]])
        if not length_ms:  # such a server ends sentences at pauses alone
            pauses_ms = [last_ms for _, last_ms in self._loud if last_ms >= end_ms]
            end_ms = max(end_ms, min([begin_ms + slow_ms, latest_ms - self._late_ms, *pauses_ms[:1]]))
        end_ms = max(begin_ms, min(end_ms, latest_ms))
        self._at_once_ms, self._last_end_ms = None, end_ms
        self._pieces.clear()
        while self._loud and self._loud[0][1] <= end_ms:
            self._forget_first()
        return begin_ms, end_ms

    def _placed(self, at_once_ms: int, length_ms: int) -> int:
        """A begin that is not too late, for a sentence of at least this length.

        Where one stretch goes on after the sentence before, and is as long as this one, this one is the rest of it.
        """
        loud = [*islice(self._loud, 2)]
        if length_ms and loud and loud[0][0] < self._last_end_ms:
            if loud[0][1] - self._last_end_ms + FIT_MS >= length_ms:
                return self._last_end_ms
            loud = loud[1:]
        first_loud_ms = next((first_ms for first_ms, _ in loud), 0)
        return max(self._last_end_ms, first_loud_ms, at_once_ms)

    def _first_text_came(self, usual_ms: int) -> None:
        """As `_text_came`, for a sentence without a text so far, which may have begun before the last text came.

        Speech before a long quiet part has its text, so the sentence began after that part.
        """
        long_ms = self._late_ms + FIRST_TEXT_MS
        since_ms = max(self._last_end_ms, self._text_at_ms - long_ms)
        before = 0  # the stretches that have their text, and the rest of the sentence before
        while before < len(self._loud):
            begin_ms, end_ms = self._loud[before]
            if end_ms > since_ms + TAIL_MS * (begin_ms < since_ms):
                break
            before += 1
        else:
            self._text_at_ms = self.sent_ms
            return
        ends_ms = [self._quiet_since_ms, *(last_ms for _, last_ms in islice(self._loud, before))]
        if begin_ms - ends_ms[-1] >= long_ms:
            self._late_ms = 0
            while self._loud[0][1] <= since_ms:
                self._forget_first()
        self._text_came(max(begin_ms, since_ms), usual_ms)

    def _forget_first(self) -> None:
        _, self._quiet_since_ms = self._loud.popleft()

    def _text_came(self, since_ms: int, usual_ms: int) -> None:
        """Note how long loud audio has waited for this text, and count what is more than usual."""
        waiting = (max(begin_ms, since_ms) for begin_ms, end_ms in self._loud if end_ms > since_ms)
        waited_ms = self.sent_ms - next(waiting, self.sent_ms)
        if waited_ms > usual_ms:
            self._late_ms = min(self._late_ms + waited_ms, MOST_LATE_MS)
            self._pieces.clear()
        self._text_at_ms = self.sent_ms

    def _add_loud(self, begin_ms: int) -> None:
        end_ms = begin_ms + STEP_MS
        if self._loud and begin_ms - self._loud[-1][1] <= JOINED_MS:
            self._loud[-1] = (self._loud[-1][0], end_ms)
        else:
            self._loud.append((begin_ms, end_ms))
