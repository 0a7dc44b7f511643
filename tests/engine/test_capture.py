"""The pace of a file, which its inbox keeps: exact for hours, and delays are caught up no faster than allowed."""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event
from asrcli.engine.inbox import Inbox
from asrcli.engine.schedule import LEAST_CATCH_UP, Schedule

RATE = Format(16000)
CHUNK_MS = 100
ROOM = 50


class Tape:
    """A Source of this many empty chunks; between two of them the clock may jump."""

    format, audio_format, begin_ms, speaker, realtime, name, live, duration_ms = (
        RATE, "pcm", 0, "", False, "tape", None, None,
    )  # fmt: skip

    def __init__(self, count: int, late: Callable[[int], None] = lambda _: None) -> None:
        self._count, self._late = count, late

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the chunks of a file."""
        samples = RATE.samples(CHUNK_MS)
        for number in range(self._count):
            self._late(number)
            yield Chunk(start + number * samples, b"", length=samples)


class Taker:
    """Takes the chunks of a source out of a paced inbox on time, with the noise of a busy machine in each step."""

    def __init__(self, noise_s: float, seed: int = 1) -> None:
        self.now, self._noise_s, self._chance = 0.0, noise_s, Random(seed)
        self.taken_at: list[float] = []
        self.outages: dict[int, float] = {}  # before which chunk the connection has no room, and for how long
        self.stops: dict[int, float] = {}  # before which chunk the process is stopped, and for how long

    def clock(self) -> float:
        """Return the time; each call takes some."""
        self.now += self._chance.random() * self._noise_s
        return self.now

    def take(self, tape: Tape, pace: float, catch_up: float | None) -> list[float]:
        """The times at which the chunks came out."""
        inbox = Inbox(1, live=True, schedule=Schedule(self.clock, RATE.rate, pace, catch_up))
        for item in tape.chunks(0):
            assert isinstance(item, Chunk)
            self.now += self.outages.get(len(self.taken_at), 0.0)
            inbox.put_audio(item)
            while inbox.take(audio=True) is None:
                assert inbox.due is not None
                self.now = max(self.now, inbox.due) + self._chance.random() * self._noise_s
                self.now += self.stops.pop(len(self.taken_at), 0.0)
            self.taken_at.append(self.now)
        return self.taken_at


def heard(taker: Taker, tape: Tape, pace: float = 1.0, catch_up: float | None = 4.0) -> list[float]:
    """The times at which the chunks came out."""
    return taker.take(tape, pace, catch_up)


@pytest.mark.parametrize("pace", [1.0, 4.0])
def test_the_pace_of_an_hour_does_not_drift(pace: float) -> None:
    """The drift stays below 20 ms, whatever each step takes on a busy machine."""
    taken_at = heard(Taker(0.002), Tape(36_000), pace)
    assert abs(taken_at[-1] - 3600.0 / pace) < 0.02
    assert max(abs(at - (number + 1) * 0.1 / pace) for number, at in enumerate(taken_at)) < 0.02


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(1, 190), st.floats(0.0, 60.0), max_size=4),
    st.dictionaries(st.integers(1, 190), st.floats(2.0, 3600.0), max_size=2),
    st.sampled_from([1.0, 4.0]),
    st.sampled_from([None, 1.0, 4.0, 8.0]),
)
def test_what_was_held_up_is_made_up_for_at_its_pace(
    outages: dict[int, float], stops: dict[int, float], pace: float, catch_up: float | None
) -> None:
    """After an outage that filled the queue, and after a stop of the process: never faster, then in time again."""
    taker = Taker(0.0)
    taker.outages, taker.stops = outages, dict(stops)
    taken_at = heard(taker, Tape(200), pace, catch_up)
    step_s = CHUNK_MS / 1000 / max(LEAST_CATCH_UP * pace, catch_up or 0.0)
    for number in range(1, 200):
        assert taken_at[number] - taken_at[number - 1] > step_s - 1e-6
        assert taken_at[number] > (number + 1) * CHUNK_MS / 1000 / pace - 1e-6


def test_a_queue_that_is_full_for_a_moment_moves_nothing() -> None:
    """A chunk that is in time all the same is not delayed."""
    taker = Taker(0.0)
    taker.outages = dict.fromkeys(range(0, 600, 2), 0.05)
    assert abs(heard(taker, Tape(600))[-1] - 60.0) < 0.001


def test_an_outage_is_caught_up_with() -> None:
    """Thirty seconds at four times real time take ten, and then the file is where it would have been."""
    taker = Taker(0.0)
    taker.outages = {100: 30.0}
    taken_at = heard(taker, Tape(900), 1.0, 4.0)
    assert taken_at[490] == pytest.approx(49.8, abs=0.3)
    assert taken_at[-1] == pytest.approx(90.0, abs=0.001)


def test_a_source_that_is_late_by_itself_is_made_up_for() -> None:
    """A pipe that paused for three seconds is caught up at the same pace."""
    taker = Taker(0.0)

    def late(number: int) -> None:
        taker.now += 3.0 if number == 50 else 0.0

    assert abs(heard(taker, Tape(200, late), 1.0, 4.0)[-1] - 20.0) < 0.001
