"""Suggestions for a command line that is not valid. They come from its words and from names of files only."""

import re
import shlex
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

INPUT = re.compile(r"[a-z][a-z0-9+.-]*://.*|.*\.\w{2,4}|-", re.IGNORECASE | re.DOTALL)
READING = "cat talk.wav | asr file -"
# What the library that parses the command line calls things, and what a reader calls them.
_PLAIN = (
    (re.compile(r"is not a valid float( range)?\b"), "is not a number"),
    (re.compile(r"is not a valid int(eger)?( range)?\b"), "is not a whole number"),
    (re.compile(r"is not in the range (\S+)<=x<=(\S+?)(?=[.;]?$|[.;] )"), r"is not from \1 to \2"),
    (re.compile(r"is not in the range x>=(\S+?)(?=[.;]?$|[.;] )"), r"is less than \1"),
)
# Nouns that other programs have as commands.
_OTHER_NAMES = {
    "library": "search", "watch": "batch", "list": "sessions", "history": "sessions", "transcribe": "file",
    "listen": "mic", "record": "mic", "stream": "mic", "live": "mic", "server": "serve", "version": "--version",
}  # fmt: skip
# Options that the commands beside it have for the same thing.
_OTHER_OPTIONS = {("batch", "-o"): "--out", ("batch", "--output"): "--out", ("batch", "--output-dir"): "--out"}


def plain(problem: str) -> str:
    """A message of that library in the words of this program."""
    for pattern, words in _PLAIN:
        problem = pattern.sub(words, problem)
    return problem


def suggestion(problem: str, given: Sequence[str], commands: Iterable[str]) -> str:
    """The second half of an error message: what to do about the problem. Empty if there is nothing to suggest.

    Args:
        problem: The message of the library that parses the command line.
        given: The arguments of the program.
        commands: The names of all commands.
    """
    if found := re.match(r"No such command '(.*?)'(?=[.]| Did|$)", problem, re.DOTALL):
        word = found[1]
        if is_input(word):
            return f"did you mean asr file {_quoted(word)}?"
        if word in _OTHER_NAMES:
            return f"did you mean asr {_OTHER_NAMES[word]}?"
        similar = " or ".join(f"asr {name}" for name in get_close_matches(word, list(commands)))
        if not similar:
            return ""
        return f"did you mean {similar}?"
    dashed = next((word for word in given[1:] if word.startswith("-") and _is_file(word)), "")
    if dashed and ("Missing argument 'FILE" in problem or problem.startswith("No such option")):
        return f"a file of that name is written so: {_quoted(dashed)}"
    if "Missing argument 'FILE" in problem:
        return f"name a file, or - for standard input: {READING}"
    if found := re.match(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", problem, re.DOTALL):
        words = given[1:]
        word = next((word for word in words if found[1].startswith(word) and is_input(word)), None)
        if word and given[0] in {"mic", "serve"}:
            return f"did you mean asr file {_quoted(word)}?"
        return ""
    if found := re.match(r"No such option: ([\w-]+)", problem):
        return _about_option(found[1], given, commands)
    return ""


def _about_option(option: str, given: Sequence[str], commands: Iterable[str]) -> str:
    """What to do about an option that is none: it stands before the command, or has another name there."""
    command = next((word for word in given if word in commands), "")
    if given and given[0].startswith("-") and given[0] != "--":
        return f"options come after the command: asr {command or 'file'} {given[0]}"
    if other := _OTHER_OPTIONS.get((command, option)):
        return f"in asr {command} this is {other}"
    return ""


def is_input(word: str) -> bool:
    """Whether a word looks like a file or an address that asr file could read."""
    return _is_file(word) or INPUT.fullmatch(word) is not None


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def _quoted(word: str) -> str:
    """The word quoted for a shell, so that the suggestion can be copied."""
    if "://" in word and shlex.quote(word) == word:
        return f"'{word}'"  # so that the question mark of our sentence is not taken for a part of the address
    if word.startswith("-") and word != "-":
        word = f"./{word}"
    return shlex.quote(word)
