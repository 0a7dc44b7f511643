"""All events of a transcription. Times are milliseconds on the timeline of whoever emits the event.

A codec counts from the first sample of its task; the engine moves these times to the one timeline of the run.
"""

from typing import TypeVar

from asrcli.core.dataclass import dataclass, field, often_made
from asrcli.core.provisional_event import Provisional


@often_made
@dataclass(frozen=True, slots=True)
class Word:
    """One recognized word with its times; `punctuation` follows the text without a space."""

    text: str
    begin_ms: int
    end_ms: int
    punctuation: str = ""
    estimated: bool = False  # a time is not from the recognizer: it follows from the words around and their lengths


@often_made
@dataclass(frozen=True, slots=True)
class Usage:
    """What a service has counted so far, in one task or in several; None if it does not count.

    Attributes:
        seconds: Seconds of audio.
        input_tokens, output_tokens: Tokens of a model that is paid by tokens.
        audio_tokens: How many of the input tokens are audio, where audio has its own price.
    """

    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    audio_tokens: int | None = None

    def __add__(self, other: "Usage") -> "Usage":
        seconds, audio_tokens = _sum(self.seconds, other.seconds), _sum(self.audio_tokens, other.audio_tokens)
        tokens = _sum(self.input_tokens, other.input_tokens), _sum(self.output_tokens, other.output_tokens)
        return Usage(seconds, *tokens, audio_tokens)


_Count = TypeVar("_Count", int, float)


def _sum(first: _Count | None, second: _Count | None) -> _Count | None:
    if first is None:
        return second
    if second is None:
        return first
    return first + second


@dataclass(frozen=True, slots=True)
class Ready:
    """The service is ready: audio may be sent. The support of the service asks for `task_id`.

    `language` is the language in effect; empty if the wire does not name it. `engine` is the recognizer of a local
    server; empty if the other end names none.
    """

    task_id: str
    language: str = ""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech began at `begin_ms`; sentence `key` is open."""

    key: str
    begin_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Speech of sentence `key` ended at `end_ms`; its final follows."""

    key: str
    end_ms: int


@often_made
@dataclass(frozen=True, slots=True)
class Partial:
    """A sentence so far: the `settled` beginning will not change, the `unsettled` rest may. Replaces the last partial.

    `key` names the sentence within its connection; the partials and the final of one sentence share it. `speaker` is
    the label of the source where several are transcribed at once. A `translation` grows independently of the text.
    """

    key: str
    begin_ms: int
    settled: str
    unsettled: str = ""
    words: tuple[Word, ...] = ()
    language: str = ""
    emotion: str = ""
    speaker: str = ""
    translation: str = ""
    translated_into: str = ""

    @property
    def text(self) -> str:
        """The whole sentence so far: settled and unsettled text, joined without a space, as the wires define it."""
        return self.settled + self.unsettled


@often_made
@dataclass(frozen=True, slots=True)
class Final:
    """A finished sentence. It does not change any more and is emitted once.

    `heard`: what a second model heard, where the text is an answer. `estimated`: the service left out one of the times.
    `sure_ms`: where the end is a guess from the length of the text, all audio before this time is decided; else None.
    """

    key: str
    begin_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    language: str = ""
    emotion: str = ""
    speaker: str = ""
    translation: str = ""
    translated_into: str = ""
    heard: str = ""
    estimated: bool = field(default=False, compare=False)  # a mark beside the sentence
    sure_ms: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio that is lost and that no final covers: its span, the reason, and what this machine has heard in it."""

    begin_ms: int
    end_ms: int
    reason: str
    speaker: str = ""
    local_text: str = ""


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The connection is lost; attempt number `attempt` to connect follows after `wait_ms`."""

    attempt: int
    wait_ms: int
    reason: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for a person; `level` is debug, info or warning. `lost_output` is the file that cannot be written."""

    level: str
    text: str
    lost_output: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The task has ended and no result follows; `usage` is what the service counted for it."""

    usage: Usage = Usage()
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Began:
    """A source begins at `begin_ms` on the timeline of the run; `duration_ms` is None if it is not known.

    `engine` is the recognizer of a local server that answers under the name of `model`; empty for the service.
    """

    source: str
    model: str
    task_id: str
    begin_ms: int
    duration_ms: int | None = None
    speaker: str = ""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Audio has been sent up to `sent_ms`."""

    sent_ms: int


@often_made
@dataclass(frozen=True, slots=True)
class Billed:
    """What the service has counted so far, and its cost in CNY; None if there is no price."""

    usage: Usage
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """How loud the audio just before `at_ms` was, in dBFS: the mean, and the highest peak. Digital silence is -inf."""

    at_ms: int
    dbfs: float
    peak_dbfs: float
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """From `begin_ms` on the user wants no recognition; `muted`: only the microphone is off, the talk continues."""

    begin_ms: int
    muted: bool = False
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The pause that began at `begin_ms` is over; its audio was not meant to have text."""

    begin_ms: int
    end_ms: int
    muted: bool = False
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """The device has been giving no audio since `begin_ms`; a Gap follows when it is back."""

    begin_ms: int
    reason: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over: the account of every second of audio, and the two delays that a user notices.

    Attributes:
        audio_ms: All audio, the sum over sources that ran at the same time; covered_ms and lost_ms add up to it.
        wall_ms: The time in which audio was transcribed, counted once where several sources ran at the same time.
        at_once: The largest number of sources that ran at the same time.
        billed_s: Seconds that the service counted; None if it does not say. The same holds for tokens.
        cost: The cost by the price list, in CNY; None if there is no price.
        first_text_ms: Time from the first audio that was sent to the first text.
        final_after_stop_ms: Time from the end of the audio to the last final.
        elapsed_ms, reconnects: Duration of the whole run; how many connections were made after a loss.
        paused_ms: Duration of the pauses, counted once; it is not part of audio_ms or wall_ms.
        final_ms: Audio that finals cover; with silence_ms and lost_ms it adds up to audio_ms.
        local_ms: The part of lost_ms for which the recognizer on this machine has text.
        silence_ms: Audio that is quiet, or that a working service received without opening a sentence.
        resent_ms, dropped: Audio sent again after a loss, each time; finals dropped because they repeated settled text.
        live: The audio was of the present (a microphone, a stream).
        longest_outage_ms: Longest time from a loss, or the silence that was taken for one, until the service was ready.
        longest_catch_up_ms: Longest time from the loss of a connection until no audio was waiting any more.
        model: The model of the service, or the recognizer on this machine.
        engine: The recognizers that local servers named, in order; empty for the service.
    """

    audio_ms: int
    covered_ms: int
    lost_ms: int
    sentences: int
    reconnects: int
    billed_s: float | None
    first_text_ms: int | None
    final_after_stop_ms: int | None
    elapsed_ms: int
    paused_ms: int = 0
    final_ms: int = 0
    longest_outage_ms: int = 0
    longest_catch_up_ms: int = 0
    live: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    model: str = ""
    engine: str = ""
    silence_ms: int = 0
    resent_ms: int = 0
    dropped: int = 0
    wall_ms: int = 0
    at_once: int = 0
    local_ms: int = 0


SpokenEvent = SpeechStarted | Partial | SpeechStopped | Final
LiveEvent = Level | Paused | Resumed | Absent  # events that only a microphone emits
OutageEvent = Provisional | Gap | Reconnecting
Event = Ready | SpokenEvent | OutageEvent | Notice | Finished | Began | Progress | Billed | LiveEvent | Ended
