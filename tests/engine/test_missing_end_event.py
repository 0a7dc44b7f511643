"""A service that sends all text and no end event: its last sentence is written once, and none is lost."""

from collections.abc import Iterator

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.events import Event, Final, Gap, Ready
from asrcli.core.message import Closed
from asrcli.core.settings import RetrySettings
from tests.support.handshake import Service, Tone, Wire
from tests.support.live_session import Play, listening


def untold(*said: Event, by: Closed) -> Play:
    """A service that takes all audio, sends these events, and closes the connection."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(Ready(""))
        service.until_finish()
        service.tell(*said)
        wire.say(by)

    return serve


AT_ONCE = RetrySettings(limit=3, wait_s=0)
GONE = [Closed(1000, "bye"), Closed(1006, "the connection broke"), Closed(1012, "restart")]


@pytest.mark.parametrize("by", GONE, ids=str)
def test_what_it_says_again_is_written_once(by: Closed) -> None:
    """The rest of the audio is shorter than the sentence: it cannot be in there."""
    play = untold(Final("1", 0, 300, "hello there"), by=by)
    asked = listening(Tone(5), play, play, retries=AT_ONCE)
    events = list(asked.events())
    assert [event.text for event in events if isinstance(event, Final)] == ["hello there"]
    assert not any(isinstance(event, Gap) for event in events)
    assert (asked.result.error, asked.result.figures.dropped) == (None, 1)


@pytest.mark.parametrize("by", GONE, ids=str)
@pytest.mark.parametrize(
    ("first", "second"), [((0, 200), "hello there"), ((0, 300), "hello there you"), ((0, 300), "hi")]
)
def test_what_may_be_new_is_kept(by: Closed, first: tuple[int, int], second: str) -> None:
    """If the audio is long enough for it, or its words differ."""
    plays = untold(Final("1", *first, "hello there"), by=by), untold(Final("1", 0, 500, second), by=by)
    asked = listening(Tone(5), *plays, retries=AT_ONCE)
    assert [event.text for event in asked.events() if isinstance(event, Final)] == ["hello there", second]
    assert asked.result.figures.dropped == 0


SETS = [
    [Final("1", 0, 200, "hello there")],  # the rest is long enough for it
    [Final("1", 100, 300, "hello there")],
    [Final("1", 0, 100, "你好"), Final("2", 150, 300, "hello there")],
    [Final("1", 0, 100, "a b"), Final("2", 150, 200, "c d"), Final("3", 200, 250, "e f")],
]


@pytest.mark.parametrize("by", GONE, ids=str)
@pytest.mark.parametrize("said", SETS, ids=len)
def test_a_service_that_says_all_of_it_again_for_any_audio_is_written_once(said: list[Final], by: Closed) -> None:
    """The same sentences from the first on, each in the same place of its task: other audio has others."""
    play = untold(*said, by=by)
    asked = listening(Tone(5), *[play] * 4, retries=AT_ONCE)
    events = list(asked.events())
    assert [event.text for event in events if isinstance(event, Final)] == [final.text for final in said]
    assert not any(isinstance(event, Gap) for event in events)
    assert asked.result.error is None
    assert asked.result.figures.dropped >= len(said)


def test_an_attempt_that_fails_between_the_two_changes_nothing() -> None:
    """The service breaks off the next start, and says all again on the one after it."""

    def break_off(service: Service, wire: Wire) -> None:
        service.asked()
        wire.say(Closed(1006, "the connection broke"))

    play = untold(Final("1", 0, 200, "hello there"), by=GONE[0])
    asked = listening(Tone(5), play, break_off, play, play, retries=AT_ONCE)
    assert [event.text for event in asked.events() if isinstance(event, Final)] == ["hello there"]


class Word(Tone):
    """A source of one loud word in a chunk of 400 ms, as a file at full pace has them."""

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """150 ms of sound, and quiet after it."""
        yield Chunk(start, bytes([1, 40]) * 2400 + bytes(8000))


def failed(service: Service, wire: Wire) -> None:
    """A service that says all there is to say, and fails."""
    service.asked()
    service.tell(Ready(""))
    service.until_finish()
    service.tell(Final("1", 0, 150, "hello there"))
    wire.say(*service.codec.fail("EmptyAudio", "nothing to hear"), Closed(1000))


@pytest.mark.parametrize(
    "play", [failed, *(untold(Final("1", 0, 150, "hello"), by=by) for by in GONE)], ids=["failed", *map(str, GONE)]
)
def test_quiet_after_the_last_word_is_not_missed(play: Play) -> None:
    """All sound has its text, also where the quiet after it came in the same chunk: nothing is left to fail."""
    asked = listening(Word(4), play, retries=RetrySettings(limit=1, retry_for_s=0))
    events = list(asked.events())
    assert next(event.text for event in events if isinstance(event, Final)).startswith("hello")
    assert not any(isinstance(event, Gap) for event in events)
    assert asked.result.error is None
    assert (asked.result.totals.final_ms, asked.result.totals.lost_ms) == (150, 0)
