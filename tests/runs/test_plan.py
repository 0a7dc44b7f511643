"""The plan of a run: how fast audio may go out on a wire whose times are estimated."""

from typing import cast

import pytest

from asrcli.core.audio import Format
from asrcli.core.events import Final
from asrcli.core.interfaces import ClientCodec, Source
from asrcli.core.message import Text
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.dashscope.model_selection import find_model
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.registry import FUNASR, FUNASR_REALTIME
from asrcli.runs.plan import make_plan

QWEN_AUDIO = "qwen-audio-3.0-asr-flash-streaming"


@pytest.mark.parametrize(("asked", "sent"), [(None, 2.0), (100.0, 2.0), (1.0, 1.0)])
def test_a_wire_without_times_gets_its_audio_slowly(asked: float | None, sent: float) -> None:
    """Also what is made up for after a loss; other wires get it as fast as the user says."""
    retries = RetrySettings(3, catch_up=asked)

    def pace(wire: str) -> tuple[float | None, float | None]:
        plan = make_plan(find_model("m", wire), RecognitionSettings("m"), ConnectionSettings(), asked, retries)
        return plan.pace, plan.retries.catch_up

    assert pace(FUNASR) == (sent, sent)
    assert pace(FUNASR_REALTIME) == (asked, asked)


class Given:
    """A source; only its format matters."""

    format, audio_format = Format(16000), "pcm"


def started(codec: ClientCodec) -> str:
    """The message that starts a task."""
    (message,) = codec.start()
    assert isinstance(message, Text)
    return message.data


def test_what_was_said_in_one_recording_is_no_context_for_another() -> None:
    """Only for the next task of the same one. A batch makes and forgets thousands of sources, and has one plan."""
    plan = make_plan(
        find_model(QWEN_AUDIO), RecognitionSettings(QWEN_AUDIO), ConnectionSettings(), None, RetrySettings(),
        uses_transcript_context=True,
    )  # fmt: skip
    for number in range(20):
        source = cast("Source", Given())
        codec = plan.codec(source)
        assert "secret" not in started(codec)
        server = InferenceServer(lambda: "id")
        server.receive(Text(started(codec)))
        for message in server.encode(Final("1", 0, 1000, f"secret {number}")):
            codec.receive(message)
        assert f"secret {number}" in started(plan.codec(source))
        del source
