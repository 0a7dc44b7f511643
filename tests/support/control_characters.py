"""Text that a terminal would obey, and the check that it would not."""

# A title, a clipboard, a cursor, an 8-bit control, line ends of every reader, an override, a NUL, half a character.
EVIL = "a\x1b]0;t\x07\x1b]52;c;QQ==\x07\x1b[2J\x9b31m\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\u202e\0\x7fx\ud83dz"


def is_harmless(text: str, *, line_ends: str = "\n") -> bool:
    """Whether a terminal obeys none of it, UTF-8 can carry it, and each reader of lines finds the same lines."""
    text.encode()
    wrong = [c for c in text if (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029\u202e") and c != line_ends]
    return not wrong and text.splitlines() == (text.removesuffix("\n").split("\n") if text else [])
