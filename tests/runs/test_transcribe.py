"""The Python API: events, errors, and nothing left behind however a loop ends."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import asrcli
from asrcli.core.audio import Format
from asrcli.recognizers.counting import Counting
from asrcli.server.faults.script import parse_script
from asrcli.server.local_server import in_background
from tests.support.command import CLIP
from tests.support.counted import counted, covered
from tests.support.left_behind import assert_back_to, begun_since, endless, resources, warm
from tests.support.tone import wav

CHUNKS = 40
pytestmark = pytest.mark.usefixtures("no_key")


def test_each_event_comes_once_and_every_second_has_its_text(server: str) -> None:
    """PCM in pieces of an odd size; `on_event` hears what the loop has, in the same order; the account adds up."""
    data, heard = counted(CHUNKS), list[asrcli.Event]()
    pieces = (data[at : at + 777] for at in range(0, len(data), 777))
    talk = asrcli.transcribe(pieces, url=server, pace="max", on_event=heard.append)
    events = list(talk)
    assert heard == events
    assert covered(events, CHUNKS) == []
    assert isinstance(events[-1], asrcli.Ended)
    assert talk.ended == events[-1]
    assert (events[-1].audio_ms, events[-1].lost_ms) == (CHUNKS * 100, 0)


def test_a_file_and_another_rate_are_heard_too(tmp_path: Path, server: str) -> None:
    """Stereo at 48 kHz is mixed and converted; a file is read whatever is in it."""
    stereo = asrcli.pcm([bytes(48000 * 4)], rate=48000, channels=2)
    (ended,) = [event for event in asrcli.transcribe(stereo, url=server, pace="max") if isinstance(event, asrcli.Ended)]
    assert 950 <= ended.audio_ms <= 1000
    with asrcli.transcribe(wav(tmp_path / "clip.wav", counted(5)), url=server, pace="max") as talk:
        assert talk.text() == "0 1 2 3 4"
    with pytest.raises(asrcli.SourceError, match="no such file"):
        asrcli.transcribe(tmp_path / "none.wav", url=server)


def _break(events: Iterator[asrcli.Event]) -> None:
    for event in events:
        if isinstance(event, asrcli.Final):
            break


def _raise(events: Iterator[asrcli.Event]) -> None:
    for event in events:
        if isinstance(event, asrcli.Final):
            raise LookupError


@pytest.mark.parametrize("leave", [_break, _raise])
@pytest.mark.parametrize("realtime", [False, True])
def test_to_leave_the_loop_ends_threads_and_connections(
    server: str, leave: Callable[[Iterator[asrcli.Event]], None], realtime: bool
) -> None:
    """By `break` and by an exception, without a word to the object."""
    before = warm(server)
    began = time.monotonic()
    with suppress(LookupError):
        leave(asrcli.transcribe(asrcli.pcm(endless(), realtime=realtime), url=server, pace="max"))
    assert time.monotonic() - began < 10
    assert_back_to(before)


class Speaker:
    """A microphone that hears counted audio, twenty times as fast as it is spoken."""

    name = "speaker"

    def __init__(self) -> None:
        self.closed = 0

    def open(self, audio_format: Format, *, instead: bool) -> "Speaker":
        """Open it."""
        del instead
        assert audio_format == Format(16000)
        self._audio = endless()
        return self

    def read(self) -> bytes:
        """The next tenth of a second."""
        return next(self._audio)

    def close(self) -> None:
        """Count that."""
        self.closed += 1


@pytest.mark.parametrize("leave", [_break, _raise, list])
def test_a_microphone_is_heard_and_given_back(
    server: str, monkeypatch: pytest.MonkeyPatch, leave: Callable[[Iterator[asrcli.Event]], object]
) -> None:
    """Until its time is over, or until the loop is left."""
    device = Speaker()
    monkeypatch.setattr("asrcli.sources.backends.device_names.find_device", lambda _: device)
    before = warm(server)
    talk = asrcli.transcribe(asrcli.microphone(for_s=3), url=server)
    with suppress(LookupError), talk:
        leave(talk)
    assert device.closed == 1
    if leave is list:
        assert talk.ended is not None
        assert talk.ended.live
        assert 3000 <= talk.ended.audio_ms <= 3200
    assert_back_to(before)


def test_what_on_event_raises_ends_the_run(server: str) -> None:
    """It comes out of the loop as it was raised."""
    before = warm(server)

    def refuse(event: asrcli.Event) -> None:
        if isinstance(event, asrcli.Final):
            raise LookupError(event.text)

    talk = asrcli.transcribe(endless(), url=server, pace="max", on_event=refuse)
    with pytest.raises(LookupError):
        list(talk)
    assert_back_to(before)


def test_what_the_audio_raises_ends_the_run(server: str) -> None:
    """An iterator that fails is no secret."""
    before = warm(server)

    def broken() -> Iterator[bytes]:
        yield counted(3)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(asrcli.transcribe(broken(), url=server, pace="max"))
    assert_back_to(before)


def test_finish_waits_for_the_last_words(server: str) -> None:
    """From within the loop, or from another thread: the run ends in order and accounts for what it took."""
    talk, finals = asrcli.transcribe(asrcli.pcm(endless(), realtime=True), url=server), 0
    for event in talk:
        if isinstance(event, asrcli.Final):
            finals += 1
            talk.finish()
    assert finals >= 1
    assert talk.ended is not None
    assert talk.ended.lost_ms == 0


def test_another_thread_can_close_it(server: str) -> None:
    """The loop ends without an error, though no event would have come."""
    before = warm(server)
    ready, go_on = threading.Event(), threading.Event()

    def silent() -> Iterator[bytes]:
        yield bytes(3200)
        ready.set()
        go_on.wait(60)

    talk = asrcli.transcribe(asrcli.pcm(silent(), realtime=True), url=server)
    listener = threading.Thread(target=list, args=(talk,), name="listener")
    listener.start()
    assert ready.wait(60)
    talk.close()
    listener.join(60)
    assert not listener.is_alive()
    go_on.set()
    assert_back_to(before)


def test_a_transcription_that_nobody_hears_begins_nothing(server: str) -> None:
    """It may be closed all the same, again and again."""
    before = resources()
    with asrcli.transcribe(endless(), url=server) as talk:
        talk.close()
    assert list(talk) == []
    assert begun_since(before) == (Counter(), 0)


def test_signals_are_left_alone(server: str) -> None:
    """Whoever embeds it has handlers of their own, and finds them while it runs."""
    mine = signal.getsignal(signal.SIGINT)
    for _ in asrcli.transcribe(counted(5), url=server, pace="max"):
        assert signal.getsignal(signal.SIGINT) is mine
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_service_that_breaks_is_heard_again_or_raised() -> None:
    """As on the command line: a lost connection is made again, unless it is not to be."""
    plan = parse_script(['{"connection": 1, "after_bytes": 64000, "do": "cut"}'])
    with in_background(Counting(), faults=plan) as url:
        events = list(asrcli.transcribe(counted(CHUNKS), url=url, pace=10))
        assert any(isinstance(event, asrcli.Reconnecting) for event in events)
        assert covered(events, CHUNKS) == []
    with pytest.raises(asrcli.ConnectFailed):
        list(asrcli.transcribe(counted(1), url="ws://127.0.0.1:9", retries=0))


def test_the_recognizer_on_this_machine_needs_neither_key_nor_network(server: str) -> None:
    """Left early, its server ends too."""
    pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")
    before = warm(server)
    for event in asrcli.transcribe(CLIP, local=True):
        if isinstance(event, asrcli.Partial):
            break
    assert_back_to(before)
    with pytest.raises(asrcli.UsageError, match="knows US English"):
        asrcli.transcribe(CLIP, local=True, engine="pocketsphinx", languages=["zh"])
    with pytest.raises(asrcli.UsageError, match="is not one of"):
        asrcli.transcribe(CLIP, local=True, engine="none")
    with pytest.raises(asrcli.UsageError, match="without local=True"):
        asrcli.transcribe(CLIP, url="ws://127.0.0.1:9", engine="pocketsphinx")
