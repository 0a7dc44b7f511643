"""The unmodified official SDK against our server: what its own callbacks and metrics make of it."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from asrcli.server.local_server import in_background
from tests.support.clip import SENTENCES, two_sentences
from tests.support.command import CLIP, environment, serving, word_errors
from tests.support.hotword_recorder import HotWordRecorder
from tests.support.tone import tone, wav

TRUTH = " ".join(CLIP.with_suffix(".txt").read_text().split("\n")).strip()
TEXT, ITEM = "conversation.item.input_audio_transcription.text", "conversation.item.created"


def official(how: str, address: str, path: Path, **env: str) -> dict[str, Any]:
    """Let the SDK do it, in a process of its own."""
    pytest.importorskip("dashscope", reason="the official SDK is not installed")
    env = environment(PYTHONWARNINGS="ignore", **env)
    command = [sys.executable, "-m", "tests.support.official", how, address, str(path)]
    done = subprocess.run(command, capture_output=True, env=env, timeout=100, check=False)
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return told


@pytest.mark.slow
def test_a_whole_file_in_one_call(embedded: str, tmp_path: Path) -> None:
    """In large pieces as fast as they are taken, WAV header included."""
    told = official("call", embedded, two_sentences(tmp_path))
    assert told["status"] == 200
    assert word_errors(" ".join(SENTENCES), " ".join(told["texts"])) <= 0.05


@pytest.mark.slow
def test_the_sdk_gets_every_callback_of_a_stream_in_order(embedded: str) -> None:
    """Opened, partials, finals with times, words and usage, completed once, closed; both delays make sense."""
    told = official("stream", embedded, CLIP)
    assert (told["error"], told["calls"][0], told["calls"][-2:]) == ("", "open", ["complete", "close"])
    assert told["calls"].count("final") == 4
    assert "partial" in told["calls"]
    assert word_errors(TRUTH, " ".join(told["texts"])) <= 0.05
    assert [usage["duration"] for usage in told["usages"]] == sorted(usage["duration"] for usage in told["usages"])
    for sentence in told["sentences"]:
        assert sentence["begin_time"] < sentence["end_time"]
        assert " ".join(word["text"] + word["punctuation"] for word in sentence["words"]) == sentence["text"]
        assert all(word["end_time"] <= after["begin_time"] for word, after in pairwise(sentence["words"]))
    assert 0 < told["first_ms"] < 60_000
    assert 0 <= told["last_ms"] < 60_000


@pytest.mark.slow
@pytest.mark.parametrize(("how", "errors"), [("vad", 0.05), ("manual", 0.15)])
def test_the_sdk_gets_the_session_events_of_the_realtime_wire_in_order(
    embedded: str, how: str, errors: float, tmp_path: Path
) -> None:
    """Session events in their order; in manual mode all audio is one utterance."""
    told = official(how, embedded, two_sentences(tmp_path))
    assert told["session"].startswith("sess_")
    assert (told["types"][0], told["types"][-1]) == ("session.created", "session.finished")
    assert {"error", "session.updated"} & set(told["types"]) == {"session.updated"}
    assert len(told["texts"]) == (2 if how == "vad" else 1)
    assert told["types"].count(ITEM) == len(told["texts"])
    assert TEXT in told["types"]
    assert word_errors(" ".join(SENTENCES), " ".join(told["texts"])) <= errors


@pytest.mark.slow
@pytest.mark.parametrize(("how", "errors"), [("omni_vad", 0.05), ("omni_manual", 0.15)])
def test_an_omni_model_answers_it(embedded: str, how: str, errors: float, tmp_path: Path) -> None:
    """A response to each turn, whose text is what was recognized, and the same written down beside it."""
    told = official(how, embedded, two_sentences(tmp_path))
    assert told["session"].startswith("sess_")
    assert (told["types"][0], told["types"][-1]) == ("session.created", "session.finished")
    assert "error" not in told["types"]
    assert len(told["texts"]) == (2 if how == "omni_vad" else 1)
    assert told["texts"] == told["written"]
    assert word_errors(" ".join(SENTENCES), " ".join(told["texts"])) <= errors
    assert told["types"].count("response.created") == told["types"].count("response.text.done") == len(told["texts"])
    assert "response.text.delta" in told["types"]
    assert all(tokens > 0 for tokens in told["tokens"])
    assert told["last"][0] == told["last"][1]


def test_three_tasks_on_one_connection(scripted: str, tmp_path: Path) -> None:
    """With the newer API, which checks ids and refuses a connection that closed."""
    told = official("reuse", scripted, wav(tmp_path / "a.wav", tone(2500)))
    assert told["texts"] == [["sentence 1", "sentence 2", "sentence 3"]] * 3
    assert all(0 <= delay < 60_000 for delay in told["delays"])


@pytest.mark.slow
def test_its_translation_classes(embedded: str, tmp_path: Path) -> None:
    """Every event has both texts; what was recognized is real, and the translation says that it is none."""
    told = official("translate", embedded, two_sentences(tmp_path))
    assert (told["calls"], told["refused"]) == (["open", "complete", "close"], 0)
    finals = [said for final, said, _ in told["texts"] if final]
    assert len(finals) == len(told["usages"]) == 2
    assert len(told["texts"]) > 4
    assert word_errors(" ".join(SENTENCES), " ".join(finals)) <= 0.05
    assert all(translation == f"[en] {said}" for _, said, translation in told["texts"])


@pytest.mark.parametrize("engine", ["scripted", pytest.param("embedded", marks=pytest.mark.slow)])
def test_its_class_for_one_sentence(request: pytest.FixtureRequest, engine: str) -> None:
    """It is told the end after the first sentence, and takes no more audio then."""
    told = official("chat", request.getfixturevalue(engine), CLIP)
    assert told["calls"] == ["open", "complete", "close"]
    assert [final for final, _, _ in told["texts"]].count(True) == 1
    assert told["texts"][-1][0] is True
    assert told["refused"] > 0


def test_a_wrong_key_is_an_error_the_sdk_can_name(tmp_path: Path) -> None:
    """401 in the handshake; with the right key it goes through."""
    (tmp_path / "key").write_text("sk-right")
    with serving("--engine", "scripted", "--api-key-file", tmp_path / "key") as (address, _):
        file = wav(tmp_path / "a.wav", tone(1000))
        wrong = official("stream", address, file, DASHSCOPE_API_KEY="sk-wrong")
        right = official("stream", address, file, DASHSCOPE_API_KEY="sk-right")
    assert wrong["error"].startswith("401 ")
    assert wrong["texts"] == []
    assert (right["error"], right["texts"]) == ("", ["sentence 1"])


def test_the_sdk_makes_changes_and_deletes_hot_word_lists(tmp_path: Path) -> None:
    """Made, listed, queried, changed, recognized with, deleted; one that is not there is an error with its code."""
    recognizer = HotWordRecorder()
    with in_background(recognizer) as address:
        told = official("lists", address, wav(tmp_path / "a.wav", tone(1000)))
    (listed,) = told["listed"]
    assert told["name"].startswith("vocab-sdk-")
    assert (listed["vocabulary_id"], listed["status"]) == (told["name"], "OK")
    assert told["queried"]["target_model"] == "fun-asr-realtime"
    assert told["queried"]["vocabulary"] == [{"text": "budget", "weight": 4}]
    assert told["updated"]["vocabulary"] == [{"text": "梯度", "weight": 5, "lang": "zh"}]
    assert (told["status"], recognizer.hotwords) == (200, [(("梯度", 5),)])
    assert told["left"] == []
    assert "Status Code: 400, Code: BadRequest.ResourceNotExist" in told["missing"]
    assert "The Required resource not exist." in told["missing"]


def test_a_temporary_key_serves_the_sdk_as_its_key(tmp_path: Path) -> None:
    """Minted by a plain request, as its users do it."""
    (tmp_path / "key").write_text("sk-right")
    file = wav(tmp_path / "a.wav", tone(1000))
    with serving("--engine", "scripted", "--api-key-file", tmp_path / "key") as (address, _):
        url = address.replace("ws", "http", 1) + "/api/v1/tokens?expire_in_seconds=60"
        request = Request(url, method="POST", headers={"Authorization": "Bearer sk-right"})  # noqa: S310
        with build_opener(ProxyHandler({})).open(request, timeout=60) as response:
            token = json.load(response)["token"]
        told = official("stream", address, file, DASHSCOPE_API_KEY=token)
    assert (told["error"], told["texts"]) == ("", ["sentence 1"])
