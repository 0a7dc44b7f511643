"""A run in parts whose source, service, user or disk gives way: it ends, says why, and loses nothing that was said."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any, ClassVar

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import ConnectFailed, OutputError, SourceError
from asrcli.core.events import Ended, Event, Final, Notice
from asrcli.core.interfaces import Transport
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.core.transcript import Transcript
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.runs.parts.part_state import next_item
from asrcli.runs.parts.part_store import PartStore
from asrcli.runs.parts.split_run import SplitRun
from asrcli.runs.parts.stream_slots import FixedSlots
from asrcli.runs.plan import RunPlan, SignalHandling
from tests.runs.parts.recording import Recording
from tests.support import run_plans
from tests.support.live_session import saying


class Listener:
    """An output that keeps its events, and raises at a notice if it is told to."""

    passive = False

    def __init__(self, error: Exception | None = None) -> None:
        self.events: list[Event] = []
        self._error = error

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Keep the event."""
        del transcript
        if self._error is not None:
            raise self._error
        self.events.append(event)

    def close(self) -> None:
        """Do nothing."""


class Broken(Recording):
    """A recording that cannot be read after its first chunks."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(100)
        self.error = error

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Raise in the middle of the first part."""
        yield from list(super().chunks(start))[:5]
        raise self.error


def refuse(url: str, connection: ConnectionSettings) -> Transport:
    """Nobody listens."""
    del connection
    raise ConnectFailed(url, "nothing listens there")


def plan(interruptible: SignalHandling = lambda stop, hurry, leave: nullcontext()) -> RunPlan:  # noqa: ARG005
    """A plan for a service that is not there."""
    return RunPlan(
        "m", lambda _: InferenceClient(RecognitionSettings("m"), lambda: "t"), refuse, ConnectionSettings("ws://test"),
        None, RetrySettings(limit=0), interruptible=interruptible,
    )  # fmt: skip


def split_run(outputs: list[Listener], store: PartStore | None = None, asked: RunPlan | None = None) -> SplitRun:
    """A run in parts of two seconds, two at once."""
    return SplitRun(asked or plan(), outputs, ConnectionPool(), FixedSlots(2), 2000, store)


@pytest.mark.parametrize("error", [SourceError("r.wav", "is damaged"), ZeroDivisionError("a mistake of ours")])
def test_a_source_that_cannot_be_read_ends_the_run_with_its_error(error: Exception) -> None:
    """Nothing was said, so outputs see neither a start nor an end, but the notices that came before."""
    out, notice = Listener(), Notice("warning", "hear this")
    with pytest.raises(type(error), match=str(error)):
        split_run([out]).transcribe(Broken(error), [notice])
    assert [event for event in out.events if not isinstance(event, Notice)] == []
    assert out.events[0] is notice


@pytest.mark.parametrize("is_kept", [True, False])
def test_parts_that_find_no_service_end_the_run(tmp_path: Path, *, is_kept: bool) -> None:
    """Each part tells the same, which is one error, whether a later run can go on or not."""
    store = PartStore(tmp_path / "parts") if is_kept else None
    with pytest.raises(ConnectFailed, match="nothing listens there"):
        split_run([Listener()], store).transcribe(Recording(200))


def test_what_earlier_parts_have_said_needs_no_service(tmp_path: Path) -> None:
    """All parts were done when the run was killed: their text comes out, in order, and nothing is sent."""
    store = PartStore(tmp_path / "parts")
    for number, (begin_ms, end_ms) in enumerate(((1000, 5000), (5000, None))):
        store.begin(number, begin_ms, end_ms)
        store.append(number, Final("t", begin_ms, begin_ms + 900, f"part {number}"))
        store.end(number, done=True)
    out = Listener()
    ended = split_run([out], PartStore(tmp_path / "parts")).transcribe(Recording(100))
    assert [event.text for event in out.events if isinstance(event, Final)] == ["part 0", "part 1"]
    assert isinstance(ended, Ended)
    assert out.events[-1] == ended


@pytest.mark.parametrize("hurry", [True, False])
def test_a_signal_before_the_first_word_ends_the_run(*, hurry: bool) -> None:
    """Ctrl-C and SIGTERM begin no part; it is said that the last words are waited for, and the account comes last."""

    @contextmanager
    def signalled(stop: Callable[[], None], now: Callable[[], None], _: object) -> Iterator[None]:
        (now if hurry else stop)()
        yield

    out = Listener()
    with pytest.raises(KeyboardInterrupt):
        split_run([out], asked=plan(signalled)).transcribe(Recording(100))
    assert isinstance(out.events[-1], Ended)


def test_a_second_signal_while_text_is_written_neither_repeats_nor_loses_it(tmp_path: Path) -> None:
    """An output is interrupted in the middle of what an earlier run has stored: all outputs get all of it once."""

    class Interrupted(Listener):
        def handle(self, event: Event, transcript: Transcript) -> None:
            """The user presses Ctrl-C while this is written."""
            super().handle(event, transcript)
            if isinstance(event, Final) and event.text == "two":
                raise KeyboardInterrupt

    store, texts = PartStore(tmp_path / "parts"), ["one", "two", "three"]
    store.begin(0, 1000, 5000)
    for number, text in enumerate(texts):
        store.append(0, Final(text, 1000 + 900 * number, 1900 + 900 * number, text))
    store.end(0, done=True)
    outputs = [Interrupted(), Listener()]
    run = split_run(outputs, PartStore(tmp_path / "parts"), run_plans.plan(*[saying()] * 9))
    with suppress(KeyboardInterrupt):
        run.transcribe(Recording(100))
    for output in outputs:
        assert [event.text for event in output.events if isinstance(event, Final)] == texts
        assert isinstance(output.events[-1], Ended)


def interrupted_at(line: int) -> bool:
    """Transcribe, and ask for the end before this line of the module `threading` on the way; whether there is one."""
    seen = count()

    @contextmanager
    def signalled(stop: Callable[[], None], hurry: Callable[[], None], _: object) -> Iterator[None]:
        del hurry

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            del argument
            if frame.f_code.co_filename != threading.__file__:
                return trace if event == "call" else None
            if event == "line" and next(seen) == line:
                sys.settrace(None)
                stop()
            return trace

        sys.settrace(trace)
        try:
            yield
        finally:
            sys.settrace(None)

    def transcribe() -> None:
        with suppress(ConnectFailed, KeyboardInterrupt):
            split_run([Listener()], asked=plan(signalled)).transcribe(Recording(60))

    thread = threading.Thread(target=transcribe, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), f"a signal in line {line} of what is called there has stopped the run forever"
    return next(seen) > line


def test_a_signal_ends_the_run_wherever_it_comes() -> None:
    """Its handler interrupts the thread of the run, also while that holds a lock of the standard library."""
    assert interrupted_at(0)
    for line in count():
        if not interrupted_at(line):
            return


def test_an_output_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    """The error is that of the output."""
    store = PartStore(tmp_path / "parts")
    with pytest.raises(OutputError, match="disk is full"):
        split_run([Listener(OutputError("a.txt", "disk is full"))], store).transcribe(Recording(100))


def test_a_wait_for_parts_is_cut_into_short_ones_where_ctrl_c_needs_that() -> None:
    """A main thread that waits in one piece gets no Ctrl-C on Windows. An item that comes later is still returned."""

    class Late(SimpleQueue[str]):
        """A queue whose item comes after two waits that have ended."""

        waits: ClassVar[list[float | None]] = []

        def get(self, block: bool = True, timeout: float | None = None) -> str:
            self.waits.append(timeout)
            if len(self.waits) == 3:
                self.put("part")
            return super().get(block, 0.001 if timeout else None)

    assert next_item(Late(), 0.2) == "part"
    assert Late.waits == [0.2, 0.2, 0.2]
    filled: SimpleQueue[str] = SimpleQueue()
    filled.put("part")
    assert next_item(filled, -1) == "part"
