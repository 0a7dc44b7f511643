"""The lists of the oldest models: over HTTP as the official SDK asks, their limits, and how a task gets their words."""

import json
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection
from itertools import count
from typing import Any

import pytest

from asrcli.core.errors import ServiceRefused
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.http.phrase_lists import FINE_TUNES_PATH, PHRASE_LISTS_PATH, BrowsePhrases, WritePhrases
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from asrcli.server.phrase_store import MAX_PHRASE_LISTS, MAX_PHRASES, PhraseStore
from tests.support.hotword_recorder import HotWordRecorder
from tests.support.wire import PATIENCE_S, finish_task, run_task, wire

MODEL = "paraformer-realtime-v1"
NOTING = HotWordRecorder()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A strict server."""
    with in_background(NOTING, ServerLimits(lenient=False)) as address:
        yield address


def ask(address: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """One request and its answer."""
    connection = HTTPConnection(address.removeprefix("ws://"), timeout=PATIENCE_S)
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def written(phrases: dict[str, int], **fields: str) -> dict[str, Any]:
    """The body that the official SDK sends."""
    parameters = {"phrase_list": phrases}
    return {"model": MODEL, "training_type": "compile_asr_phrase", "hyper_parameters": parameters} | fields


def lists(*, lenient: bool = False) -> PhraseStore:
    """Lists with ids that count, all made within a minute."""
    ids = count()
    return PhraseStore(lambda: datetime(2026, 11, 28, 9, 5, 7), lambda: f"{next(ids):04x}" * 8, lenient=lenient)


def test_a_list_lives_over_http_and_its_words_reach_the_recognizer(server: str) -> None:
    """Made, used, changed, listed, deleted, with the answers that clients of these paths read."""
    status, answer = ask(server, "POST", FINE_TUNES_PATH, written({"a": 5, "b": -6}))
    made = answer["output"]
    name = made["finetuned_output"]
    assert (status, made["status"], name) == (200, "SUCCEEDED", f"{MODEL}-{made['job_id']}")
    assert "usage" not in answer
    one = f"{PHRASE_LISTS_PATH}/{name}"
    about = {"finetuned_output": name, "model": MODEL, "output_type": "custom_resource"}
    status, answer = ask(server, "GET", one)
    assert (status, len(answer["request_id"])) == (200, 32)
    assert answer["output"] == about | {"job_id": made["job_id"], "create_time": made["create_time"]}
    task = run_task()
    task["payload"] |= {"model": MODEL, "resources": [{"resource_id": name, "resource_type": "asr_phrase"}]}
    with wire(server) as client:
        client.say(task, bytes(3200), finish_task())
        client.handle("task-finished")
    assert NOTING.hotwords[-1] == (("a", 5),)
    changed = ask(server, "POST", FINE_TUNES_PATH, written({"c": 1}, finetuned_output=name))[1]["output"]
    assert (changed["finetuned_output"], changed["job_id"] != made["job_id"]) == (name, True)
    page = ask(server, "GET", f"{PHRASE_LISTS_PATH}?page_no=1&page_size=5")[1]["output"]
    assert (page["page_no"], page["page_size"], page["total"]) == (1, 5, 1)
    assert [each["job_id"] for each in page["finetuned_outputs"]] == [changed["job_id"]]
    assert ask(server, "DELETE", one)[1]["output"] == {"finetuned_output": name}
    status, answer = ask(server, "GET", one)
    assert (status, answer["code"]) == (404, "NotFound")


def test_paths_and_pages_are_guarded_as_those_of_other_lists(server: str) -> None:
    """Other methods, other training, unknown models, and web pages of other origins."""
    assert ask(server, "GET", FINE_TUNES_PATH)[0] == 405
    assert ask(server, "POST", FINE_TUNES_PATH, written({"a": 1}, training_type="sft"))[1]["code"] == "InvalidParameter"
    assert ask(server, "POST", FINE_TUNES_PATH, written({"a": 1}, model="m"))[1]["code"] == "ModelNotFound"
    assert ask(server, "GET", PHRASE_LISTS_PATH, Origin="https://evil.example")[0] == 403
    assert ask(server, "GET", f"{FINE_TUNES_PATH}/ft-1")[0] == 404


@pytest.mark.parametrize(
    "weights",
    [
        {}, {"a": 0}, {"a": 6}, {"a": -7}, {"a": 90}, {" ": 1}, {"a\x1b": 1}, {"词" * 11: 1}, {"a b c d e f": 1},
        {"a" * 101: 1}, {f"a{number}": 1 for number in range(MAX_PHRASES + 1)},
    ],
)  # fmt: skip
def test_words_beyond_the_limits_of_the_service_make_no_list(weights: dict[str, int]) -> None:
    """The parameter is at fault."""
    there = lists()
    with pytest.raises(ServiceRefused, match="InvalidParameter"):
        there.run(WritePhrases(MODEL, weights))
    assert there.run(BrowsePhrases())["total"] == 0


def test_lists_are_bounded_and_each_has_its_own_id() -> None:
    """Also those of one minute; a model's name is bounded too, and a list stays with its model."""
    ids = iter(["0" * 32, "0" * 32, *(f"{number:04x}" * 8 for number in range(1000))])
    there = PhraseStore(lambda: datetime(2026, 11, 28), lambda: next(ids))
    names = [there.run(WritePhrases("m", {"a": 1}))["finetuned_output"] for _ in range(MAX_PHRASE_LISTS)]
    assert len(set(names)) == MAX_PHRASE_LISTS
    for wanted, code in (
        ("m", "Throttling.AllocationQuota"),
        ("", "InvalidParameter"),
        ("m" * 101, "InvalidParameter"),
    ):
        with pytest.raises(ServiceRefused, match=code):
            there.run(WritePhrases(wanted, {"a": 1}))
    with pytest.raises(ServiceRefused, match="this list is for m"):
        there.run(WritePhrases("n", {"a": 1}, names[0]))
    assert there.run(WritePhrases("m", {"b": 1}, names[0]))["finetuned_output"] == names[0]


def test_the_newest_list_comes_first_in_pages_that_begin_with_1() -> None:
    """As with the service."""
    there = lists()
    names = [there.run(WritePhrases(MODEL, {"a": 1}))["finetuned_output"] for _ in range(3)]
    pages = [there.run(BrowsePhrases(number, 2))["finetuned_outputs"] for number in (1, 2, 3)]
    assert [[each["finetuned_output"] for each in page] for page in pages] == [[names[2], names[1]], [names[0]], []]
    for page, size in ((0, 10), (1, 0), (1, 101)):
        with pytest.raises(ServiceRefused, match="InvalidParameter"):
            there.run(BrowsePhrases(page, size))


def test_a_task_of_the_same_model_gets_the_words_to_favour() -> None:
    """Its own weights count first; a lenient server bounds weights that the service does not have."""
    there = lists(lenient=True)
    name = there.run(WritePhrases("m", {"a": 90, "b": 2, "c": -3}))["finetuned_output"]
    asked = RecognitionSettings("m", phrase_id=name, hotwords=(("b", 4),))
    assert there.applied(asked).hotwords == (("a", 5), ("b", 4))
    for other in (RecognitionSettings("n", phrase_id=name), RecognitionSettings("m", phrase_id="x")):
        assert there.applied(other) == other
