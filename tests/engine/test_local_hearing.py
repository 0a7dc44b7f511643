"""When the recognizer on this machine begins in an outage, and what it is given."""

from typing import TYPE_CHECKING, Any, cast

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event, Final, Finished, Partial, Progress
from asrcli.core.provisional_event import Provisional
from asrcli.engine.accounting import SessionAccount
from asrcli.engine.local_hearing import LocalHearing
from asrcli.recovery.outage import OUTAGE_S

if TYPE_CHECKING:
    from asrcli.engine.audio_feed import AudioFeed

RATE = Format(1000)  # a sample a millisecond


class Kept:
    """A feed that keeps one second of audio, which is this object too."""

    def __init__(self) -> None:
        self.audio = self

    def since(self, position: int) -> Chunk | None:
        """All of it from a position on."""
        return Chunk(0, bytes(2000), quiet=False).since(position) if position < 1000 else None


class Engine:
    """A recognizer that notes what it is asked for."""

    name = "local"

    def __init__(self) -> None:
        self.warmed = self.opened = 0
        self.heard = b""
        self.emit: Any = None

    def warm(self) -> None:
        """Counted."""
        self.warmed += 1

    def open(self, rate: int, emit: Any) -> "Engine":
        """A session, which is this object too."""
        self.emit = emit
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


def test_an_outage_has_a_local_session_of_its_own_and_texts_of_its_own() -> None:
    """What the recognizer still says of the last outage is not heard, and no text replaces that of another outage."""
    now, events, engine, numbers = 0.0, list[Event](), Engine(), list[int]()
    account = SessionAccount(lambda: now, events.append, RATE, 0)
    account.add_chunk(Chunk(0, bytes(2000), quiet=False))
    hearing = LocalHearing(engine, account, cast("AudioFeed", Kept()), lambda number, _: numbers.append(number))

    def outage() -> int:
        """Let the recognizer begin; returns which session of it this is."""
        nonlocal now
        hearing.lost()
        now += OUTAGE_S
        hearing.advance()
        engine.emit(Progress(0))
        return numbers[-1]

    first = outage()
    hearing.take(first, Progress(1000))
    hearing.take(first, Final("1", 0, 500, "one"))
    hearing.take(first, Finished())
    account.provisional.decide(lambda *_: [(0, 1000)], 1000)
    hearing.connected()
    hearing.progress()
    hearing.position = 0
    second = outage()
    assert second != first
    hearing.take(first, Final("1", 0, 500, "of the first"))
    hearing.take(second, Progress(1000))
    hearing.take(second, Partial("1", 500, "", "tw", ()))
    hearing.take(second, Final("1", 500, 900, "two"))
    texts = [event for event in events if isinstance(event, Provisional)]
    assert [event.text for event in texts] == ["one", "tw", "two"]
    assert texts[0].key != texts[1].key == texts[2].key
    assert [sentence.text for sentence in account.provisional.sentences] == ["one", "two"]
    assert [sentence.end_ms for sentence in account.provisional.sentences] == [500, 900]
