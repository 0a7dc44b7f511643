"""Telephone audio of clients of the OpenAI wire: decoded as libav decodes it, announced as the client named it."""

import base64
import json
from typing import Any

import av
import pytest

from asrcli.core.client_commands import Command, SendAudio, StartTask
from asrcli.core.errors import ProtocolError
from asrcli.core.message import Text
from asrcli.protocol.openai.codec import OpenAIServer
from asrcli.protocol.openai.g711 import A_LAW, MU_LAW, decoded
from tests.support.pair import counting

EVERY_BYTE = bytes(range(256))


def update(audio_format: Any) -> Text:
    """An update of the audio format."""
    session = {"type": "transcription", "audio": {"input": {"format": audio_format, "turn_detection": None}}}
    return Text(json.dumps({"type": "session.update", "session": session}))


def sent(server: OpenAIServer, data: bytes) -> list[Command]:
    """The commands of audio."""
    message = {"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()}
    return server.receive(Text(json.dumps(message)))


@pytest.mark.parametrize(("law", "codec"), [(MU_LAW, "pcm_mulaw"), (A_LAW, "pcm_alaw")])
def test_each_byte_is_the_sample_that_another_decoder_makes_of_it(law: str, codec: str) -> None:
    """All 256 of them, by libav."""
    decoder = av.CodecContext.create(codec, "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"  # type: ignore[attr-defined]
    (frame,) = decoder.decode(av.Packet(EVERY_BYTE))  # type: ignore[attr-defined]
    assert decoded(law, EVERY_BYTE) == frame.to_ndarray().astype("<i2").tobytes()
    assert decoded(law, b"") == b""


@pytest.mark.parametrize(
    ("named", "law"),
    [({"type": MU_LAW}, MU_LAW), ({"type": A_LAW, "rate": 8000}, A_LAW), ("g711_ulaw", MU_LAW), ("g711_alaw", A_LAW)],
)
def test_a_session_in_g711_is_heard_as_pcm(named: Any, law: str) -> None:
    """At 8 kHz; the session says the format that the client has named."""
    server = OpenAIServer(counting(), "m")
    (start,) = server.receive(update(named))
    assert isinstance(start, StartTask)
    assert (start.recognition.rate, start.recognition.audio_format, start.audio_format) == (8000, "pcm", "pcm")
    (audio,) = sent(server, EVERY_BYTE)
    assert audio == SendAudio(decoded(law, EVERY_BYTE))
    assert server._session("")["audio"]["input"]["format"] == {"type": law}
    with pytest.raises(ProtocolError, match="cannot be changed"):
        server.receive(update({"type": "audio/pcm"}))


def test_another_format_can_be_named_before_the_first_audio() -> None:
    """PCM after G.711 has its usual rate; G.711 has one rate only, and another format is refused."""
    server = OpenAIServer(counting(), "m")
    assert server._session("")["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    for named in ({"type": MU_LAW, "rate": 16000}, {"type": "audio/opus"}, {"type": "audio/pcm", "rate": 0}):
        with pytest.raises(ProtocolError):
            OpenAIServer(counting(), "m").receive(update(named))
