"""Reads long text messages of clients: extracts the audio without parsing it, and limits the rest. Pure.

While a message is parsed, no other client is served. Megabytes of audio are one string without a quotation mark: it is
found without parsing, and decoded later in pieces.
"""

import json
from collections.abc import Iterator
from typing import Any

from asrcli.core.errors import ProtocolError
from asrcli.core.lazy_pattern import lazy_pattern

MOST_TEXT_BYTES = 256 << 10  # of a message beside its audio
SIMPLE_CHARACTERS = 8 << 10  # a shorter message cannot take long
MOST_VALUES = 8_000  # in a message, with halves of characters; a list of 2,000 hot words has 6,000
PIECE_CHARACTERS = 32 << 10  # of a long string that are looked at in one step
LONGEST_ESCAPE = 6  # \u002b
FIELD_BYTES = 64  # before a long string, in which the name of its field stands
BETWEEN = (",", "[", "{")  # one of these stands before nearly each value
HALVES = ("\\ud", "\\uD")  # escaped halves of characters: a message with them is read twice
_FIELD = lazy_pattern(r'"(\w+)"\s*:\s*"$')


class LongText(str):
    """Text from which the content of one long string is left out: the text of a message, and then the empty string.

    Attributes:
        content: What is left out, as it was written.
        field: The field whose value it is.
    """

    __slots__ = ("content", "field")
    content: memoryview
    field: str

    def __new__(cls, text: str, field: str, content: memoryview) -> "LongText":
        """Keep the content beside the text."""
        made = super().__new__(cls, text)
        made.content, made.field = content, field
        return made

    def put_back(self, value: dict[str, Any]) -> None:
        """Make the long string the value of its field again, in the object that this text was.

        Raises:
            ProtocolError: the object has no such field: the string is somewhere inside one.
        """
        if value.get(self.field) != "":
            raise ProtocolError(f"field {self.field} is too long where it stands")
        value[self.field] = LongText("", self.field, self.content)

    def pieces(self) -> Iterator[str]:
        """Yield the content in pieces, with its escaped characters as what they mean.

        Raises:
            ProtocolError: an escape is not valid, or a character is not ASCII.
        """
        begin = 0
        while begin < len(self.content):
            piece = bytes(self.content[begin : begin + PIECE_CHARACTERS])
            escape = piece.rfind(b"\\", max(1, len(piece) - LONGEST_ESCAPE + 1))
            if escape > 0 and begin + len(piece) < len(self.content):  # it may be cut: the next piece begins with it
                piece = piece[:escape]
            begin += len(piece)
            yield _characters(piece)


def _characters(piece: bytes) -> str:
    try:
        text = piece.decode("ascii")
        if "\\" not in text:
            return text
        return str(json.loads(f'"{text}"'))
    except ValueError as exc:
        raise ProtocolError("a long string that is not audio") from exc


def long_text(data: memoryview, span: tuple[int, int]) -> str:
    """Return the text of a long message.

    Args:
        data: UTF-8.
        span: Start and end of a long part of it between two quotation marks, or two equal numbers.

    Raises:
        ProtocolError: too much of it is no long string.
    """
    begin, end = span
    field = _FIELD.search(bytes(data[max(0, begin - FIELD_BYTES) : begin]).decode("latin-1"))
    if end - begin > PIECE_CHARACTERS and field and len(data) - (end - begin) <= MOST_TEXT_BYTES:
        rest = str(bytes(data[:begin]) + bytes(data[end:]), "utf-8")
        return LongText(rest, field[1], data[begin:end])
    if len(data) > MOST_TEXT_BYTES:
        raise ProtocolError(f"a message without audio has at most {MOST_TEXT_BYTES >> 10} KB")
    return str(data, "utf-8")


def values_in(text: str) -> int:
    """Return about how many values a text has, or more; 0 for a text that is too short to have many."""
    if len(text) <= SIMPLE_CHARACTERS:
        return 0
    return sum(text.count(each) for each in (*BETWEEN, *HALVES))


def check_values(text: str) -> None:
    """Refuse a text with so many values that other clients would have to wait for too long.

    Raises:
        ProtocolError: it has more than `MOST_VALUES`.
    """
    if values_in(text) > MOST_VALUES:
        raise ProtocolError(f"a message has at most {MOST_VALUES} values")
