"""Suggestions for a command line that is not valid. They come from its words and from names of files only."""

import re
import shlex
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

from asrcli.cli.options.journal import SESSION_IDS
from asrcli.cli.options.values import OutputFormat
from asrcli.config.reach import OPTIONS

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
OTHER_NAMES = {
    "library": "search", "watch": "batch", "list": "sessions", "history": "sessions", "transcribe": "file",
    "listen": "mic", "record": "mic", "stream": "mic", "live": "mic", "server": "serve", "version": "--version",
    "microphone": "mic", "dictate": "mic", "captions": "mic --captions 8765", "subtitles": "file", "translate": "file",
    "export": "sessions export", "find": "search", "grep": "search", "settings": "config", "setup": "doctor",
    "check": "doctor", "test": "mic --test", "auth": "login", "key": "login", "hotwords": "vocab", "raw": "ws-raw",
    "languages": "models", "download": "engines pull", "pull": "engines pull", "man": "help --man",
    "completion": "--install-completion", "diagnose": "doctor", "debug": "doctor", "status": "doctor",
}  # fmt: skip
# Values that other programs have for the same thing.
_OTHER_VALUES = {
    "txt": "text", "plain": "text", "webvtt": "vtt", "markdown": "md", "ndjson": "jsonl", "get": "show", "ls": "list",
    "docx": "html", "doc": "html", "odt": "html", "rtf": "html", "pdf": "html", "xlsx": "csv", "xls": "csv",
    "rm": "delete", "remove": "delete", "alsa": "arecord", "pulse": "parec", "pipewire": "pw-record", "all": "list",
}  # fmt: skip
# Options that other programs, and the commands beside it, have for the same thing: the first that the command has.
OTHER_OPTIONS = {
    "-o --output --output-dir --out --out-dir --output-file --outdir": ["--out", "--output"],
    "--duration --seconds --time --length": ["--for", "--end, a position in the recording"],
    "--lang --source-language --source-lang": ["--language"],
    "--target-language --target-lang --target --translation --translate-to": ["--translate"],
    "--api-key --key --apikey --token": ["--api-key-file"],
    "--keywords --keyterm --keyterms --phrases --phrase-list --vocabulary --hot-words": ["--hotwords"],
    "--cacert --ca-cert --cafile": ["--ca"],
    "--insecure --no-verify --no-check-certificate": ["--insecure-tls"],
    "--retry --max-retries": ["--retries"],
    "--initial-prompt --hint": ["--context"],
    "--task": ["--translate"],
    "--word-timestamps --word-times": ["--format jsonl, with the times of each word"],
    "--endpointing --max-sentence-silence --utterance-end-ms": ["--silence-ms"],
    "--sample-rate --samplerate": ["--rate, with --raw"],
    "-y": ["--overwrite"],
    "-ss": ["--start"],
    "-to": ["--end"],
    "--interim --interim-results --partial --no-finals": ["--partials"],
    "--threads --concurrency --parallel --workers": ["--jobs"],
    "--speed": ["--pace"],
    "--mic --microphone --input-device --source": ["--device"],
    "--server --endpoint --host --address": ["--url"],
    "--output-format --type": ["--format"],
    "--diarize --diarization --speakers --speaker --speaker-labels": ["--each-channel, a speaker for each channel",
                                                                      "--device NAME=LABEL, a speaker for each device"],
    "--offline": ["--local"],
    "--dry-run --cost --price": ["--estimate"],
    "--silent": ["--quiet"],
    "--record-to --save --wav --tee": ["--save-audio"],
    "--timeout --max-wait": ["--retry-for"],
    "--filter --where": ["--exec"],
}  # fmt: skip

_NEGATIVE = re.compile(r"-[.]?\d")
_TAKING_NUMBERS = {"config", "search"}  # as words, which are not values of options

# Options of other programs that are commands here.
OTHER_COMMANDS = {
    "--list-devices": "devices", "--list-models": "models", "--list-languages": "models",
    "--list-formats": "help pipelines",
}  # fmt: skip
# Options that other programs have for their input, which is no option here.
_INPUT_OPTIONS = {"-i", "--input", "--input-file", "--file", "--audio", "--audio-file"}


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
        return _about_command(found[1], commands)
    if found := re.search(r"'([^']*)' is not one of (.*)", problem):
        choices = re.findall(r"[\w-]+", found[2])
        return _about_list(problem, found[1].split(","), choices) or _about_value(found[1].lower(), choices)
    dashed = next((word for word in given[1:] if word.startswith("-") and _is_file(word)), "")
    if dashed and ("Missing argument 'FILE" in problem or problem.startswith("No such option")):
        return f"a file of that name is written so: {quoted(dashed)}"
    if "Missing argument 'FILE" in problem:
        return f"name a file, or - for standard input: {READING}"
    if "Missing argument 'SESSION" in problem:
        return SESSION_IDS
    if "Missing argument 'RECORD" in problem:
        return "name a file that --record has written"
    if found := re.match(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", problem, re.DOTALL):
        words = given[1:]
        word = next((word for word in words if found[1].startswith(word) and is_input(word)), None)
        if word and given[0] in {"mic", "serve"}:
            return f"did you mean asr file {quoted(word)}?"
        return ""
    if found := re.match(r"No such option: ([\w-]+)", problem):
        return _about_option(found[1], given, commands)
    return ""


def _about_command(word: str, commands: Iterable[str]) -> str:
    """What was probably meant by an unknown command: an input, or a command with another name."""
    if is_input(word):
        return f"did you mean asr file {quoted(word)}?"
    if word in OTHER_NAMES:
        return f"did you mean asr {OTHER_NAMES[word]}?"
    similar = " or ".join(f"asr {name}" for name in get_close_matches(word, list(commands)))
    if not similar:
        return ""
    return f"did you mean {similar}?"


def _about_value(word: str, choices: Sequence[str]) -> str:
    """What was probably meant by a value that is not one of the choices; empty if none is similar."""
    near = [_OTHER_VALUES.get(word, word), *get_close_matches(word, choices, 1)]
    meant = next((each for each in near if each in choices), "")
    if not meant:
        return ""
    return f"did you mean {meant}?"


def _about_list(problem: str, words: Sequence[str], choices: Sequence[str]) -> str:
    """How several values are given; empty if there is one value, or if some are not among the choices."""
    option = re.match(r"Invalid value for '(--?[\w-]+)'", problem)
    if option is None or len(words) < 2 or not set(words) <= set(choices):
        return ""
    return f"write the option for each: {' '.join(f'{option[1]} {word}' for word in words)}"


def _about_option(option: str, given: Sequence[str], commands: Iterable[str]) -> str:
    """What to do about an unknown option: it belongs before the command, or has another name there."""
    command = next((word for word in given if word in commands), "")
    if given and given[0].startswith("-") and given[0] != "--":
        return f"options come after the command: asr {command or 'file'} {given[0]}"
    number = next((word for word in given if _NEGATIVE.match(word)), "")
    if number.startswith(option) and command in _TAKING_NUMBERS:
        rest = shlex.join(word for word in given if word != number)
        return f"a word that begins with - stands after --: asr {rest} -- {shlex.quote(number)}"
    known = OPTIONS.get(command, {})
    usual = option.lower().replace("_", "-")
    if usual != option and usual.removeprefix("--") in known:
        return f"did you mean {usual}?"
    if usual in OTHER_COMMANDS:
        return f"see asr {OTHER_COMMANDS[usual]}"
    if usual in _INPUT_OPTIONS:
        return _about_input(option, command, given)
    if len(option) == 2:  # the parser reads -ss as two options, and names the first letter that it does not know
        usual = next((word for word in given if word in {"-ss", "-to"} and option[1] in word), usual)
    others = next((others for names, others in OTHER_OPTIONS.items() if usual in names.split()), [])
    if "format" in known and usual.removeprefix("--") in set(OutputFormat):
        others = [f"--format {usual.removeprefix('--')}"]
    for other in others:
        if re.split("[ ,]", other)[0].removeprefix("--") in known:
            return f"in asr {command} this is {other}"
    return ""


def _about_input(option: str, command: str, given: Sequence[str]) -> str:
    """How the input of a command is named. Another word than the value of the option may be the name of an output."""
    if command == "mic":
        return "in asr mic this is --device"
    if command not in {"file", "batch", "ws-raw"}:
        return ""
    value = "talk.wav"
    for word, after in pairwise((*given, "")):
        name, _, joined = word.partition("=")
        if name == option and (joined or after == "-" or not after.startswith("-")):
            value = joined or after or value
    return f"the input is written without an option: asr {command} {quoted(value)}"


def is_input(word: str) -> bool:
    """Whether a word looks like a file or an address that asr file could read."""
    return _is_file(word) or INPUT.fullmatch(word) is not None


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def quoted(word: str) -> str:
    """The word quoted for a shell, so that the suggestion can be copied."""
    if "://" in word and shlex.quote(word) == word:
        return f"'{word}'"  # so that the question mark of our sentence is not taken for a part of the address
    if word.startswith("-") and word != "-":
        word = f"./{word}"
    return shlex.quote(word)
