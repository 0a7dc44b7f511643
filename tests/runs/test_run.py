"""A run: sources one after the other on one timeline, and an account in which no second is missing."""

from collections.abc import Callable

import pytest

from asrcli.core.errors import ConnectFailed, ConnectionLost, MultipleErrors, OutputError, ServiceRefused, SourceError
from asrcli.core.events import Began, Ended, Event, Final, Finished, Gap, Notice, Ready
from asrcli.core.interfaces import ClientCodec, Source
from asrcli.core.message import Closed
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.core.transcript import Transcript
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import ConcurrentSources, Run
from tests.support.handshake import Service, Tone, Wire, start_service
from tests.support.listener import Listener
from tests.support.live_session import LiveSource, Play, saying
from tests.support.pair import counting
from tests.support.run_plans import plan


def breaking(service: Service, wire: Wire) -> None:
    """A service that sends one sentence and closes the connection."""
    service.asked()
    service.tell(Ready(""))
    service.asked()
    service.tell(Final("1", 0, 50, "one"))
    wire.say(Closed(1011, "oops"))


def test_two_sources_share_timeline_numbering_and_bill() -> None:
    """Each begins where the one before ended."""
    listener = Listener()
    run = Run(plan(saying(Final("1", 0, 400, "one")), saying(Final("1", 100, 300, "two"))), [listener])
    ended = run.transcribe([Tone(5), Tone(3)], [Notice("warning", "hello")])
    assert listener.events[0] == Notice("warning", "hello")
    assert [(b.begin_ms, b.task_id) for b in listener.of(Began) if isinstance(b, Began)] == [
        (0, "task-1"),
        (500, "task-2"),
    ]
    assert [(f.begin_ms, f.end_ms) for f in listener.of(Final) if isinstance(f, Final)] == [(0, 400), (600, 800)]
    assert (ended.audio_ms, ended.covered_ms, ended.lost_ms) == (800, 800, 0)
    assert (ended.sentences, ended.reconnects, ended.billed_s) == (2, 0, 2)
    assert listener.events[-1] == ended


def test_two_sources_run_on_one_connection_where_the_wire_allows_it() -> None:
    """One connection, two tasks; if it was closed between the two, another one is opened and nothing is lost."""
    for closes in (False, True):
        calls: list[str] = []

        def serve(service: Service, wire: Wire, closes: bool = closes) -> None:
            for number in range(2):
                service.asked()
                service.tell(Ready(""))
                service.until_finish()
                service.tell(Final("1", 0, 300, f"task {number}"), Finished())
                if closes:
                    wire.broken = ConnectionLost("idle", 1000)
                    wire.say(Closed(1000, "idle"))
                    return

        def dial(url: str, connection: ConnectionSettings, calls: list[str] = calls, serve: Play = serve) -> Wire:
            del connection
            calls.append(url)
            wire = Wire()
            start_service(serve, wire)
            return wire

        ids, listener = counting("task-"), Listener()

        def codec(source: Source, ids: Callable[[], str] = ids) -> ClientCodec:
            del source
            return InferenceClient(RecognitionSettings("m"), ids)

        asked = RunPlan("m", codec, dial, ConnectionSettings("ws://test"), None)
        ended = Run(asked, [listener]).transcribe([Tone(3), Tone(3)])
        assert len(calls) == 1 + closes
        assert [(f.begin_ms, f.end_ms) for f in listener.of(Final) if isinstance(f, Final)] == [(0, 300), (300, 600)]
        assert (ended.sentences, ended.lost_ms) == (2, 0)


class Labelled(Tone):
    """A source with the label of a speaker."""

    def __init__(self, chunks: int, speaker: str) -> None:
        super().__init__(chunks)
        self.speaker = speaker


def test_sources_at_once_share_the_time_and_keep_their_labels() -> None:
    """Each has its own session; sentence numbers run through all of them, and every second of each is accounted for."""
    listener = Listener()
    said = saying(Final("1", 0, 400, "one"), Final("2", 400, 500, "two"))
    together = ConcurrentSources((Labelled(5, "left"), Labelled(5, "right")))
    ended = Run(plan(said, said, saying(Final("1", 0, 100, "three"))), [listener]).transcribe([together, Tone(1)])
    finals = [(f.speaker, f.begin_ms, f.text) for f in listener.of(Final) if isinstance(f, Final)]
    assert sorted(finals[:4]) == [("left", 0, "one"), ("left", 400, "two"), ("right", 0, "one"), ("right", 400, "two")]
    assert finals[4] == ("", 500, "three")
    assert len({f.key for f in listener.of(Final) if isinstance(f, Final)}) == 5
    assert sorted(b.speaker for b in listener.of(Began) if isinstance(b, Began)) == ["", "left", "right"]
    assert (ended.audio_ms, ended.sentences, ended.lost_ms) == (1100, 5, 0)
    assert (ended.wall_ms, ended.at_once) == (600, 2)


def test_one_of_several_that_breaks_costs_the_others_nothing() -> None:
    """Its gap carries its label."""
    listener = Listener()
    together = ConcurrentSources((Labelled(5, "left"), Labelled(5, "right")))
    with pytest.raises(ConnectionLost):
        Run(plan(breaking, saying(Final("1", 0, 400, "two"))), [listener]).transcribe([together])
    (gap,), ended = listener.of(Gap), listener.events[-1]
    assert isinstance(gap, Gap)
    assert isinstance(ended, Ended)
    whole = {"left", "right"} - {gap.speaker}
    assert {f.speaker for f in listener.of(Final) if isinstance(f, Final) and f.text == "two"} == whole
    assert (ended.audio_ms, ended.lost_ms) == (1000, gap.end_ms - gap.begin_ms)


def test_the_delays_are_those_of_the_first_text_and_the_last_final() -> None:
    """On the clock of the plan, which advances at each call."""
    ended = Run(plan(saying(Final("1", 0, 400, "one"))), []).transcribe([Tone(5)])
    assert ended.first_text_ms is not None
    assert ended.final_after_stop_ms is not None
    assert 0 < ended.final_after_stop_ms < ended.first_text_ms < ended.elapsed_ms


def test_a_broken_connection_is_a_gap_and_the_next_source_goes_on() -> None:
    """One failure stops neither the others nor the account; it is reported when it happens."""
    listener = Listener()
    with pytest.raises(ConnectionLost, match="oops"):
        Run(plan(breaking, saying(Final("1", 0, 400, "two"))), [listener]).transcribe([Tone(5), Tone(5)])
    gap, ended = listener.of(Gap)[0], listener.events[-1]
    assert isinstance(gap, Gap)
    assert (gap.begin_ms, gap.end_ms) == (50, 500)
    assert [n.text for n in listener.of(Notice) if isinstance(n, Notice) and n.level == "warning"] == [
        "connection lost: oops (close code 1011)"
    ]
    assert [(f.begin_ms, f.text) for f in listener.of(Final) if isinstance(f, Final)] == [(0, "one"), (500, "two")]
    assert isinstance(ended, Ended)
    assert (ended.audio_ms, ended.covered_ms, ended.lost_ms) == (1000, 550, 450)


def test_several_failures_are_reported_together() -> None:
    """Each with its own message, and common advice once."""

    def closing(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(Ready(""))
        wire.say(Closed(1011, "enough"))

    with pytest.raises(MultipleErrors) as caught:
        Run(plan(breaking, closing), []).transcribe([Tone(5), Tone(5)])
    assert len(caught.value.errors) == 2
    with pytest.raises(ConnectionLost, match="oops"):
        Run(plan(breaking, breaking), []).transcribe([Tone(5), Tone(5)])


def test_what_no_other_source_would_survive_ends_the_run() -> None:
    """A refused key is not tried again for each of a hundred files."""
    dialled: list[str] = []

    def play(service: Service, wire: Wire) -> None:
        dialled.append("once")
        service.asked()
        wire.say(*service.codec.fail("InvalidApiKey", "no"))

    with pytest.raises(ServiceRefused):
        Run(plan(play, play), []).transcribe([Tone(5), Tone(5)])
    assert dialled == ["once"]


def test_nothing_is_accounted_for_that_nobody_heard() -> None:
    """No connection, no start, no end: only the error."""
    listener = Listener()
    with pytest.raises(ConnectFailed):
        Run(plan(), [listener]).transcribe([Tone(5)])
    assert listener.events == [Notice("info", "connecting to ws://test")]


def test_a_source_that_breaks_off_keeps_what_it_gave() -> None:
    """The run waits for its text and raises its error afterwards."""
    listener = Listener()
    with pytest.raises(SourceError, match="unreadable"):
        Run(plan(saying(Final("1", 0, 300, "one"))), [listener]).transcribe(
            [Tone(3, error=SourceError("a", "unreadable"))]
        )
    assert listener.of(Final) == [Final("1", 0, 300, "one")]
    ended = listener.events[-1]
    assert isinstance(ended, Ended)
    assert (ended.audio_ms, ended.lost_ms) == (300, 0)


def test_a_source_that_gives_nothing_has_no_account() -> None:
    """A microphone that is not there, while the service is: the error says all, and a line of zeros says nothing."""
    listener = Listener()
    with pytest.raises(SourceError, match="is not there"):
        Run(plan(saying()), [listener]).transcribe([Tone(0, error=SourceError("mic", "is not there"))])
    assert listener.of(Ended) == []


class Full(Listener):
    """An output whose disk is full."""

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Fail to write a final."""
        super().handle(event, transcript)
        if isinstance(event, Final):
            raise OutputError("talk.srt", "No space left on device")


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("full", [1, 2])
def test_outputs_that_fail_take_nothing_with_them(live: bool, full: int) -> None:
    """A live talk cannot be repeated: the other outputs go on, and the error is raised at the end."""
    source: Tone | LiveSource = Tone(5)
    if live:
        source = LiveSource()
        source.say(5)
        source.end()
    other = Listener()
    outputs = [*[Full() for _ in range(full)], other]
    with pytest.raises(OutputError, match="No space left"):
        Run(plan(saying(Final("1", 0, 300, "one"), Final("2", 300, 500, "two"))), outputs).transcribe([source])
    assert [event.text for event in other.of(Final) if isinstance(event, Final)] == ["one", "two"]
    notices = [notice.text for notice in other.of(Notice) if isinstance(notice, Notice)]
    assert len([text for text in notices if "going on without it" in text]) == full
    assert isinstance(other.events[-1], Ended)


def test_a_run_that_keeps_its_words_elsewhere_says_where() -> None:
    """It says so when the output fails, and not only at the end of a long talk."""

    class Kept(Listener):
        kept_as = "20261128-0900"

    kept = Kept()
    with pytest.raises(OutputError, match="No space left"):
        Run(plan(saying(Final("1", 0, 300, "one"), Final("2", 300, 500, "two"))), [Full(), kept]).transcribe([Tone(5)])
    place = [isinstance(event, Notice) and bool(event.lost_output) for event in kept.events].index(True)
    notice = kept.events[place]
    assert isinstance(notice, Notice)
    assert notice.lost_output == "talk.srt"
    assert "cannot write talk.srt: No space left on device; the run goes on" in notice.text
    assert "kept as 20261128-0900: see asr sessions" in notice.text
    assert [event.text for event in kept.events[place:] if isinstance(event, Final)][-1] == "two"


def test_a_file_without_any_output_left_ends() -> None:
    """A file is not paid for if no output is left."""
    first, second = Full(), Full()
    with pytest.raises(OutputError, match="No space left"):
        Run(plan(saying(Final("1", 0, 300, "one"), Final("2", 300, 500, "two"))), [first, second]).transcribe([Tone(5)])
    assert [len(output.of(Final)) for output in (first, second)] == [1, 1]


def test_a_file_ends_when_the_journal_fails_after_its_only_output() -> None:
    """The run went on for the journal alone. One that is not there, or takes nothing more, is no reason to go on."""

    class Journal(Listener):
        passive = False

        def handle(self, event: Event, transcript: Transcript) -> None:
            super().handle(event, transcript)
            self.passive = len(self.of(Final)) == 2

    journal = Journal()
    words = [Final(str(number), number * 100, number * 100 + 100, f"{number}") for number in range(5)]
    with pytest.raises(OutputError, match="No space left"):
        Run(plan(saying(*words)), [Full(), journal]).transcribe([Tone(5)])
    assert [event.text for event in journal.of(Final) if isinstance(event, Final)] == ["0", "1"]
