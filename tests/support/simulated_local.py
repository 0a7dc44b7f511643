"""The recognizer on this machine in a simulated session: it hears the same named pieces of audio as the service."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass

from asrcli.core.events import Event, Final, Finished, Notice, Partial, Progress, Word
from tests.support.simulated_service import RATE, SENTENCE_END_MS, SPEECH, World


@dataclass
class SimulatedLocal:
    """A LocalEngine that works at `speed` times real time; its session number `fails_at` fails after one piece.

    `times`: its words have times. `opened` counts its sessions.
    """

    world: World
    speed: float = 10.0
    times: bool = True
    fails_at: int = 0
    opened: int = 0
    warmed: int = 0
    name: str = "local"

    def warm(self) -> None:
        """Nothing is started."""
        self.warmed += 1

    def open(self, rate: int, emit: Callable[[Event], None]) -> "SimulatedLocalSession":
        """Begin a session."""
        assert rate == RATE.rate
        self.opened += 1
        return SimulatedLocalSession(self, emit, fails=self.opened == self.fails_at)


class SimulatedLocalSession:
    """One session: sentences of speech, which end in silence or with the audio."""

    def __init__(self, engine: SimulatedLocal, emit: Callable[[Event], None], *, fails: bool) -> None:
        self._engine, self._emit, self._fails = engine, emit, fails
        self._free_at = engine.world.now
        self._at_ms = self._sentences = self._end_ms = 0
        self._words: list[Word] = []
        self._closed = False

    def add_audio(self, pcm: bytes) -> None:
        """Take audio, and work on it for a while."""
        samples = array("h", pcm)
        self._free_at = max(self._free_at, self._engine.world.now) + len(samples) / RATE.rate / self._engine.speed
        self._engine.world.at(self._free_at, lambda: self._process(samples))

    def finish(self) -> None:
        """End the audio."""
        self._engine.world.at(max(self._free_at, self._engine.world.now), self._end)

    def close(self) -> None:
        """Nothing more is said."""
        self._closed = True

    def _say(self, event: Event) -> None:
        if not self._closed:
            self._emit(event)

    def _process(self, samples: "array[int]") -> None:
        begin_ms, self._at_ms = self._at_ms, self._at_ms + RATE.ms(len(samples))
        self._say(Progress(self._at_ms))
        if self._fails:
            self._say(Notice("warning", "it died"))
            self._say(Finished())
            self._closed = True
        elif samples[0] >= SPEECH:
            self._end_ms = self._at_ms
            self._words.append(Word(str(samples[0]), begin_ms, self._at_ms))
            key, words = str(self._sentences + 1), tuple(self._words) if self._engine.times else ()
            self._say(Partial(key, self._words[0].begin_ms, "", self._text(), words))
        elif self._words and self._at_ms - self._end_ms >= SENTENCE_END_MS:
            self._final()

    def _text(self) -> str:
        return " ".join(word.text for word in self._words)

    def _final(self) -> None:
        if self._words:
            self._sentences += 1
            words = tuple(self._words) if self._engine.times else ()
            self._say(Final(str(self._sentences), self._words[0].begin_ms, self._end_ms, self._text(), words))
            self._words = []

    def _end(self) -> None:
        self._final()
        self._say(Finished())
        self._closed = True
