"""The summary of a raw exchange: messages by type, bytes, audio, the first answer, pings and the close."""

import json

from asrcli.core.message import Binary, Closed, Text
from asrcli.runs.raw_summary import MOST_NAMES, RawSummary, is_audio


def text(**fields: object) -> Text:
    """A JSON message."""
    return Text(json.dumps(fields))


def test_each_way_is_counted_by_type() -> None:
    """Audio by its length, whether it is binary or base64."""
    summary = RawSummary(32_000)
    summary.add(text(type="session.update"), 0.0, sent=True)
    summary.add(text(type="session.updated"), 0.5, sent=False)
    summary.add(Binary(bytes(16_000)), 1.0, sent=True)
    summary.add(text(type="input_audio_buffer.append", audio="AAAA" * 4000), 1.1, sent=True)
    summary.add(text(type="input_audio_buffer.append", audio=7), 1.1, sent=True)
    summary.add(Text("hello"), 1.25, sent=False)
    summary.add(Text("again"), 9.0, sent=False)
    lines = list(summary.lines(Closed(1011, "sk-0123456789abcdefghij\x1b"), [0.0012, 0.5]))
    assert lines[0].startswith("sent 4 messages, 32")
    assert lines[0].endswith("2 input_audio_buffer.append, 1 session.update, 1 binary")
    assert lines[1:] == [
        "received 3 messages, 37 bytes: 2 text, 1 session.updated",
        "audio: 0.88 s; first answer 0.25 s after its begin",
        "pings answered in 1.2 500.0 ms",
        "closed by the server with code 1011 sk-…",
    ]


def test_what_did_not_happen_is_said_too() -> None:
    """No audio, no answer, no ping, no close of the other end; names without end are gathered."""
    assert list(RawSummary(None).lines(None, [])) == [
        "sent 0 messages, 0 bytes: none", "received 0 messages, 0 bytes: none", "closed by this end",
    ]  # fmt: skip
    summary = RawSummary(None)
    for number in range(MOST_NAMES + 5):
        summary.add(text(type=f"t{number}"), 0, sent=False)
    summary.add(Binary(b"ab"), 0, sent=True)
    _, received, audio, end = summary.lines(Closed(1000, ""), [])
    assert "5 others" in received
    assert (audio, end) == ("audio: 2 bytes; no answer after it", "closed by the server with code 1000")


def test_binary_messages_and_those_that_append_audio_carry_audio() -> None:
    """Binary messages and those that append it."""
    messages = (Binary(b""), text(type="input_audio_buffer.append"), Text("x"), Closed(1000))
    assert [is_audio(each) for each in messages] == [True, True, False, False]
