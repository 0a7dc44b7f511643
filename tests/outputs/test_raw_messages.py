"""Messages as they came and went: which are written, and in which shape."""

import json
from pathlib import Path

from asrcli.core.message import Binary, Closed, Message, Text
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.raw_messages import RawMessages

START, AUDIO, ANSWER = Text('{"type":"start"}'), Binary(bytes(3000)), Text('{"type":  "ready"}')
EXCHANGE: list[tuple[Message, bool]] = [(START, True), (AUDIO, True), (ANSWER, False), (Closed(1000, "bye"), False)]


def written(path: Path, *, stamp: bool = False, sent: bool = True) -> list[str]:
    """The lines of an exchange in which a message comes each half second, without the audio that was sent."""
    at = iter(number / 2 for number in range(100))
    lines = LineWriter(str(path))
    made = RawMessages(
        lines, lambda: next(at), stamp=stamp, sent=sent, to_screen=False, hidden=lambda one: one is AUDIO
    )
    for message, was_sent in EXCHANGE:
        made.show(message, was_sent)
    lines.close()
    return path.read_text("utf-8").splitlines()


def test_what_was_sent_is_written_where_it_is_wanted_and_not_hidden(tmp_path: Path) -> None:
    """Answers are written to the letter, sent messages as what they are."""
    closed = '{"closed": 1000, "reason": "bye"}'
    assert [json.loads(line) for line in written(tmp_path / "a")] == [
        {"sent": {"type": "start"}},
        {"type": "ready"},
        json.loads(closed),
    ]
    assert written(tmp_path / "b")[1] == ANSWER.data
    assert [json.loads(line) for line in written(tmp_path / "c", sent=False)] == [{"type": "ready"}, json.loads(closed)]


def test_a_stamp_says_when_and_in_which_direction(tmp_path: Path) -> None:
    """In milliseconds since the exchange began; hidden messages take no time of the others away."""
    assert [json.loads(line) for line in written(tmp_path / "a", stamp=True)] == [
        {"at_ms": 500, "direction": "sent", "message": {"type": "start"}},
        {"at_ms": 1000, "direction": "received", "message": {"type": "ready"}},
        {"at_ms": 1500, "direction": "received", "message": {"closed": 1000, "reason": "bye"}},
    ]


def test_sent_audio_is_shortened_and_counted(tmp_path: Path) -> None:
    """Nobody wants to read a second of it, and everybody how much it was."""
    lines = LineWriter(str(tmp_path / "a"))
    RawMessages(lines, lambda: 0.0, stamp=False, sent=True, to_screen=False).show(AUDIO, sent=True)
    lines.close()
    (line,) = (tmp_path / "a").read_text("utf-8").splitlines()
    sent = json.loads(line)["sent"]
    assert sent["bytes"] == 3000
    assert len(sent["binary"]) < 100
