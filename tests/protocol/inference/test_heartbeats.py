"""Heartbeat packets of the server end: in silence, if the client asked for them; every client passes over them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.client_commands import SendAudio
from asrcli.core.events import Final, Finished, Partial, Ready, SpeechStarted
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.heartbeats import EVERY_S
from asrcli.protocol.inference.server_codec import InferenceServer
from tests.support.pair import MODELS, Pair, counting

SECOND = bytes(32_000)


def begun(heartbeat: bool | None = True, model: str = MODELS["inference"], **settings: Any) -> Pair:
    """A task in which audio may flow."""
    asked = RecognitionSettings(model, heartbeat=heartbeat, **settings)
    pair = Pair(InferenceClient(asked, counting("task-")), InferenceServer(counting()))
    pair.ask(pair.client.start())
    pair.tell(Ready("t"))
    return pair


def packets(pair: Pair, pcm: bytes) -> list[dict[str, Any]]:
    """The packets that come for some audio; the client has no event for them."""
    (command,) = pair.server.receive(pair.client.audio(pcm)[0])
    assert isinstance(command, SendAudio)
    told = pair.server.acknowledge(command)
    assert pair.handle(told) == []
    return [json.loads(message.data)["payload"] for message in told if isinstance(message, Text)]


@given(st.lists(st.integers(1, 3000), max_size=40))
def test_one_comes_for_each_stretch_of_silence_whatever_the_size_of_the_messages(sizes_ms: list[int]) -> None:
    """Never two at once, and as many as there are whole stretches, less what the sizes of messages cost."""
    pair, came = begun(), 0
    for size_ms in sizes_ms:
        now = packets(pair, bytes(32 * size_ms))
        assert len(now) <= 1
        came += len(now)
    total_s = sum(sizes_ms) / 1000
    assert total_s // (EVERY_S + 3) <= came <= total_s // EVERY_S


def test_a_packet_has_no_text_and_the_number_0() -> None:
    """With the keys that the official SDK reads."""
    pair = begun()
    (packet,) = [packet for _ in range(EVERY_S) for packet in packets(pair, SECOND)]
    assert packet == {
        "output": {
            "sentence": {
                "sentence_id": 0, "begin_time": EVERY_S * 1000, "end_time": None, "text": "", "words": [],
                "sentence_begin": False, "sentence_end": False, "heartbeat": True,
            }
        },
        "usage": None,
    }  # fmt: skip


def test_no_heartbeat_comes_while_somebody_speaks() -> None:
    """And the silence is counted from the end of the sentence."""
    pair = begun()
    packets(pair, SECOND * (EVERY_S - 1))
    pair.tell(SpeechStarted("1", 0), Partial("1", 0, "a"))
    assert packets(pair, SECOND * (EVERY_S + 1)) == []
    pair.tell(Final("1", 0, 900, "a"))
    assert packets(pair, SECOND * (EVERY_S - 1)) == []
    assert len(packets(pair, SECOND)) == 1


def test_a_task_that_has_ended_gets_none_for_audio_that_waited() -> None:
    """The packet would name no task."""
    pair = begun()
    pair.server.encode(Finished())
    assert pair.server.acknowledge(SendAudio(SECOND * (EVERY_S + 1))) == []


@pytest.mark.parametrize(
    "settings",
    [{"heartbeat": None}, {"heartbeat": False}, {"audio_format": "mp3"}, {"model": "gummy-realtime-v1"}],
)
def test_other_tasks_get_no_heartbeat(settings: dict[str, Any]) -> None:
    """Gummy has another form of results, and compressed audio does not tell how long it is."""
    assert packets(begun(**settings), SECOND * (EVERY_S + 1)) == []
