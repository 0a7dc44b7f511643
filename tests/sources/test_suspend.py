"""Machines that sleep, processes that are stopped, devices that hang, with a clock that the test controls."""

import sys
import time
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Absent, Gap, Level, Notice, Resumed
from asrcli.sources.boot_clock import boot_time
from asrcli.sources.microphone import OPEN_S, RETRY_S, SILENT_S, STOPPED, STOPPED_S, KeyCommand, Microphone
from asrcli.sources.microphone_timeline import FLOOD_MS, ListeningMode
from tests.sources.heard_microphone import PIECE, RATE, Heard
from tests.support.device import PATIENCE_S, Desk, Stream
from tests.support.tone import silence, tone

OLD = tone(50, hertz=2000)


def slept(heard: Heard, seconds: float) -> None:
    """The machine sleeps, and wakes up to what its buffers hold; the device opens again."""
    heard.clock.now += seconds
    heard.stream.give(*[OLD] * 20)
    assert heard.until(Absent)
    again = Stream("desk")
    heard.desk.answer(again)
    again.give(PIECE)
    heard.stream = again


@settings(deadline=None, max_examples=10)
@given(st.floats(STOPPED_S + 0.1, 50_000.0))
def test_a_stop_is_one_gap_of_its_true_length_and_nothing_old_is_heard(seconds: float) -> None:
    """From the last audio before it to the first after it, whatever the buffers hold; seconds or a night."""
    heard = Heard().opened()
    slept(heard, seconds)
    heard.until(Level)
    chunks = [item for item in heard.seen if isinstance(item, Chunk)]
    assert not any(chunk.pcm == OLD for chunk in chunks)
    assert abs(RATE.ms(chunks[-1].end) - 50 - seconds * 1000) <= 1  # positions stay true to the time of day
    missing_ms = sum(item.end_ms - item.begin_ms for item in heard.seen if isinstance(item, Gap))
    assert abs(missing_ms - (seconds * 1000 - 50)) <= 2
    assert sum(chunk.samples for chunk in chunks) <= RATE.samples(FLOOD_MS + 200)  # no flood of silence either
    assert len([item for item in heard.seen if isinstance(item, Gap)]) == 1
    assert heard.desk.asked.qsize() == 2  # opened once, and once again


def test_it_is_reported_that_it_was_the_machine_and_not_the_device() -> None:
    """And --no-device-retry, which is about devices that go away, does not end the run."""
    heard = Heard(retry=False).opened()
    slept(heard, 60.0)
    told = [item.text for item in heard.seen if isinstance(item, Notice)]
    assert told[-1] == f"desk: nothing heard for 60 s: {STOPPED}; opening it again"
    assert heard.until(Notice) == Notice("warning", "desk is back")
    assert Gap(50, 60_000, STOPPED) in heard.seen


def test_a_listener_that_was_slow_is_no_reason_to_open_the_device_again() -> None:
    """What waits was heard in time: a slow disk costs nothing."""
    heard = Heard().opened()
    for _ in range(100):
        heard.clock.now += 0.05
        heard.stream.give(PIECE)
        while not heard.stream.given.empty():
            time.sleep(0.001)
    time.sleep(0.05)
    for _ in range(100):
        heard.until(Level)
    assert not any(isinstance(item, Absent | Gap) for item in heard.seen)


def test_a_device_that_does_not_come_back_after_sleep_is_filled_in_for_as_ever() -> None:
    """The past is one gap; what is missing from there on is another, over silence that keeps the connection."""
    heard = Heard().opened()
    heard.clock.now += 600.0
    heard.until(Absent)
    heard.desk.answer(SourceError("desk", "is gone"))
    heard.turn(SILENT_S)
    assert Gap(50, 602_050, STOPPED) in heard.seen
    heard.turn(1.0)
    assert RATE.ms([item for item in heard.seen if isinstance(item, Chunk)][-1].end) == 603_050


def test_sleep_in_a_pause_is_no_gap() -> None:
    """Nothing was meant to be heard."""
    heard = Heard(ListeningMode(flowing=False)).opened()
    heard.microphone.request(KeyCommand.PAUSE)
    heard.turn()
    heard.stream.give(PIECE)
    heard.until(Level)
    slept(heard, 3600.0)
    heard.until(Level)
    heard.microphone.request(KeyCommand.PAUSE)
    heard.turn()
    heard.stream.give(PIECE)
    resumed = heard.until(Resumed)
    assert isinstance(resumed, Resumed)
    assert abs(resumed.end_ms - 3_600_050) <= 100
    assert not any(isinstance(item, Gap) for item in heard.seen)


def test_an_end_while_the_device_is_opened_again_counts_the_time_that_was_missed() -> None:
    """The account is true even then."""
    heard = Heard().opened()
    heard.clock.now += 60.0
    heard.until(Absent)
    heard.microphone.end()
    heard.turn()
    heard.clock.now += 1.0
    assert [item for item in heard.rest() if isinstance(item, Gap)] == [Gap(50, 61_050, STOPPED)]


@pytest.mark.skipif(sys.platform != "linux", reason="the clock of Linux")
def test_the_clock_counts_sleep() -> None:
    """CLOCK_MONOTONIC does not on Linux; microphones are measured by one that does."""
    assert Microphone(Desk(), RATE, ListeningMode())._now is boot_time
    assert abs(boot_time() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1.0


def test_an_open_that_hangs_is_reported_once_and_later_tries_go_on() -> None:
    """Every ten seconds at first; each that still hangs makes the next ones rarer, and none is the last."""
    heard = Heard().opened()
    heard.stream.give(SourceError("desk", "is gone"))
    heard.until(Absent)
    heard.desk.asked.get(timeout=PATIENCE_S)
    heard.turn(RETRY_S)
    heard.desk.asked.get(timeout=PATIENCE_S)  # hangs
    for wait_s in (OPEN_S, OPEN_S, 2 * OPEN_S, 4 * OPEN_S):
        heard.turn(wait_s - 1)
        assert heard.desk.asked.empty()
        heard.turn(1.1)
        heard.desk.asked.get(timeout=PATIENCE_S)  # hangs too
    told = [item.text for item in heard.seen if isinstance(item, Notice) and "does not open" in item.text]
    assert told == ["desk: does not open: no answer for 10 s; trying again"]
    streams = [Stream("desk") for _ in range(5)]
    for stream in streams:  # all come to themselves; the latest is the one that is listened to
        heard.desk.answer(stream)
        stream.give(PIECE)
    assert heard.until(lambda item: item == Notice("warning", "desk is back"))


def test_a_read_that_hangs_in_another_program_is_ended() -> None:
    """`parec` does not stay behind each time."""
    interrupted = Event()

    class Hung(Stream):
        def interrupt(self) -> None:
            interrupted.set()
            self.given.put(SourceError("desk", "ended"))

    heard = Heard()
    heard.stream = Hung("desk")
    heard.opened()
    heard.clock.now += SILENT_S + 0.1
    heard.until(Absent)
    assert interrupted.is_set()


def test_a_microphone_that_hears_nothing_is_reported_during_the_run() -> None:
    """After five seconds, with the advice of --test; once, until there was something to hear."""
    heard = Heard().opened()
    for count, pcm in ((130, silence(100)), (1, PIECE), (101, silence(100))):
        for _ in range(count):
            heard.clock.now += 0.1
            heard.stream.give(pcm)
            heard.until(Level)
    heard.turn()
    told = [item.text for item in heard.seen if isinstance(item, Notice) and "nothing heard" in item.text]
    advice = "muted, not allowed, or the wrong device? asr devices lists them"
    assert told == [f"desk: nothing heard for 5 s: {advice}", f"desk: nothing heard for 10 s: {advice}"]


def test_what_a_machine_plays_may_be_silent_and_so_may_a_pause() -> None:
    """No advice where silence is what was to be expected."""
    heard = Heard()
    heard.microphone._silence_alarm = Microphone(
        heard.desk, RATE, ListeningMode(), warns_of_silence=False
    )._silence_alarm
    heard.opened()
    paused = Heard().opened()
    paused.microphone.request(KeyCommand.PAUSE)
    paused.turn()
    for each in (heard, paused):
        for _ in range(70):
            each.clock.now += 0.1
            each.stream.give(silence(100))
            each.until(Level)
        each.turn()
        assert not any(isinstance(item, Notice) and "nothing heard" in item.text for item in each.seen)
