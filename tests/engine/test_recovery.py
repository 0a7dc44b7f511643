"""Lost connections: audio without a final is sent again, times and numbers go on, and no text comes twice."""

import pytest

from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost, ServiceRefused
from asrcli.core.events import Final, Finished, Gap, Notice, Partial, Reconnecting
from asrcli.core.message import Closed, Text
from asrcli.core.settings import RetrySettings
from tests.support.handshake import RATE, Service, Tone, Wire
from tests.support.live_session import BROKEN, READY, audio, dropping, finishing, listening, without_reconnects

AT_ONCE = RetrySettings(limit=5, wait_s=0)


def test_what_no_final_covers_is_sent_again_and_times_go_on() -> None:
    """From the end of the last final; the partial of the lost connection comes again as part of the next."""
    asked = listening(
        Tone(10),
        dropping(6, Final("1", 0, 300, "one"), Partial("2", 300, "", "tw")),
        finishing(7, Final("1", 0, 400, "two"), Final("2", 400, 700, "three")),
        retries=AT_ONCE,
    )
    events = list(asked.events())
    assert without_reconnects(events) == [
        Final("1", 0, 300, "one"),
        Partial("2", 300, "", "tw"),
        Final("1", 300, 700, "two"),
        Final("2", 700, 1000, "three"),
    ]
    assert [(event.attempt, event.wait_ms) for event in events if isinstance(event, Reconnecting)] == [(1, 0)]
    assert (asked.result.error, asked.result.figures.reconnects, RATE.ms(asked.result.end)) == (None, 1, 1000)


def test_a_loss_after_the_finish_is_finished_again() -> None:
    """The last text is not lost with the connection that should have delivered it."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        service.until_finish()
        service.tell(Final("1", 0, 200, "one"))
        wire.say(Closed(1011, "oops"))

    asked = listening(Tone(5), serve, finishing(3, Final("1", 0, 300, "two")), retries=AT_ONCE)
    events = without_reconnects(list(asked.events()))
    assert events == [Final("1", 0, 200, "one"), Final("1", 200, 500, "two")]
    assert asked.result.error is None


@pytest.mark.parametrize(
    "trouble",
    [
        ConnectionLost("broke", 1006),
        ConnectFailed("ws://test", "unknown host"),
        ConnectFailed("ws://test", "HTTP 503", passing=True),
        ServiceRefused("Throttling.RateQuota", "too many"),
        ServiceRefused("InternalError", "sorry"),
        ServiceRefused("RequestTimeOut", "Response timeout!"),
        ServiceRefused("CLIENT_ERROR", "request timeout after 23 seconds."),
    ],
    ids=str,
)
def test_trouble_that_passes_is_tried_again(trouble: AsrError) -> None:
    """Also when the next attempts fail in their own way."""
    asked = listening(
        Tone(5),
        dropping(3, Final("1", 0, 200, "one")),
        trouble,
        finishing(3, Final("1", 0, 300, "two")),
        retries=AT_ONCE,
    )
    assert [event.text for event in asked.events() if isinstance(event, Final)] == ["one", "two"]
    assert asked.result.error is None


@pytest.mark.parametrize("code", ["InvalidApiKey", "Arrearage", "AccessDenied", "ModelNotFound", "InvalidParameter"])
def test_trouble_that_stays_ends_the_session_at_once(code: str) -> None:
    """No retry can repair a wrong key."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 2)
        wire.say(*service.codec.fail(code, "no"), Closed(1000))

    asked = listening(Tone(5), serve, finishing(5), retries=AT_ONCE)
    events = list(asked.events())
    assert isinstance(asked.result.error, ServiceRefused)
    assert not any(isinstance(event, Reconnecting) for event in events)
    assert [(gap.begin_ms, gap.end_ms) for gap in events if isinstance(gap, Gap)] == [(0, 500)]


def test_attempts_without_progress_are_counted_and_end_in_a_gap() -> None:
    """A service that accepts a connection and drops it makes no progress."""
    asked = listening(
        Tone(5), dropping(3, Final("1", 0, 200, "one")), *[dropping(0)] * 9, retries=RetrySettings(limit=3, wait_s=0)
    )
    events = list(asked.events())
    attempts = [event.attempt for event in events if isinstance(event, Reconnecting)]
    assert attempts == [1, 2, 3]
    assert isinstance(asked.result.error, ConnectionLost)
    assert [(gap.begin_ms, gap.end_ms) for gap in events if isinstance(gap, Gap)] == [(200, 500)]


def test_progress_begins_the_count_again() -> None:
    """Five losses with text between them are five first losses."""
    one_each = [dropping(1, Final("1", 0, 100, f"word {number}")) for number in range(5)]
    asked = listening(
        Tone(6), *one_each, finishing(1, Final("1", 0, 100, "last")), retries=RetrySettings(limit=1, wait_s=0)
    )
    finals = [event for event in asked.events() if isinstance(event, Final)]
    assert [(final.begin_ms, final.end_ms) for final in finals] == [(at, at + 100) for at in range(0, 600, 100)]
    assert (asked.result.error, asked.result.figures.reconnects) == (None, 5)


def test_a_service_that_never_listened_is_not_waited_for() -> None:
    """A wrong address is reported at once; a service that reports trouble is tried again."""
    asked = listening(Tone(5), ConnectFailed("ws://test", "unknown host"), finishing(5), retries=AT_ONCE)
    assert not any(isinstance(event, Reconnecting) for event in asked.events())
    assert isinstance(asked.result.error, ConnectFailed)
    busy = ConnectFailed("ws://test", "HTTP 503", passing=True)
    asked = listening(Tone(5), busy, busy, finishing(5, Final("1", 0, 500, "all")), retries=AT_ONCE)
    assert [event.text for event in asked.events() if isinstance(event, Final)] == ["all"]


def test_a_nonsense_message_does_not_end_the_run() -> None:
    """A proxy that answers in the place of the service: it is reported once, and the run goes on."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        wire.say(Text("<html>"))
        service.tell(READY)
        audio(service, 2)
        wire.say(Text("<html>"), Text("{}"), Text('{"type":"error"}'))
        service.until_finish()
        service.tell(Final("1", 0, 500, "all"), Finished())

    asked = listening(Tone(5), serve)
    events = list(asked.events())
    assert [event.text for event in events if isinstance(event, Final)] == ["all"]
    warnings = [event.text for event in events if isinstance(event, Notice) and event.level == "warning"]
    assert [text.rpartition(" read: ")[2] for text in warnings] == [
        "not JSON: <html>", "field header.event is missing: {}",
    ]  # fmt: skip
    assert (asked.result.error, asked.result.figures.reconnects) == (None, 0)


def test_duplicates_and_what_was_final_before_the_resume_point_are_not_said_twice() -> None:
    """A final once more on the same connection; a final that ends where the last one did, on the next."""
    asked = listening(
        Tone(10),
        dropping(6, Final("1", 0, 300, "one"), Final("1", 0, 300, "one"), Final("2", 300, 500, "two")),
        finishing(5, Final("1", 0, 500, "three"), Final("1", 0, 500, "three")),
        retries=AT_ONCE,
    )
    events = without_reconnects(list(asked.events()))
    assert [(event.begin_ms, event.text) for event in events if isinstance(event, Final)] == [
        (0, "one"), (300, "two"), (500, "three"),
    ]  # fmt: skip


def test_what_a_retired_connection_says_late_is_not_heard() -> None:
    """Its text belongs to audio that is sent again."""
    wires: list[Wire] = []

    def first(service: Service, wire: Wire) -> None:
        wires.append(wire)
        service.asked()
        service.tell(READY)
        audio(service, 3)
        wire.broken = ConnectionLost("gone", 1006)
        wire.say(BROKEN)

    def second(service: Service, wire: Wire) -> None:
        assert wire
        service.asked()
        service.tell(READY)
        wires[0].say(Text('{"header":{"event":"task-finished","task_id":"task-1"},"payload":{}}'))
        audio(service, 5)
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 500, "all"), Finished())

    asked = listening(Tone(5), first, second, retries=AT_ONCE)
    assert [event.text for event in asked.events() if isinstance(event, Final)] == ["all"]


def test_the_outage_is_reported_with_its_length() -> None:
    """In the account too."""
    now = [0.0]

    def clock() -> float:
        now[0] += 0.01
        return now[0]

    asked = listening(
        Tone(5), dropping(2), ConnectFailed("ws://test", "down"), finishing(5, Final("1", 0, 500, "all")),
        retries=AT_ONCE, clock=clock,
    )  # fmt: skip
    notices = [event.text for event in asked.events() if isinstance(event, Notice)]
    assert any(text.startswith("connected again after 0.") for text in notices)
    assert asked.result.figures.longest_outage_ms > 0


def test_the_silence_for_which_a_service_is_given_up_belongs_to_the_outage() -> None:
    """Nobody was heard in that time, although the connection was still called open."""
    asked = listening(
        Tone(5), dropping(2, by=Closed(1006, "silent", 30.0)), finishing(5, Final("1", 0, 500, "all")), retries=AT_ONCE
    )
    notices = [event.text for event in asked.events() if isinstance(event, Notice)]
    assert "connected again after 30.0 s" in notices
    assert asked.result.figures.longest_outage_ms == 30_000


def test_times_from_the_future_are_moved_into_what_was_sent() -> None:
    """The text is kept, and no time of it lies where there was no audio."""
    asked = listening(Tone(5), finishing(5, Final("1", 90_000, 91_000, "from the future")), retries=AT_ONCE)
    (final,) = [event for event in asked.events() if isinstance(event, Final)]
    assert 0 <= final.begin_ms <= final.end_ms <= 500
    assert final.text == "from the future"
    totals = asked.result.totals
    assert (totals.final_ms + totals.silence_ms, totals.lost_ms, asked.result.error) == (500, 0, None)


def test_audio_requests_are_whole() -> None:
    """The replay cuts no chunk in half when a final ends between two."""
    sizes: list[int] = []

    def second(service: Service, wire: Wire) -> None:
        assert wire
        service.asked()
        service.tell(READY)
        sizes.extend(len(request.data) for request in service.until_finish() if isinstance(request, SendAudio))
        service.tell(Final("1", 0, 300, "two"), Finished())

    asked = listening(Tone(5), dropping(4, Final("1", 0, 200, "one")), second, retries=AT_ONCE)
    list(asked.events())
    assert sizes == [3200, 3200, 3200]
