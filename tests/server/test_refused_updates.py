"""A session.update that is refused: the session goes on, and answers session.finish."""

import base64
from typing import Any

import pytest

from asrcli.recognizers import factory
from asrcli.recognizers.scripted import Scripted
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from tests.support.echo_recognizer import ECHO
from tests.support.wire import REALTIME, Wire, wire

PATHS = {"realtime": f"{REALTIME}?model=m", "omni": f"{REALTIME}?model=qwen3-omni-flash-realtime"}
APPEND = {"type": "input_audio_buffer.append", "event_id": "audio", "audio": base64.b64encode(bytes(32000)).decode()}
REFUSED: dict[str, dict[str, Any]] = {
    "a format": {"input_audio_format": "flac", "turn_detection": None},
    "a rate": {"sample_rate": 44100, "turn_detection": None},
    "a rate that is none": {"sample_rate": -1, "turn_detection": None},
}


def refused(client: Wire, session: dict[str, Any]) -> str | None:
    """Ask for settings that are refused; returns the id of the event that the error names."""
    client.say({"type": "session.update", "event_id": "mine", "session": session})
    error = client.handle("error")["error"]
    assert error["code"] == "invalid_value"
    named: str | None = error["event_id"]
    return named


@pytest.mark.parametrize("session", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_what_the_wire_does_not_take_changes_nothing(path: str, session: dict[str, Any]) -> None:
    """Not even the rest of the update: the server still detects speech, and transcribes."""
    with in_background(Scripted()) as address, wire(address, path) as client:
        assert refused(client, session) == "mine"
        client.say({"type": "input_audio_buffer.commit", "event_id": "early"})
        assert client.handle("error")["error"]["event_id"] == "early"
        client.say(APPEND, {"type": "session.finish"})
        names = [message["type"] for message in client.hear_all("session.finished")]
        assert {"input_audio_buffer.speech_started", "input_audio_buffer.committed"} <= set(names)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("audio", [[], [APPEND]], ids=["no audio", "audio"])
def test_who_gets_no_task_waits_for_the_end_all_the_same(path: str, audio: list[dict[str, Any]]) -> None:
    """The recognizer does not know the language. The session ends when it is asked to, and takes other settings."""
    strict = ServerLimits(strict_language=True)
    with in_background(factory.make(ECHO), strict) as address, wire(address, path) as client:
        refused(client, {"input_audio_transcription": {"language": "zh"}})
        client.say(*audio, {"type": "session.finish"})
        assert [message["type"] for message in client.hear_all("session.finished")] == ["session.finished"]
    with in_background(factory.make(ECHO), strict) as address, wire(address, path) as client:
        refused(client, {"input_audio_transcription": {"language": "zh"}})
        client.say({"type": "session.update", "session": {"input_audio_transcription": {"language": "fr"}}}, *audio)
        client.handle("session.updated")
        client.say({"type": "session.finish"})
        client.handle("session.finished")
