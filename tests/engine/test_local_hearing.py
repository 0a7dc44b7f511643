"""When the recognizer on this machine begins in an outage, and what it is given."""

from typing import TYPE_CHECKING, Any, cast

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event
from asrcli.engine.accounting import SessionAccount
from asrcli.engine.local_hearing import LocalHearing
from asrcli.recovery.outage import OUTAGE_S

if TYPE_CHECKING:
    from asrcli.engine.audio_feed import AudioFeed

RATE = Format(1000)  # a sample a millisecond


class Kept:
    """A feed that keeps one second of audio."""

    def kept_since(self, position: int) -> Chunk | None:
        """All of it from a position on."""
        return Chunk(0, bytes(2000), quiet=False).since(position) if position < 1000 else None


class Engine:
    """A recognizer that notes what it is asked for."""

    name = "local"

    def __init__(self) -> None:
        self.warmed = self.opened = 0
        self.heard = b""

    def warm(self) -> None:
        """Counted."""
        self.warmed += 1

    def open(self, rate: int, emit: Any) -> "Engine":
        """A session, which is this object too."""
        del emit
        assert rate == RATE.rate
        self.opened += 1
        return self

    def add_audio(self, pcm: bytes) -> None:
        """Kept."""
        self.heard += pcm

    def finish(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held."""


def test_each_outage_is_given_the_time_in_which_most_of_them_end() -> None:
    """A final ends one; a connection that brings none does not, so that the next loss continues it."""
    now, events, engine = 0.0, list[Event](), Engine()
    account = SessionAccount(lambda: now, events.append, RATE, 0)
    hearing = LocalHearing(engine, account, cast("AudioFeed", Kept()), lambda *_: None)

    def due() -> float | None:
        return hearing.due

    assert due() is None
    hearing.lost()
    assert (due(), engine.warmed) == (OUTAGE_S, 1)
    hearing.connected()
    assert due() is None
    now = 50.0
    hearing.lost()
    assert due() == OUTAGE_S
    hearing.connected()
    hearing.progress()
    now = 100.0
    hearing.lost()
    assert due() == 100.0 + OUTAGE_S
    hearing.advance()
    assert engine.opened == 0
    now += OUTAGE_S
    hearing.advance()
    assert (engine.opened, len(engine.heard)) == (1, 2000)
