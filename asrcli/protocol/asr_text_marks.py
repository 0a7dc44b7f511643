"""The marks of models that a server may leave in its texts: those of Qwen3-ASR and of SenseVoice. Text only."""

import re

_TAG = re.compile(r"<\|[^|<>]{0,40}\|>")  # of SenseVoice: <|zh|>, <|NEUTRAL|>
# Of Qwen3-ASR: `language Chinese<asr_text>` in front of each part of a text.
_MARK = re.compile(r"language [^<\s]+<asr_text>")
_OPEN_MARK = re.compile(r"language(?: [^<\s]*(?:<[a-z_]{0,8})?)?\Z|(?<![a-z])l(?:a(?:n(?:g(?:u(?:ag?)?)?)?)?)?\Z")


def without_tags(text: str) -> str:
    """A text without the tags of SenseVoice."""
    return _TAG.sub("", text)


def without_marks(text: str) -> str:
    """A whole text without its marks."""
    return _MARK.sub("", text)


def without_open_mark(text: str) -> str:
    """The text so far without its marks, and without an end that may become one: deltas cut anywhere."""
    return _OPEN_MARK.sub("", without_marks(text))
