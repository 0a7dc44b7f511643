"""Which language a task is transcribed in: one that was asked for, or one that the recognizer knows, with a warning."""

import logging

import pytest

from asrcli.recognizers import factory
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from asrcli.server.task_language import task_language
from tests.support.echo_recognizer import ECHO
from tests.support.wire import REALTIME, finish_task, run_task, wire

UNKNOWN = "language zh: this server's recognizer knows fr only"


@pytest.mark.parametrize(
    ("asked", "known", "language", "problem"),
    [
        ((), {"fr"}, "", ""),
        (("fr",), {"fr"}, "fr", ""),
        (("zh", "fr"), {"fr"}, "fr", ""),
        (("zh",), None, "zh", ""),
        (("zh",), {"fr"}, "fr", UNKNOWN),
        (("zh",), {"fr", "de"}, "de", "language zh: this server's recognizer knows de, fr only"),
    ],
)
def test_a_language_that_is_known_is_chosen(
    asked: tuple[str, ...], known: set[str] | None, language: str, problem: str
) -> None:
    """The first of those that were asked for; without one, another with what is wrong."""
    assert task_language(asked, known) == (language, problem)


def test_a_client_that_always_asks_for_chinese_gets_its_text(caplog: pytest.LogCaptureFixture) -> None:
    """On both wires, with a warning in the log; the answer names the language in effect."""
    with in_background(factory.make(ECHO)) as address:
        with wire(address) as client, caplog.at_level(logging.WARNING, "asrcli.server"):
            client.say(run_task(language_hints=["zh"]), bytes(32_000), finish_task())
            messages = client.hear_all("task-finished")
            assert messages[0]["header"]["attributes"] == {"language": "fr"}
            assert messages[-2]["payload"]["output"]["sentence"]["text"] == "1000 milliseconds"
        with wire(address, f"{REALTIME}?model=m") as client:
            client.say({"type": "session.update", "session": {"input_audio_transcription": {"language": "zh"}}})
            updated = client.handle("session.updated")
            assert updated["session"]["input_audio_transcription"]["language"] == "fr"
    assert f"{UNKNOWN}; it transcribes in fr" in caplog.text


def test_a_strict_server_refuses_an_unknown_language_on_both_wires() -> None:
    """With what it knows."""
    with in_background(factory.make(ECHO), ServerLimits(strict_language=True)) as address:
        with wire(address) as client:
            client.say(run_task(language_hints=["zh"]))
            assert client.handle("task-failed")["header"]["error_message"] == UNKNOWN
        with wire(address, f"{REALTIME}?model=m") as client:
            client.say({"type": "session.update", "session": {"input_audio_transcription": {"language": "zh"}}})
            assert client.handle("error")["error"]["message"] == UNKNOWN
