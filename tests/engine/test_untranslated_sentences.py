"""A sentence whose transcript has come, and whose translation never comes, on connections that break: it is text."""

import json

import pytest

from asrcli.core.client_commands import StartTask
from asrcli.core.events import Final, Gap, Reconnecting
from asrcli.core.message import Closed, Text
from asrcli.core.settings import RecognitionSettings, RetrySettings
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.handshake import Service, Tone, Wire
from tests.support.live_session import READY, Play, audio, listening
from tests.support.pair import counting

INTO_ENGLISH = RecognitionSettings("gummy-realtime-v1", translate="en")


def transcribing(*said: str, translated: bool = False, finishes: bool = False, refuses: bool = False) -> Play:
    """A service that ends the transcript of each half second, and dies or refuses before their translations."""

    def play(service: Service, wire: Wire) -> None:
        request = service.asked()
        assert isinstance(request, StartTask)
        service.tell(READY)
        audio(service, 5 * len(said))
        for number, text in enumerate(said):
            half: dict[str, object] = {
                "sentence_id": number,
                "begin_time": 500 * number,
                "end_time": 500 * number + 500,
                "text": text,
            }
            half |= {"words": [], "sentence_end": True}
            output: dict[str, object] = {"transcription": half}
            if translated:
                output["translations"] = [half | {"text": text.upper(), "lang": "en"}]
            header = {"task_id": service.codec.task_id, "event": "result-generated", "attributes": {}}
            wire.say(Text(json.dumps({"header": header, "payload": {"output": output, "usage": None}})))
        if finishes:
            service.until_finish()
            header = {"task_id": service.codec.task_id, "event": "task-finished", "attributes": {}}
            wire.say(Text(json.dumps({"header": header, "payload": {"output": {}, "usage": None}})))
        elif refuses:
            header = {"task_id": service.codec.task_id, "event": "task-failed", "error_code": "Arrearage"}
            wire.say(Text(json.dumps({"header": header, "payload": {}})))
        else:
            wire.say(Closed(1006, "gone"))

    return play


def spoken(retries: RetrySettings, *plays: Play) -> tuple[list[Final | Gap], int, int]:
    """The finals and gaps of a second of audio, its lost milliseconds, and how often it was connected again."""
    ids = counting("task-")
    asked = listening(Tone(10), *plays, make_codec=lambda: InferenceClient(INTO_ENGLISH, ids), retries=retries)
    events = list(asked.events())
    shown = [event for event in events if isinstance(event, Final | Gap)]
    return shown, asked.result.totals.lost_ms, sum(isinstance(event, Reconnecting) for event in events)


def test_the_last_attempt_keeps_the_transcript() -> None:
    """Without another connection nothing more comes for it."""
    shown, lost_ms, _ = spoken(RetrySettings(limit=0), transcribing("one", "two"))
    assert [event.text for event in shown if isinstance(event, Final)] == ["one", "two"]
    assert lost_ms == 0


def test_a_refusal_keeps_the_transcript() -> None:
    """No attempt follows one that would be refused as well."""
    shown, lost_ms, again = spoken(RetrySettings(limit=5, wait_s=0.0), transcribing("one", "two", refuses=True))
    assert [event.text for event in shown if isinstance(event, Final)] == ["one", "two"]
    assert (lost_ms, again) == (0, 0)


def test_the_next_connection_may_bring_the_translation() -> None:
    """So nothing is said before it has been asked for once more."""
    brings = transcribing("one", "two", translated=True, finishes=True)
    shown, lost_ms, _ = spoken(RetrySettings(limit=5, wait_s=0.0), transcribing("one", "two"), brings)
    assert [(event.text, event.translation) for event in shown if isinstance(event, Final)] == [
        ("one", "ONE"),
        ("two", "TWO"),
    ]
    assert lost_ms == 0


@pytest.mark.parametrize(("connections", "limit"), [(2, 1), (3, 1), (9, 1), (9, 5)])
def test_a_translation_that_never_comes_costs_no_words(connections: int, limit: int) -> None:
    """Each connection breaks before it: the words are in the transcript once, without a gap, after the second one."""
    plays = [transcribing("one", "two")] * connections
    shown, lost_ms, again = spoken(RetrySettings(limit=limit, wait_s=0.0), *plays)
    assert [event.text for event in shown if isinstance(event, Final)] == ["one", "two"]
    assert (lost_ms, [event for event in shown if isinstance(event, Gap)]) == (0, [])
    assert again == 1
