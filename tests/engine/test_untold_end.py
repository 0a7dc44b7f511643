"""A service that sends all text and no end event: its last sentence is written once, and none is lost."""

import pytest

from asrcli.core.events import Event, Final, Gap, Ready
from asrcli.core.message import Closed
from asrcli.core.settings import RetrySettings
from tests.support.handshake import Service, Tone, Wire
from tests.support.talk import Play, listening


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
