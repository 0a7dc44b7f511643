"""Feeds the recognizer on this machine during an outage, and takes its events. Runs on the thread of the session."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from asrcli.core.audio import SAMPLE_BYTES, Chunk
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Progress
from asrcli.core.interfaces import LocalEngine, LocalSession
from asrcli.engine.accounting import SessionAccount
from asrcli.engine.audio_feed import AudioFeed
from asrcli.recovery.outage import LocalTimeline, Outage
from asrcli.recovery.provisional import LocalSentence

AHEAD_MS = 2000  # how much audio the recognizer gets before it has processed it
LEFT_OUT_SILENCE_MS = 1000  # silence instead of audio that was left out: sentences end there


class LocalHearing:
    """The local sessions of one conversation, one after the other. Positions are in samples.

    Args:
        engine: The recognizer.
        account: Keeps the provisional text, and says which audio is undecided.
        feed: Keeps the audio.
        deliver: Brings the events of a local session, with its number, back to `take` in this thread.

    Attributes:
        position: Position after the audio that was given to the recognizer.
    """

    def __init__(
        self, engine: LocalEngine, account: SessionAccount, feed: AudioFeed, deliver: Callable[[int, Event], None]
    ) -> None:
        self._engine = engine
        self._account = account
        self._feed = feed
        self._deliver = deliver
        self._outage = Outage()
        self._session: LocalSession | None = None
        self._timeline = LocalTimeline(account.format)
        self._number = 0
        self._processed_ms = 0  # of the local session
        self._finishing = False  # the local session got all its audio
        self._failed = False  # the recognizer failed in this outage
        self._input_ended = False
        self._alone = False  # no connection will follow
        self._has_warned = False
        self.position = account.start

    def lost(self) -> None:
        """Note that the service cannot be reached."""
        if not self._outage.away:
            self._engine.warm()
        self._outage.lost(self._account.clock())

    def connected(self) -> None:
        """Note that the service is back: it gets all audio, so this recognizer gets no more."""
        self._outage.connected()
        self._failed = False
        self._finish()

    def progress(self) -> None:
        """Note a final of the service."""
        self._outage.progress()

    def end_input(self) -> None:
        """Note that no more audio will be kept."""
        self._input_ended = True

    def go_on_alone(self) -> None:
        """Transcribe all remaining audio: no connection will follow."""
        self._alone = True
        self.advance()

    @property
    def due(self) -> float | None:
        """When to call `advance`; None if only an event changes that."""
        if self._session is not None or self._failed or self._outage.due is None or self._next() is None:
            return None
        return self._outage.due

    @property
    def wants_audio(self) -> bool:
        """Whether the recognizer could take more audio than is kept."""
        if not self._is_hearing or self._finishing or self._ahead_ms >= AHEAD_MS:
            return False
        return self._next() is None

    @property
    def done(self) -> bool:
        """Whether all audio was transcribed, or no more can be."""
        if self._failed:
            return True
        return self._session is None and self._input_ended and self._next() is None

    def advance(self) -> None:
        """Give the recognizer the audio that it may have now."""
        while self._is_hearing and not self._finishing and self._ahead_ms < AHEAD_MS:
            chunk = self._next()
            if chunk is None:
                if self._input_ended:
                    self._finish()
                return
            self._hear(self._session or self._begin(), chunk)

    def take(self, number: int, event: Event) -> None:
        """Handle an event of a local session."""
        if number != self._number or self._session is None:
            return
        if isinstance(event, Progress):
            self._processed_ms = event.sent_ms
        elif isinstance(event, Partial | Final):
            self._account.emit_all(
                self._account.provisional.update(self._sentence(event), self._account.ledger.undecided)
            )
        elif isinstance(event, Notice):
            self._failed = True
            self.position = self._account.format.samples(self._timeline.ms(self._processed_ms))
            self._account.emit(event)
        elif isinstance(event, Finished):
            self._account.emit_all(self._account.provisional.end_open(self._prefix))
            self._session = None
            self._finishing = False
        self.advance()

    def close(self) -> None:
        """End the local session at once."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def _is_hearing(self) -> bool:
        """Whether the recognizer is to run now."""
        if self._failed:
            return False
        if self._alone:
            return True
        due = self._outage.due
        return due is not None and due <= self._account.clock()

    @property
    def _ahead_ms(self) -> int:
        if self._session is None:
            return 0
        return self._account.format.ms(self._timeline.length) - self._processed_ms

    @property
    def _prefix(self) -> str:
        return f"local-{self._number}-"

    def _next(self) -> Chunk | None:
        decided = self._account.format.samples(self._account.ledger.decided_until_ms)
        return self._feed.audio.since(max(self.position, decided))

    def _begin(self) -> LocalSession:
        self._number += 1
        self._timeline = LocalTimeline(self._account.format)
        self._processed_ms = 0
        if not self._has_warned:
            self._has_warned = True
            text = f"the service is away: until it is back, {self._engine.name} on this machine gives provisional text"
            self._account.emit(Notice("warning", text))
        self._session = self._engine.open(self._account.format.rate, partial(self._deliver, self._number))
        return self._session

    def _hear(self, session: LocalSession, chunk: Chunk) -> None:
        if self._timeline.length and chunk.position != self._timeline.end:
            samples = self._account.format.samples(LEFT_OUT_SILENCE_MS)
            self._timeline.pad(samples)
            session.add_audio(bytes(samples * SAMPLE_BYTES))
        self._timeline.add(chunk.position, chunk.samples)
        self.position = chunk.end
        session.add_audio(chunk.pcm)

    def _finish(self) -> None:
        if self._session is not None and not self._finishing:
            self._finishing = True
            self._session.finish()

    def _sentence(self, event: Partial | Final) -> LocalSentence:
        ms = self._timeline.ms
        begin_ms = ms(event.begin_ms)
        end_ms = ms(self._processed_ms)
        if isinstance(event, Final):
            end_ms = ms(event.end_ms)
        elif event.words:
            end_ms = ms(event.words[-1].end_ms)
        words = tuple(replace(word, begin_ms=ms(word.begin_ms), end_ms=ms(word.end_ms)) for word in event.words)
        is_open = isinstance(event, Partial)
        return LocalSentence(self._prefix + event.key, begin_ms, max(begin_ms + 1, end_ms), event.text, words, is_open)
