"""Microphones that vanish, hang, overflow and come back, with a clock that the test controls."""

from itertools import pairwise
from threading import Semaphore

import pytest
from psutil import Process

from asrcli.core.audio import Chunk
from asrcli.core.causes import Cause
from asrcli.core.errors import SourceError
from asrcli.core.events import Absent, Gap, Level, Notice, Paused, Resumed
from asrcli.sources.microphone import OPEN_S, RETRY_S, SILENT_S, TAIL_S, KeyCommand, LostSamples
from asrcli.sources.microphone_timeline import ListeningMode
from tests.sources.heard_microphone import PIECE, RATE, Heard, Item
from tests.support.device import PATIENCE_S, Stream
from tests.support.tone import tone


def samples(items: list[Item]) -> int:
    """How much audio, and that it has no holes."""
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert all(later.position == earlier.end for earlier, later in pairwise(chunks))
    return sum(chunk.samples for chunk in chunks)


def test_a_device_is_read_by_the_thread_that_opened_it_and_closed_by_it() -> None:
    """The end is asked for, the tail is heard, the device is given back."""
    heard = Heard().opened()
    assert heard.seen[0] == Notice("info", "listening to desk")
    heard.microphone.end()
    heard.stream.give(PIECE)
    heard.until(Level)
    heard.clock.now += TAIL_S - 0.01
    heard.stream.give(PIECE)
    heard.until(Level)
    heard.clock.now += 0.02
    heard.stream.give(PIECE)  # too late
    assert heard.rest() == []
    assert heard.stream.closed.wait(PATIENCE_S)


def test_a_device_that_never_opens_is_an_error_at_once() -> None:
    """Nobody waits for a microphone that has never been there."""
    heard = Heard()
    heard.desk.answer(SourceError("desk", "is in use by another program"))
    with pytest.raises(SourceError, match="in use"):
        heard.rest()


def test_a_device_that_hangs_while_it_opens_is_given_up() -> None:
    """The thread that hangs is left behind; the user is told."""
    heard = Heard(ListeningMode(push_to_talk=True))
    heard.until(Paused)
    heard.clock.now += OPEN_S + 1
    with pytest.raises(SourceError, match="does not open: no answer for 10 s") as raised:
        heard.rest()
    assert raised.value.cause is Cause.DEVICE_HANGS


def test_a_device_that_vanishes_is_reported_at_once_and_silence_goes_on() -> None:
    """Notice and state come with the error; the timeline goes on by the clock, and the gap is told when it is back."""
    heard = Heard().opened()
    heard.stream.give(SourceError("desk", "is gone"))
    notice, absent = heard.until(Notice), heard.until(Absent)
    assert notice == Notice("warning", "desk: is gone; waiting for it")
    assert absent == Absent(50, "is gone")
    assert heard.stream.closed.wait(PATIENCE_S)
    again = Stream("desk")
    heard.turn(RETRY_S)
    assert [heard.desk.asked.get(timeout=PATIENCE_S) for _ in range(2)] == [False, True]
    heard.turn(2)
    heard.desk.answer(again)
    again.give(PIECE)
    assert heard.until(Notice) == Notice("warning", "desk is back")
    assert heard.until(Gap) == Gap(50, 3050, "no audio from desk: is gone")
    heard.until(Level)
    assert samples(heard.seen) == RATE.samples(3100)


def test_tries_that_fail_are_repeated_and_another_device_is_named() -> None:
    """The same name first; else the default, with a notice."""
    heard = Heard().opened()
    heard.stream.give(SourceError("desk", "is gone"))
    heard.until(Absent)
    heard.desk.asked.get(timeout=PATIENCE_S)
    for _ in range(3):
        heard.desk.answer(SourceError("desk", "still gone"))
        heard.turn(RETRY_S)
        assert heard.desk.asked.get(timeout=PATIENCE_S)
        heard.turn()
    other = Stream("lap")
    heard.clock.now += RETRY_S
    heard.desk.answer(other)
    other.give(PIECE)
    assert heard.until(Notice) == Notice("warning", "listening to lap instead")
    assert heard.microphone.name == "lap"


def test_without_retries_a_device_that_vanishes_ends_the_source() -> None:
    """--no-device-retry: the error comes after what was heard."""
    heard = Heard(retry=False).opened()
    heard.stream.give(SourceError("desk", "is gone"))
    with pytest.raises(SourceError, match="is gone"):
        heard.rest()


def test_a_read_that_never_returns_is_noticed_by_the_missing_data() -> None:
    """After two seconds; the thread that hangs is left behind, and what it says later is not heard."""
    heard = Heard().opened()
    heard.clock.now += SILENT_S + 0.1
    assert heard.until(Notice) == Notice("warning", "desk: has delivered no audio for 2 s; waiting for it")
    again = Stream("desk")
    heard.clock.now += RETRY_S
    heard.desk.answer(again)
    heard.stream.give(tone(50, hertz=2000))  # the old one comes to itself
    assert heard.stream.closed.wait(PATIENCE_S)
    again.give(PIECE)
    heard.until(Gap)
    chunk = heard.until(Chunk)
    assert isinstance(chunk, Chunk)
    assert chunk.pcm == PIECE
    assert not any(isinstance(item, Chunk) and item.pcm == tone(50, hertz=2000) for item in heard.seen)


def test_an_overflow_is_counted_and_reported() -> None:
    """How much, where, and in the account."""
    heard = Heard().opened()
    heard.stream.give(LostSamples(800), PIECE)
    notice, gap = heard.until(Notice), heard.until(Gap)
    assert notice == Notice("warning", "desk: the device gave audio faster than it was read: 50 ms are lost")
    assert gap == Gap(50, 100, "the device gave audio faster than it was read")
    heard.until(Level)
    assert samples(heard.seen) == RATE.samples(150)


def test_keys_take_effect_between_two_pieces() -> None:
    """Pause, mute, an early end, and what only a listener wants to hear."""
    heard = Heard(ListeningMode(flowing=False)).opened()
    heard.microphone.request(KeyCommand.PAUSE)
    heard.microphone.emit(Notice("info", "hello"))
    heard.until(Notice)
    heard.stream.give(PIECE)
    chunk, paused = heard.until(Chunk), heard.until(Paused)
    assert isinstance(chunk, Chunk)
    assert (chunk.cut_after, paused) == (True, Paused(100))
    heard.microphone.request(KeyCommand.PAUSE)
    heard.stream.give(PIECE)
    assert heard.until(Resumed) == Resumed(100, 100)
    heard.microphone.request(KeyCommand.CUT)
    heard.until(Level)
    heard.stream.give(PIECE)
    chunk = heard.until(Chunk)
    assert isinstance(chunk, Chunk)
    assert chunk.cut_after


def test_an_end_in_a_pause_or_in_an_absence_leaves_nothing_open() -> None:
    """The pause has an end; the gap has one too."""
    heard = Heard().opened()
    heard.stream.give(SourceError("desk", "is gone"))
    heard.until(Absent)
    heard.turn(1)
    heard.microphone.end()
    heard.turn()
    heard.clock.now += TAIL_S
    assert heard.rest()[-1] == Gap(50, 1300, "no audio from desk: is gone")


def test_a_bug_in_the_reader_reaches_the_listener() -> None:
    """No thread dies in silence."""
    heard = Heard().opened()
    heard.stream.give(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        heard.rest()


def test_what_is_done_to_the_audio_is_done_before_all_else() -> None:
    """The level is that of what is sent."""
    heard = Heard()
    heard.microphone._process = lambda pcm: bytes(len(pcm))
    heard.opened()
    assert heard.seen[1] == Chunk(0, bytes(1600), quiet=False)
    assert isinstance(heard.seen[2], Level)
    assert heard.seen[2].dbfs == float("-inf")


def test_two_hours_take_no_more_memory_than_two_minutes_and_do_not_drift() -> None:
    """The audio clock is the device's own, 200 ppm off the wall clock here: nothing is added and nothing left out."""
    piece, turns = tone(100), Semaphore(4)
    heard = Heard()
    resident = []

    class Endless(Stream):
        def read(self) -> bytes:
            assert turns.acquire(timeout=PATIENCE_S)
            heard.clock.now += 0.1 * 1.0002
            return piece

    heard.desk.answer(Endless("desk"))
    at = 0
    for item in heard.items:
        if isinstance(item, Chunk):
            assert (item.position, item.pcm) == (at, piece)
            at = item.end
            turns.release()
            if at in {RATE.samples(120_000), RATE.samples(7_200_000)}:
                resident.append(Process().memory_info().rss)
            if at == RATE.samples(7_200_000):
                break
        else:
            assert not isinstance(item, Gap | Absent)
    early, late = resident
    assert late - early < 2 << 20
