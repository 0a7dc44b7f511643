"""A microphone of a process that is suspended, and what others tell before its device is open."""

from typing import Any, cast

import pytest

from asrcli.core.errors import SourceError
from asrcli.core.events import Absent, Gap, Notice
from asrcli.sources.microphone import STOPPED, LostSamples
from tests.sources.heard_microphone import Heard


def test_notices_come_after_the_opening_of_the_device() -> None:
    """In its order; where no device opens, the error stands alone."""
    told = [Notice("warning", "press space to talk"), Notice("info", "and more")]
    for answer in (None, SourceError("nosuch", "no microphone of that name")):
        heard = Heard()
        for notice in told:
            heard.microphone.emit(notice)
        if answer is None:
            heard.desk.answer(heard.stream)
            found = [heard.until(Notice) for _ in range(3)]
            assert found == [Notice("info", "listening to desk"), *told]
        else:
            heard.desk.answer(answer)
            with pytest.raises(SourceError, match="no microphone of that name"):
                heard.until(Notice)
            assert heard.seen == []


class Suspending:
    """The inbox of a microphone whose process is suspended while it waits: the clock has gone on when it runs again."""

    def __init__(self, heard: Heard, seconds: float) -> None:
        self._inbox, self._clock, self._seconds = heard.microphone._inbox, heard.clock, seconds
        heard.microphone._inbox = cast("Any", self)

    def get(self, timeout: float) -> object:
        """Wait, once for this long."""
        self._clock.now += self._seconds
        self._seconds = 0.0
        return self._inbox.get(timeout=timeout)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inbox, name)


@pytest.mark.parametrize("seconds", [2.5, 30.0])
def test_a_device_is_not_blamed_for_the_silence_of_a_suspension(seconds: float) -> None:
    """Whether that was shorter or longer than what a device may be silent for and be noticed by a running program."""
    heard = Heard().opened()
    Suspending(heard, seconds)
    said = f"desk: nothing heard for {seconds:.0f} s: {STOPPED}; opening it again"
    assert (heard.until(Notice), heard.until(Absent)) == (Notice("warning", said), Absent(50, STOPPED))


def test_an_error_or_an_overflow_after_a_suspension_is_blamed_on_the_suspension() -> None:
    """Sound systems report both when a program reads too late."""
    heard = Heard().opened()
    Suspending(heard, 1.5)
    heard.stream.give(LostSamples(800))
    assert heard.until(Gap) == Gap(50, 100, STOPPED)
    heard.stream.give(SourceError("desk", "input overflowed"))
    assert heard.until(Absent) == Absent(100, STOPPED)
    running = Heard().opened()
    Suspending(running, 0.9)  # a busy machine
    running.stream.give(SourceError("desk", "is gone"))
    assert running.until(Absent) == Absent(50, "is gone")
