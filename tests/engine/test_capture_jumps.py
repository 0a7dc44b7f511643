"""The pace of a file whose positions jump: a jump takes no time."""

from collections.abc import Iterator

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event
from asrcli.engine.capture import capture
from asrcli.engine.inbox import Inbox, SourceEnded
from asrcli.engine.schedule import Schedule

RATE = Format(16000)


class Jumping:
    """A file whose sound begins late and stops for an hour."""

    format, audio_format, begin_ms, speaker, realtime, name = RATE, "pcm", 0, "", False, "a"
    live = None
    duration_ms = None

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """A second of sound at one hour, and one at two."""
        for hour in (1, 2):
            for number in range(10):
                yield Chunk(start + hour * 3600 * 16000 + number * 1600, bytes(3200))


def test_nobody_waits_for_what_is_not_there() -> None:
    """At the pace of the audio two seconds of sound take two seconds, however far apart they are."""
    now, told = [0.0], list[Event]()
    inbox = Inbox(1000, schedule=Schedule(lambda: now[0], RATE.rate, 1.0, None))
    capture(Jumping(), 0, inbox, told.append)
    while not isinstance(inbox.take(audio=True), SourceEnded):
        now[0] = inbox.due or now[0]
    assert round(now[0], 3) == 2.0
    assert inbox.ended
