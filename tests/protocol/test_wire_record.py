"""The format of a record: what goes in comes out, without secrets; damage costs what it hits."""

import base64
import gzip
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asrcli.core.errors import SourceError, without_secrets
from asrcli.core.events import Began, Ended, Event, Final, Finished, Gap, Notice, Paused, Word
from asrcli.core.message import Binary, Text
from asrcli.protocol import record_members
from asrcli.protocol.recorded_events import event_line, event_of
from asrcli.protocol.recorded_messages import (
    RecordedMessage,
    audio_bytes,
    has_audio,
    length,
    message_lines,
    message_of,
)
from asrcli.protocol.wire_record import RECEIVED, SENT, close_line, header_line, open_line, pack
from tests.support.records import read_whole

KEY = "sk-0123456789abcdef0123"
HEADER = pack([header_line({"program": "asr"})])


def message_line(message: Text | Binary, *, at_ms: int = 1, direction: str = SENT, keep_audio: bool = False) -> bytes:
    """The line of one message."""
    return message_lines(
        [RecordedMessage(at_ms / 1000, 1, direction, message, 0, 0, "start", "t")], 0, keep_audio=keep_audio
    )


def only(line: bytes) -> Any:
    """The one line of a record that holds it."""
    (found,) = read_whole("r", HEADER + pack([line])).lines
    return found


def sent(message: Text | Binary, *, keep_audio: bool = False) -> Any:
    """The line of a message, written and read."""
    return only(message_line(message, keep_audio=keep_audio))


@given(st.text() | st.binary(), st.booleans())
def test_messages_come_out_as_they_went_in(data: str | bytes, keep_audio: bool) -> None:
    """Text exactly where it holds nothing secret; binary with its bytes, or silence of its length."""
    if isinstance(data, bytes):
        line = sent(Binary(data), keep_audio=keep_audio)
        assert message_of(line) == Binary(data if keep_audio else bytes(len(data)))
        assert audio_bytes(line) == len(data)
    else:
        line = sent(Text(data), keep_audio=keep_audio)
        expected = without_secrets(data).encode("utf-8", "replace").decode()
        assert message_of(line) == Text(expected)
        assert audio_bytes(line) == 0


@pytest.mark.parametrize("keep_audio", [False, True])
@pytest.mark.parametrize(
    "form", ['{"type":"append","audio":"%s","n":1}', '{"type": "response.audio.delta", "delta": "%s"}']
)
def test_audio_inside_a_message_is_cut_out_and_put_back(form: str, keep_audio: bool) -> None:
    """Its length is kept in any case."""
    encoded = base64.b64encode(b"audio" * 20).decode()
    assert has_audio(form % encoded)
    line = sent(Text(form % encoded), keep_audio=keep_audio)
    assert encoded not in line["text"]
    assert audio_bytes(line) == 100
    expected = encoded if keep_audio else base64.b64encode(bytes(100)).decode()
    assert message_of(line) == Text(form % expected)


@given(
    st.lists(
        st.sampled_from(
            [
                '"audio":"',
                '"audio": "',
                '"audio"',
                "audio.delta",
                '"delta":"',
                '"',
                "\\",
                "A" * 16,
                "+/_-=" * 4,
                "é",
                "\ud800",
            ]
        ),
        max_size=8,
    )
)
@example(['"audio":"', "A" * 17])
def test_the_short_way_to_audio_finds_what_a_pattern_finds(pieces: list[str]) -> None:
    """Whatever stands around it."""
    text = "".join(pieces)
    name = "delta" if "audio.delta" in text else "audio"
    found = re.search(rf'"{name}"\s*:\s*"([A-Za-z0-9+/=_-]{{16,}})(?=")', text)
    (line,) = message_lines([RecordedMessage(1, 1, SENT, Text(text))], 0, keep_audio=True).decode().splitlines()
    kept = json.loads(line)
    assert kept.get("audio") == (found[1] if found else None)
    assert kept["text"] == (text[: found.start(1)] + text[found.end(1) :] if found else text).replace("\ud800", "?")


def test_what_a_codec_of_ours_names_audio_is_not_examined() -> None:
    """It made the message: only where the audio begins and ends is looked for. Its length may be all that is known."""
    own = Text('{"type":"append","audio":"' + "#" * 20 + '"}')
    messages = [
        RecordedMessage(1, 1, SENT, own, 0, 0),
        RecordedMessage(2, 1, SENT, own),
        RecordedMessage(3, 1, SENT, 640, 0, 100),
    ]
    for keep_audio in (False, True):
        lines = read_whole("r", HEADER + pack([message_lines(messages, 0, keep_audio=keep_audio)])).lines
        assert ["#" in line["text"] for line in lines[:2]] == [False, True]
        assert (lines[2]["audio_bytes"], lines[2]["sent_ms"]) == (640, 100)
    assert [length(message) for message in messages] == [48, 48, 0]


@given(st.text() | st.binary())
def test_a_shorter_tuple_is_the_same_message(data: str | bytes) -> None:
    """Without a step, and outside of a task: the thread of a connection makes the shortest that says all."""
    message = Text(data) if isinstance(data, str) else Binary(data)
    shorter: list[tuple[Any, ...]] = [(1, 1, RECEIVED, message), (2, 1, SENT, message, 5, 9), (3, Notice("info", "x"))]
    whole = [RecordedMessage(1, 1, RECEIVED, message), RecordedMessage(2, 1, SENT, message, 5, 9), shorter[2]]
    assert message_lines(shorter, 0, keep_audio=False) == message_lines(whole, 0, keep_audio=False)


def test_a_member_is_the_same_from_any_pieces() -> None:
    """It is packed while its lines are made. Without lines there is none."""
    line = message_line(Text("x" * 5000))
    pieces = pack([line, *[bytes([byte]) for byte in line], line])
    assert gzip.decompress(pieces) == line * 3
    assert pack(iter([])) == b""


def test_a_delta_of_text_is_no_audio() -> None:
    """It is the transcript."""
    assert not has_audio('{"type":"transcription.delta","delta":"abcdefghijklmnopqrstuvwxyz"}')
    assert not has_audio('{"type":"input_audio_transcription.delta","delta":"abcdefghijklmnopqrstuvwxyz"}')


def test_no_line_holds_a_secret() -> None:
    """In messages, settings, reasons and events."""
    about = {"url": "ws://x", "engine": "", "wire": "inference", "speaker": "", "settings": {"extra": [["a", KEY]]}}
    lines = [
        header_line({"a": KEY}),
        open_line(1, 1, about),
        message_line(Text(json.dumps({"a": f"Bearer {KEY}"})), direction=RECEIVED, keep_audio=True),
        close_line(1, 1, 1000, f"bad key {KEY}"),
        event_line(1, Notice("warning", KEY)).encode(),
        message_lines(  # a server may name its session after the key
            [RecordedMessage(1, 1, SENT, Text("x"), 0, 0, "finish", KEY), RecordedMessage(1, 1, SENT, Text("y"))],
            0,
            keep_audio=False,
        ),
        message_line(Text(f'{{"audio":"{KEY}"}}'), direction=RECEIVED, keep_audio=True),
    ]
    assert all(line for line in lines)
    assert KEY.encode() not in b"".join(lines)
    assert len(read_whole("r", pack([b"".join(lines)])).lines) == 7


@pytest.mark.parametrize(
    "event",
    [
        Gap(1, 2, "lost"),
        Notice("info", "text"),
        Final("1", 0, 5, 'said "hello"\n'),
        Began("a", "m", "t", 0),
        Paused(1, muted=True),
        Ended(10_000, 10_000, 0, 1, 0, 1.5, None, None, 0),
    ],
)
def test_events_come_out_as_they_went_in(event: Event) -> None:
    """The flat ones."""
    assert event_of(only(event_line(7, event).encode())) == event


def test_events_of_the_wire_are_not_kept_and_finals_only_without_words() -> None:
    """The messages have them."""
    assert event_line(7, Finished()) == ""
    final = Final("1", 0, 5, "a", (Word("a", 0, 5),))
    among = message_lines([RecordedMessage(1, 1, SENT, Text("x")), (7, final)], 0, keep_audio=False)
    assert event_of(read_whole("r", HEADER + pack([among])).lines[1]) == Final("1", 0, 5, "a")
    assert length((7, final)) == 0


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("Later", {}),
        ("Gap", {"begin_ms": "1", "end_ms": 2, "reason": "x"}),
        ("Gap", {"begin_ms": -1, "end_ms": 2, "reason": "x"}),
        ("Gap", {"begin_ms": 1, "end_ms": 2}),
        ("Notice", {"level": "loud", "text": "x"}),
    ],
)
def test_an_event_that_does_not_fit_is_left_out(name: str, event: dict[str, Any]) -> None:
    """A newer version may have written it."""
    line = json.dumps({"type": "event", "at_ms": 1, "name": name, "event": event}).encode() + b"\n"
    assert event_of(only(line)) is None


MEMBERS = [HEADER] + [pack([message_line(Text(f"m{n}"), at_ms=n)]) for n in range(4)]


@given(st.integers(0, len(b"".join(MEMBERS))))
def test_a_cut_file_keeps_its_whole_members(size: int) -> None:
    """Wherever it is cut; only a file that holds nothing is refused."""
    data = b"".join(MEMBERS)[:size]
    whole = sum(size >= len(b"".join(MEMBERS[: n + 1])) for n in range(5))
    try:
        record = read_whole("r", data)
    except SourceError:
        assert whole == 0
    else:
        assert len(record.lines) >= whole - 1
        assert record.cut == (size != len(b"".join(MEMBERS[:whole])))


@given(st.integers(0, 4), st.data())
def test_a_damaged_member_costs_itself_only(hit: int, data: st.DataObject) -> None:
    """And is counted."""
    place = data.draw(st.integers(10, len(MEMBERS[hit]) - 1))
    broken = bytearray(MEMBERS[hit])
    broken[place] ^= 0xFF
    record = read_whole("r", b"".join([*MEMBERS[:hit], bytes(broken), *MEMBERS[hit + 1 :]]))
    kept = {line["text"] for line in record.lines}
    assert kept >= {f"m{n}" for n in range(4) if n != hit - 1} - ({f"m{hit}"} if hit < 4 else set())
    assert record.damaged or record.cut


def test_a_member_that_is_too_long_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file must not fill the memory."""
    monkeypatch.setattr(record_members, "MOST_MEMBER_BYTES", 1000)
    bomb = pack([message_line(Text("x" * 5000))])
    record = read_whole("r", HEADER + bomb + MEMBERS[1])
    assert (len(record.lines), record.damaged) == (1, 1)
    assert read_whole("r", HEADER + bomb).damaged == 1


MESSAGE = {"type": "message", "at_ms": 1, "connection": 1, "direction": "sent", "text": "x"}


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b"[" * 5000, json.dumps({"type": "later"}).encode(),
        *(json.dumps(MESSAGE | change).encode() for change in (
            {"at_ms": -1}, {"at_ms": True}, {"connection": "1"}, {"direction": 3}, {"direction": "up"}, {"text": 1},
            {"audio_bytes": 1 << 40}, {"sent_ms": "x"}, {"a": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]},
        )),
        json.dumps({key: value for key, value in MESSAGE.items() if key != "text"}).encode(),
        json.dumps({"type": "event", "at_ms": 1, "name": "Gap", "event": []}).encode(),
    ],
)  # fmt: skip
def test_a_line_that_does_not_fit_is_left_out_and_counted(line: bytes) -> None:
    """The rest is used."""
    record = read_whole("r", HEADER + pack([line + b"\n" + json.dumps(MESSAGE).encode() + b"\n"]))
    assert (len(record.lines), record.damaged) == (1, 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"hello", "is not a message record"),
        (gzip.compress(b"hello\n", mtime=0), "is not a message record"),
        (pack([b'{"type":"record","version":2}\n']), "made by a newer asr"),
        (pack([b'{"type":"record"}\n']), "no version"),
    ],
)
def test_what_is_no_record_is_refused(data: bytes, reason: str) -> None:
    """With what is wrong."""
    with pytest.raises(SourceError, match=reason):
        read_whole("r", data)


def test_a_second_header_is_passed_over_and_a_lost_one_is_counted() -> None:
    """Two records that were joined; a record without its beginning."""
    assert len(read_whole("r", HEADER + HEADER + MEMBERS[1]).lines) == 1
    assert read_whole("r", MEMBERS[1]).damaged == 1
