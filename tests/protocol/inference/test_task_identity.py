"""Which messages are about a task when a service calls it something else; and how a refusal of it reads."""

import json
from typing import Any

import pytest

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Final, Finished, Notice, Ready
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.inference import client, finals, message, notices, result
from tests.support.pair import counting

NAMES = ["task-1", "TASK-1", "task1", "{task-1}", "", None, "of the service"]


@pytest.mark.parametrize("name", NAMES)
def test_a_task_may_be_called_something_else(name: Any) -> None:
    """In another spelling, by an id of the service's own, or not at all, from the beginning to the end."""
    codec = InferenceClient(RecognitionSettings("m"), counting("task-"))
    codec.start()
    assert codec.receive(message("task-started", name)) == [Ready("task-1")]
    assert finals(codec, result(name)) == [Final("1", 0, 900, "x")]
    assert codec.receive(message("task-finished", name)) == [Finished()]
    with pytest.raises(ServiceRefused, match="no"):
        codec.receive(message("task-failed", name, error_message="no"))


def test_another_id_in_each_message_is_taken_on_a_connection_of_one_task() -> None:
    """On one that had another before, what is not of this task is dropped, and a sentence is reported."""
    for alone in (True, False):
        codec = client()
        codec.connection_is_new = alone
        events = codec.receive(result("another"))
        assert events == [Final("1", 0, 900, "x")] if alone else notices(events) == ["warning"]
        assert finals(codec, result("TASK 1", sentence_id=2)) == [Final("2", 0, 900, "x")]


@pytest.mark.parametrize(("more_ms", "begin_ms", "ours"), [(0, 5000, False), (2000, 5000, True), (0, 3900, True)])
def test_a_sentence_of_audio_that_was_not_sent_is_of_another_task(more_ms: int, begin_ms: int, *, ours: bool) -> None:
    """Under an id of its own, a late one of somebody else's task is not printed as what was said here."""
    codec = client()
    codec.audio(bytes(32 * more_ms))
    late: dict[str, Any] = {"begin_time": begin_ms, "end_time": begin_ms + 900}
    events = codec.receive(result("another", **late))
    assert [event.text for event in events if isinstance(event, Final)] == ["x"] * ours
    assert len(finals(client(), result(**late))) == 1  # whatever the time: its id is that of the task


def test_what_comes_before_the_answer_is_of_an_earlier_task() -> None:
    """And stays so; a refusal is an answer whatever its id is."""
    codec = InferenceClient(RecognitionSettings("m"), counting("task-"))
    codec.start()
    assert notices(codec.receive(result("old"))) == ["warning"]
    codec.receive(message("task-started"))
    assert finals(codec, result("old")) == []
    assert codec.dropped == 2
    again = InferenceClient(RecognitionSettings("m"), counting("task-"))
    again.start()
    with pytest.raises(ServiceRefused, match="InvalidParameter: not reusable"):
        again.receive(message("task-failed", "own", error_code="InvalidParameter", error_message="not reusable"))
    assert again.start()
    assert again.receive(message("task-started", "task-2")) == [Ready("task-2")]


def test_an_id_is_never_used_for_two_tasks() -> None:
    """A task that is begun again has another one, under which it ends, and results of the first one are of another."""
    codec = InferenceClient(RecognitionSettings("m"), counting("task-"))
    asked = [json.loads(text.data)["header"]["task_id"] for _ in range(3) for text in codec.start()]  # type: ignore[union-attr]
    assert asked == ["task-1", "task-2", "task-3"]
    codec.receive(message("task-started", "task-3"))
    assert finals(codec, result("task-3")) != []
    assert finals(codec, result("task-1")) == []
    (finish,) = codec.finish()
    assert json.loads(finish.data)["header"]["task_id"] == "task-3"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"error_code": "X", "error_message": "y"}, "X: y"),
        ({"error_message": "only words"}, "refused by the service: only words (task task-1)"),
        ({"error_code": 429, "error_message": None}, "429"),
        ({}, "no reason given"),
    ],
)
def test_a_refusal_reads_well_whatever_it_leaves_out(told: dict[str, Any], said: str) -> None:
    """No colon without a word."""
    with pytest.raises(ServiceRefused) as caught:
        client().receive(message("task-failed", **told))
    assert said in str(caught.value)
    assert ": :" not in str(caught.value)
    assert ": (" not in str(caught.value)


def test_a_service_may_give_all_tasks_the_same_id() -> None:
    """Its answer to the start says so; what comes before that answer, or without it, is of the lost connection."""
    codec = InferenceClient(RecognitionSettings("m"), counting("task-"))
    codec.retired_names = {"thesame": ""}
    codec.start()
    assert notices(codec.receive(result("the-same"))) == ["warning"]
    assert codec.receive(message("task-started", "the-same")) == [Ready("task-1")]
    assert finals(codec, result("the-same")) == [Final("1", 0, 900, "x")]
    assert codec.receive(message("task-finished", "the-same")) == [Finished()]
    codec = client()
    codec.retired_names = {"thesame": ""}
    assert codec.receive(message("task-started", "the-same")) == [
        Notice("debug", "dropped task-started of another task: the-same")
    ]
    assert finals(codec, result("the-same")) == []
    reused = InferenceClient(RecognitionSettings("m"), counting("task-"))
    reused.retired_names, reused.connection_is_new = {"thesame": ""}, False
    reused.start()
    assert notices(reused.receive(message("task-started", "the-same"))) == ["debug"]


def test_messages_of_another_task_are_dropped_and_reported() -> None:
    """A sentence that is lost with it is worth a warning; task-started is heard once."""
    codec = client()
    codec.retired_names = {"another": ""}
    assert codec.receive(message("task-started")) == []
    heard = codec.receive(result("another", sentence_end=False)) + codec.receive(message("task-finished", "another"))
    assert [event.text for event in heard if isinstance(event, Notice)] == [
        "dropped result-generated of another task: another", "dropped task-finished of another task: another",
    ]  # fmt: skip
    assert notices(heard) == ["debug", "debug"]
    assert codec.dropped == 0


def test_another_task_among_the_messages_of_ours_ends_nothing() -> None:
    """A service that has used our id means another task by another one: neither its words nor its end are ours."""
    codec = client()
    assert finals(codec, result()) == [Final("1", 0, 900, "x")]
    assert notices(codec.receive(result("another"))) == ["warning"]
    for name in ("task-finished", "task-failed"):
        assert notices(codec.receive(message(name, "another"))) == ["debug"]
    assert finals(codec, result(sentence_id=2)) == [Final("2", 0, 900, "x")]
    assert codec.receive(message("task-finished")) == [Finished()]
    assert codec.dropped == 1
