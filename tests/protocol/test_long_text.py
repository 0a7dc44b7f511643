"""Long text messages: their audio is found without reading it, decoded in pieces, and the rest is bounded."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asrcli.core.errors import ProtocolError
from asrcli.core.message import Text
from asrcli.protocol.json_messages import read
from asrcli.protocol.long_text import (
    MOST_TEXT_BYTES,
    MOST_VALUES,
    PIECE_CHARACTERS,
    LongText,
    check_values,
    long_text,
)
from asrcli.protocol.realtime.session_config import decoded, decoded_pieces

ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text.replace("/", "\\/"),
    lambda text: text.replace("+", "\\u002B").replace("=", "\\u003d"),
)
AUDIO = st.builds(
    lambda seed, size: (seed * (size // len(seed) + 1))[:size],
    st.binary(min_size=1, max_size=50),
    st.integers(PIECE_CHARACTERS, 4 * PIECE_CHARACTERS),
)


def span(data: bytes) -> tuple[int, int]:
    """Where the longest part without a quotation mark is."""
    longest = max(data.split(b'"'), key=len)
    begin = data.index(longest)
    return begin, begin + len(longest)


def taken(message: str) -> str:
    """The message, as a server gets it."""
    data = message.encode()
    return long_text(memoryview(data), span(data))


def long_audio(content: str) -> LongText:
    """Audio as it stands in a message."""
    return LongText("", "audio", memoryview(content.encode()))


@settings(deadline=None, max_examples=40)
@given(AUDIO, st.sampled_from(ESCAPES), st.booleans(), st.sampled_from(["", "\n ", "é"]))
def test_the_audio_of_a_long_message_comes_whole_and_in_pieces(
    audio: bytes, escaped: Callable[[str], str], audio_first: bool, more: str
) -> None:
    """Wherever its field stands, however it is spaced and escaped; the rest of the message is as it was."""
    encoded = escaped(base64.b64encode(audio).decode())
    fields = ['"type":"append"', f'"audio"{more.strip("é")}:{more.strip("é")}"{encoded}"', f'"other":"{more.strip()}"']
    if audio_first:
        fields.reverse()
    value = read(Text(taken("{" + ",".join(fields) + "}")))
    assert (value["type"], value["other"]) == ("append", more.strip())
    content = value["audio"]
    assert isinstance(content, LongText)
    pieces = list(decoded_pieces(content))
    assert b"".join(pieces) == audio
    assert max(map(len, pieces)) <= PIECE_CHARACTERS


@settings(deadline=None, max_examples=60)
@example(PIECE_CHARACTERS - 10, "==", "A" * PIECE_CHARACTERS)  # padding where a piece ends
@given(
    st.integers(PIECE_CHARACTERS - 16, PIECE_CHARACTERS + 8),
    st.sampled_from(["=", "==", "===", "*", "\\n", "\\u0041", "\\", "\\u00", "é", "A", ""]),
    st.sampled_from(["", "A", "AA", "AAA", "AAAA", "=", "A" * PIECE_CHARACTERS]),
)
def test_what_is_no_base64_is_refused_in_pieces_too(before: int, odd: str, behind: str) -> None:
    """Exactly where it would be at once, wherever the pieces are cut."""
    content = "A" * before + odd + behind
    try:
        whole: bytes | None = decoded(json.loads(f'"{content}"'))
    except (ProtocolError, ValueError):
        whole = None
    try:
        pieces: bytes | None = b"".join(decoded_pieces(long_audio(content)))
    except ProtocolError:
        pieces = None
    assert pieces == whole


@settings(deadline=None, max_examples=40)
@given(AUDIO, st.sampled_from([b"\n", b"\r\n"]), st.integers(1, 100))
def test_line_breaks_in_base64_are_no_part_of_the_audio(audio: bytes, end: bytes, columns: int) -> None:
    """Encoders for mail break lines, as that of Android does: at once and in pieces it is the same audio."""
    line = base64.b64encode(audio)
    lines = b"".join(line[at : at + columns] + end for at in range(0, len(line), columns)).decode()
    assert decoded(lines) == audio
    assert b"".join(decoded_pieces(long_audio(json.dumps(lines)[1:-1]))) == audio


def test_a_message_that_is_long_without_a_long_string_is_bounded() -> None:
    """Up to the limit it is read as it is; the string may be long only as the value of a field of the message."""
    words = ",".join(f'"{"w" * 1000}"' for _ in range(100))
    fits = '{"words":[' + words + "]}"
    assert taken(fits) == fits
    with pytest.raises(ProtocolError, match="at most 256 KB"):
        taken('{"words":[' + ",".join([words] * (MOST_TEXT_BYTES // len(words) + 1)) + "]}")
    with pytest.raises(ProtocolError, match="at most 256 KB"):
        taken('["' + "w" * MOST_TEXT_BYTES + '"]')
    with pytest.raises(ProtocolError, match="field audio is too long where it stands"):
        read(Text(taken('{"item":{"audio":"' + "A" * MOST_TEXT_BYTES + '"}}')))


@pytest.mark.parametrize("value", ["[]", "{}", "1", '"\\ud83d"', '"\\uDE00"'])
def test_a_message_of_very_many_values_is_refused(value: str) -> None:
    """It would take too long to read; the commas of a text of that length are few."""
    check_values("[" + ",".join([value] * (MOST_VALUES // 4)) + "]")
    with pytest.raises(ProtocolError, match=f"at most {MOST_VALUES} values"):
        check_values("[" + ",".join([value] * (MOST_VALUES + 2)) + "]")
