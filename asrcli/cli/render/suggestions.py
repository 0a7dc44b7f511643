"""What somebody may have meant whose command line cannot be understood. Looks at words and at names of files only."""

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

INPUT = re.compile(r"[a-z][a-z0-9+.-]*://.*|.*\.\w{2,4}|-", re.IGNORECASE | re.DOTALL)
READING = "cat talk.wav | asr file -"


def suggestion(problem: str, given: Sequence[str], commands: Iterable[str]) -> str:
    """What to do about a problem of the command line, as its end; empty where nobody knows.

    Args:
        problem: What the library says, in its words.
        given: The arguments of the program.
        commands: What the commands are called.
    """
    if found := re.match(r"No such command '(.*?)'(?=[.]| Did|$)", problem, re.DOTALL):
        word = found[1]
        if is_input(word):
            return f"did you mean asr file {_quoted(word)}?"
        close = re.search(r"Did you mean (?:one of: )?(.*)\?", problem)
        return f"did you mean {_alternatives(close[1])}?" if close else ""
    if "Missing argument 'FILE" in problem:
        return f"name a file, or - for standard input: {READING}"
    if found := re.match(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", problem, re.DOTALL):
        words = given[1:]
        word = next((word for word in words if found[1].startswith(word) and is_input(word)), None)
        return f"did you mean asr file {_quoted(word)}?" if word and given[0] in {"mic", "serve"} else ""
    if problem.startswith("No such option") and given and given[0].startswith("-"):
        command = next((word for word in given if word in commands), "file")
        return f"options stand behind a command: asr {command} {given[0]}"
    return ""


def is_input(word: str) -> bool:
    """Whether a word looks like something that asr file could read."""
    try:
        there = Path(word).is_file()
    except (OSError, ValueError):
        there = False
    return there or INPUT.fullmatch(word) is not None


def _alternatives(quoted: str) -> str:
    return " or ".join(f"asr {name}" for name in re.findall(r"'([^']+)'", quoted))


def _quoted(word: str) -> str:
    """The word as a shell wants it, for whoever copies the line."""
    if "://" in word and shlex.quote(word) == word:
        return f"'{word}'"  # what follows an address is told apart from it
    return shlex.quote(f"./{word}" if word.startswith("-") and word != "-" else word)
