"""Tasks that translate, and tasks of one sentence, with raw messages: the answers and the end of the task."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asrcli.recognizers.scripted import Scripted
from asrcli.server.local_server import in_background
from tests.support.command import asr, serving
from tests.support.wire import Wire, finish_task, run_task, wire

SECOND = bytes(32000)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server that finds a sentence in each second."""
    with in_background(Scripted()) as address:
        yield address


def gummy(model: str = "gummy-realtime-v1", into: str = "en") -> dict[str, Any]:
    """A run-task as clients of these models write it, with a null as the official one has it."""
    message = run_task(source_language=None, translation_enabled=True, translation_target_languages=[into])
    message["payload"]["model"] = model
    return message


def texts(message: dict[str, Any]) -> tuple[str, ...]:
    """The texts of a result: what was said, then its translations."""
    output = message["payload"]["output"]
    halves = [output[name] for name in ("transcription",) if name in output] + output.get("translations", [])
    return tuple(half["text"] + half.get("stash", {}).get("text", "") for half in halves)


def results(client: Wire) -> list[dict[str, Any]]:
    """All results of a task."""
    return client.hear_all("task-finished")[:-1]


def test_both_texts_travel_beside_each_other(server: str) -> None:
    """In partials and finals; without an answers file the translation is marked with its language."""
    with wire(server) as client:
        client.say(gummy(), SECOND, finish_task())
        heard = results(client)[1:]
        assert {texts(message) for message in heard} == {("sentence 1", "[en] sentence 1")}
        assert [message["payload"]["output"]["translations"][0]["sentence_end"] for message in heard] == [False, True]
        for switch, shown in (
            ("transcription_enabled", {("[en] sentence 1",)}),
            ("translation_enabled", {("sentence 1",)}),
        ):
            asked = gummy()
            asked["payload"]["parameters"][switch] = False
            client.say(asked, SECOND, finish_task())
            assert {texts(message) for message in results(client)[1:]} == shown


@pytest.mark.parametrize("late", [0, 5])
def test_a_task_of_one_sentence_ends_after_it(server: str, late: int) -> None:
    """Without finish-task; later messages for it are ignored, and the connection carries the next task of any model."""
    with wire(server) as client:
        for _ in range(3):
            client.say(gummy("gummy-chat-v1"), SECOND, *[SECOND] * late)
            heard = client.hear_all("task-finished")
            assert heard[-1]["payload"] == {"output": {}, "usage": None}
            assert {texts(message) for message in heard[1:-1]} == {("sentence 1", "[en] sentence 1")}
            client.say(SECOND, finish_task())
        client.say(run_task("u"), SECOND, finish_task("u"))
        assert [m["payload"]["output"]["sentence"]["text"] for m in results(client)[1:]] == ["sentence 1"] * 2


def test_silence_does_not_end_a_task_of_one_sentence() -> None:
    """Only a sentence does, and the end of the audio."""
    with in_background(Scripted(())) as address, wire(address) as client:
        client.say(gummy("gummy-chat-v1"), SECOND, finish_task())
        assert results(client)[1:] == []


def test_answers_are_read_from_a_file(tmp_path: Path) -> None:
    """A file without answers is refused before the server listens."""
    answers = tmp_path / "a.jsonl"
    answers.write_text(json.dumps({"text": "Sentence 1", "translation": {"zh": "第一句"}}), encoding="utf-8")
    with serving("--engine", "scripted", "--answers", answers) as (address, _), wire(address) as client:
        client.say(gummy(into="zh"), SECOND, finish_task())
        assert texts(results(client)[-1]) == ("sentence 1", "第一句")
    answers.write_text("x")
    done = asr("serve", "--port", 0, "--answers", answers)
    assert (done.returncode, f"--answers {answers}: line 1 is not an answer: not JSON" in done.stderr) == (2, True)
    done = asr("serve", "--port", 0, "--answers", tmp_path / "none")
    assert (done.returncode, "--answers" in done.stderr, "No such file" in done.stderr) == (2, True, True)
