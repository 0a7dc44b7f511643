"""The words of the help and its topics: short sentences, and no word that only old books have."""

import re

from asrcli.cli.app import COMMANDS, load_command
from asrcli.cli.render.topic_pages import blocks, is_verbatim, topic_names

MOST_WORDS = 30
LISTS = {"faults"}  # a list of names, not a sentence
OLD_WORDS = re.compile(
    r"\b(heed|whence|thereby|hence|lest|save for|but for|for ever|in order before|of its own accord|nought|whosoever)\b"
)


def sentences(text: str) -> list[str]:
    """The sentences and parts of sentences in a text: up to a full stop, a colon or a semicolon."""
    return re.split(r"(?<=[.!?:;])\s+", " ".join(text.split()))


def explanations() -> dict[str, str]:
    """Every paragraph of the topics, and the help of every command and every option, by its place."""
    found = {
        f"asr help {name}, block {number}": " ".join(block)
        for name in topic_names()
        for number, block in enumerate(blocks(name))
        if not is_verbatim(block)
    }
    for name in COMMANDS:
        command = load_command(name)
        found[f"asr {name}"] = command.help or ""
        for parameter in command.params:
            if parameter.name not in LISTS:
                found[f"asr {name}: {parameter.name}"] = getattr(parameter, "help", None) or ""
    return found


def test_the_help_has_short_sentences_and_no_old_words() -> None:
    """Someone who has learned English as a second language understands each at once."""
    long = {
        place: sentence
        for place, text in explanations().items()
        for sentence in sentences(text)
        if len(sentence.split()) > MOST_WORDS
    }
    assert long == {}
    assert {place: old for place, text in explanations().items() if (old := OLD_WORDS.search(text.lower()))} == {}
