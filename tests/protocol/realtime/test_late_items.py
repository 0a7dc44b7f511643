"""What a lost connection still says late is not said again on the next; what only looks like it is kept."""

import pytest

from asrcli.core.events import Event, Final, Finished, Notice, Partial
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.json_messages import write
from asrcli.protocol.realtime.codec import RealtimeClient

COMPLETED = "conversation.item.input_audio_transcription.completed"


def result(task_id: str, words: str) -> Text:
    """A final on the inference wire."""
    sentence = {"sentence_id": 1, "begin_time": 0, "end_time": 100, "text": words, "words": [], "sentence_end": True}
    header = {"task_id": task_id, "event": "result-generated", "attributes": {}}
    return write({"header": header, "payload": {"output": {"sentence": sentence}}})


def completed(item: str, words: str) -> Text:
    """A final on the realtime wire."""
    return write({"type": COMPLETED, "item_id": item, "transcript": words})


def texts(events: list[Event]) -> list[str]:
    """The words that came out."""
    return [event.text for event in events if isinstance(event, Final | Partial)]


def session(vad: bool = True) -> RealtimeClient:
    """A session on a connection of its own, which has sent a second of audio."""
    client = RealtimeClient(RecognitionSettings("qwen3-asr-flash-realtime", vad=vad), lambda: "id")
    client.start()
    client.receive(Text('{"type":"session.updated","session":{"id":"s"}}'))
    client.audio(bytes(32_000))
    return client


def test_a_result_of_a_task_before_is_dropped_and_one_under_a_name_of_the_service_s_own_is_kept() -> None:
    """The client gave the name, so there is no doubt about it; any other name is of the one task there is."""
    first = InferenceClient(RecognitionSettings("m"), lambda: "first")
    second = InferenceClient(RecognitionSettings("m"), lambda: "second")
    second.retired_names = first.seen_names
    second.start()
    second.receive(write({"header": {"task_id": "second", "event": "task-started"}, "payload": {}}))
    assert texts(second.receive(result("FIRST", "old"))) == []
    assert texts(second.receive(result("other", "new"))) == ["new"]


@pytest.mark.parametrize("vad", [True, False])
@pytest.mark.parametrize("words", ["hello there", "hello", ""])
def test_the_text_of_an_item_of_a_lost_connection_is_dropped(vad: bool, words: str) -> None:
    """Its audio has its text, or is sent again; nor does it take the place of a commit that waits."""
    first, second = session(vad), session(vad)
    first.receive(completed("item_1", words and "hello there"))
    second.retired_names = first.seen_names
    second.commit()
    assert [type(event) for event in second.receive(completed("item_1", words))] == [Notice]
    second.receive(write({"type": "input_audio_buffer.committed", "item_id": "item_2"}))
    (final,) = second.receive(completed("item_2", "next"))
    assert isinstance(final, Final)
    assert (final.text, final.end_ms) == ("next", 1000)


def test_an_item_that_has_the_name_of_an_old_one_is_kept_where_it_is_new() -> None:
    """Servers that count from one in each session: announced here, or with other words."""
    first = session()
    first.receive(completed("item_1", "hello there"))
    second = session()
    second.retired_names = first.seen_names
    said = texts(second.receive(completed("item_1", "good morning")))
    assert said + texts(second.receive(Text('{"type":"session.finished"}'))) == ["good morning"]
    third = session()
    third.retired_names = first.seen_names
    third.receive(write({"type": "input_audio_buffer.speech_started", "item_id": "item_1", "audio_start_ms": 0}))
    assert texts(third.receive(completed("item_1", "hello there"))) == ["hello there"]


def test_a_text_that_comes_late_after_the_text_of_its_audio_is_dropped() -> None:
    """The audio was sent again and has its text under an announced name already; other words are kept for the end."""
    second = session()
    second.retired_names = {"item_1": "hello"}
    for item, words in (("item_7", "hello there"), ("item_8", "good morning")):
        second.receive(write({"type": "input_audio_buffer.speech_started", "item_id": item, "audio_start_ms": 0}))
        second.receive(completed(item, words))
    assert texts(second.receive(completed("unheard_of", "Hello there, good morning."))) == []
    assert texts(second.receive(completed("unheard_of_too", "good evening"))) == []
    assert texts(second.receive(Text('{"type":"session.finished"}'))) == ["good evening"]
    assert second.dropped == 1


@pytest.mark.parametrize("seen", [{"item_1": "hello"}, {}])
def test_a_text_that_the_lost_connection_never_brought_is_held_until_its_audio_has_its_text(
    seen: dict[str, str],
) -> None:
    """It was on its way when the connection broke, perhaps with all the rest; it comes again under another name."""
    second = session()
    second.retired_names = seen
    assert texts(second.receive(completed("item_2", "Good morning"))) == []
    second.receive(write({"type": "input_audio_buffer.speech_started", "item_id": "item_3", "audio_start_ms": 0}))
    assert texts(second.receive(completed("item_3", "Well, good morning!"))) == ["Well, good morning!"]
    assert texts(second.receive(Text('{"type":"session.finished"}'))) == []
    assert second.dropped == 1


def test_late_texts_are_dropped_whatever_the_limits_of_the_sentences_that_say_the_same() -> None:
    """Audio that is sent again is cut into sentences at other places; and more than one text may come late."""
    second = session()
    second.retired_names = {"item_1": "hello"}
    announced = iter(range(7, 20))

    def say(words: str) -> list[str]:
        item = f"item_{next(announced)}"
        second.receive(write({"type": "input_audio_buffer.speech_started", "item_id": item, "audio_start_ms": 0}))
        return texts(second.receive(completed(item, words)))

    assert say("one two") == ["one two"]
    assert texts(second.receive(completed("late_1", "two three"))) == []
    assert texts(second.receive(completed("late_2", "four five six"))) == []
    assert say("three four") == ["three four"]
    assert say("five six") == ["five six"]
    assert texts(second.receive(Text('{"type":"session.finished"}'))) == []
    assert second.dropped == 2


def test_a_text_that_is_held_comes_out_where_nothing_else_says_it() -> None:
    """At the end, or as soon as it is plain that the service announces nothing."""
    second, third = session(), session()
    second.retired_names = third.retired_names = {"item_1": "hello"}
    assert texts(second.receive(completed("item_2", "good morning"))) == []
    assert texts(second.receive(Text('{"type":"session.finished"}'))) == ["good morning"]
    assert texts(third.receive(completed("item_2", "good morning"))) == []
    assert texts(third.receive(completed("item_3", "and good night"))) == ["good morning", "and good night"]
    assert texts(third.receive(completed("item_4", "again"))) == ["again"]


def test_a_held_text_that_comes_again_is_held_once() -> None:
    """It is neither another text, which would show that nothing is announced here, nor said twice."""
    second = session()
    second.retired_names = {"item_1": "hello"}
    for _ in range(3):
        assert texts(second.receive(completed("item_2", "good morning"))) == []
    assert texts(second.receive(Text('{"type":"session.finished"}'))) == ["good morning"]


@pytest.mark.parametrize("vad", [True, False])
def test_the_only_text_after_a_loss_is_taken_where_the_service_cannot_finish(vad: bool) -> None:
    """It announces nothing, and no end of the session will tell whose text that is."""
    client = session(vad)
    client.retired_names = {}
    client.finish()
    assert texts(client.receive(completed("item_1", "hello there"))) == []
    problem = {"type": "invalid_request_error", "message": "unknown event type: session.finish"}
    events = client.receive(write({"type": "error", "error": problem}))
    assert texts(events) == ["hello there"]
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("ends", [True, False])
def test_a_text_that_is_held_when_the_connection_is_lost_is_taken_if_its_audio_is_not_sent_again(ends: bool) -> None:
    """Otherwise its audio gets a text of its own."""
    client = session(vad=False)
    client.retired_names = {}
    client.finish()
    assert texts(client.receive(completed("item_1", "hello there"))) == []
    assert texts(client.held_back(incomplete=ends)) == ["hello there"] * ends
