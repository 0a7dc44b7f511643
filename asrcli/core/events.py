"""All a listener may hear of a transcription. Times are milliseconds on the timeline of whoever speaks.

A codec counts from its connection's first sample; the engine shifts that to the run's one timeline.
"""

from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Word:
    """One recognized word with its times; `punctuation` follows the text without a space."""

    text: str
    begin_ms: int
    end_ms: int
    punctuation: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a service has counted so far, in one task or in several; None is what it does not count.

    Attributes:
        seconds: Of audio.
        input_tokens, output_tokens: Of a model that is paid by them.
        audio_tokens: How many of the input tokens are audio, where that has a price of its own.
    """

    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    audio_tokens: int | None = None

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            _sum(self.seconds, other.seconds),
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            _sum(self.audio_tokens, other.audio_tokens),
        )


_Count = TypeVar("_Count", int, float)


def _sum(some: _Count | None, more: _Count | None) -> _Count | None:
    return some if more is None else more if some is None else some + more


@dataclass(frozen=True, slots=True)
class Ready:
    """The service listens: audio may flow. `task_id` is what its support asks for.

    `language` is the one in effect, where the wire names it.
    """

    task_id: str
    language: str = ""


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


@dataclass(frozen=True, slots=True)
class Partial:
    """A sentence so far: the `settled` beginning will not change, the `unsettled` rest may. Replaces the last one.

    `key` names the sentence within its connection; partials and the final of one sentence share it. `speaker` is the
    label of the source, where several are heard at once. A `translation` makes its own progress beside the text.
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
        """The whole sentence so far, as the wires mean it: settled and unsettled joined without anything between."""
        return self.settled + self.unsettled


@dataclass(frozen=True, slots=True)
class Final:
    """A finished sentence. It will not change and comes once.

    `translation` is the same in another language, `heard` what another model wrote down of it where the text answers a
    prompt.
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


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio that no final covers and that is lost: from, to, and why."""

    begin_ms: int
    end_ms: int
    reason: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The connection is gone and attempt number `attempt` follows after `wait_ms`."""

    attempt: int
    wait_ms: int
    reason: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person may want to know; `level` is debug, info or warning."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The service has said all it will say; `usage` is its own count of what the task took."""

    usage: Usage = Usage()
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Began:
    """A source begins at `begin_ms` of the run's timeline and the service listens; `duration_ms` where it is known."""

    source: str
    model: str
    task_id: str
    begin_ms: int
    duration_ms: int | None = None
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Audio has been sent up to `sent_ms`."""

    sent_ms: int


@dataclass(frozen=True, slots=True)
class Billed:
    """What the service has counted up to now, and what that costs in CNY; None where there is no price."""

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
    """From `begin_ms` on the user wants nothing heard; `muted`: the microphone is switched off, the talk goes on."""

    begin_ms: int
    muted: bool = False
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The pause that began at `begin_ms` is over; nothing in it was meant to have text."""

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
    """The run is over: the account of every second, and the two delays a listener feels.

    Attributes:
        audio_ms: Audio in all, of each source that is heard at once; covered_ms and lost_ms add up to it.
        wall_ms: The time that was heard, counted once where several sources are heard at once.
        at_once: How many sources were heard at the same time at most.
        billed_s: Seconds the service counted, None where it does not say; likewise its tokens.
        cost: What that costs by the price list, in CNY; None where there is no price.
        first_text_ms: From the first audio sent to the first text, on the clock.
        final_after_stop_ms: From the end of the audio to the last final, on the clock.
        elapsed_ms: The whole run, on the clock.
        reconnects: Connections that were made anew.
        paused_ms: Time in which nothing was meant to be heard, counted once; it is no part of audio_ms or wall_ms.
        final_ms: Audio that finals cover; with silence_ms and lost_ms it adds up to audio_ms.
        silence_ms: Audio that is quiet, or that a healthy service has taken without opening a sentence.
        resent_ms: Audio that was sent again after a loss, each time it was.
        dropped: Finals that were dropped because they said again what was settled.
        live: What was heard was of the present.
        longest_outage_ms: From the loss of a connection until the service listened again, on the clock.
        longest_catch_up_ms: From the loss of a connection until nothing waited any more, on the clock.
        model: What heard it: the model that was asked, or the recognizer on this machine.
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
    silence_ms: int = 0
    resent_ms: int = 0
    dropped: int = 0
    wall_ms: int = 0
    at_once: int = 0


SpokenEvent = SpeechStarted | Partial | SpeechStopped | Final
LiveEvent = Level | Paused | Resumed | Absent  # what only a microphone tells
Event = Ready | SpokenEvent | Gap | Reconnecting | Notice | Finished | Began | Progress | Billed | LiveEvent | Ended
