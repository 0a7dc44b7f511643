"""All files that a command line names, and which of them the command writes: none may be written over another."""

import os
import stat
import sys
import unicodedata
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from asrcli.cli.builders.api_key import KEY_FILE_VARIABLE, SDK_KEY_FILE
from asrcli.cli.builders.log_file import LOG_FILES
from asrcli.cli.builders.transcript_names import SUFFIXES, format_of, stems, with_suffixes
from asrcli.config.files import FOLDER_FILE, user_file
from asrcli.config.key_store import keys_file
from asrcli.config.reach import OPTIONS
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError

# Options that name a file to read, options whose text may be @FILE, arguments that name inputs, options that name a
# file to write. tests/cli/builders/test_named_files.py holds that no option of a command is forgotten.
READ = frozenset(
    {"--api-key-file", "--ca", "--ref", "--script", "--answers", "--replay", "--faults", "--keys", "--cert", "--key"}
)
READ_AT = frozenset(
    {"--hotwords", "--words", "--context", "--filter-words", "--drop-words", "--prompt", "--first", "--last"}
)
TREES = frozenset({"ref", "hypothesis", "reference"})  # parameters that may name a folder of transcripts
ARGUMENTS = frozenset({"paths", "path", "words", "what", "record", "hypothesis", "reference"})
WRITTEN = frozenset({"--output", "--output-dir", "--record", "--save-audio", "--log-file", "--html"})
FOLDERS = frozenset({"--out", "--watch", "--journal"})  # what is written there has names of its own
INPUT, STDIN, STDOUT = "an input", "standard input", "standard output"
OTHER_NAME, TWICE = "choose another name", "choose another name for one of the two"


@dataclass(frozen=True)
class NamedFile:
    """A file, and what names it: an option, or in words its use for the command. A folder stands for all its files."""

    by: str
    path: str
    is_written: bool = False
    is_tree: bool = False


_named: ContextVar[Sequence[NamedFile]] = ContextVar("_named", default=())


def check_named_files(command: str, parameters: Sequence[Any], values: Mapping[str, Any]) -> None:
    """Refuse a command line in which a file that is written is read too, or written twice.

    Args:
        command: The name of the command.
        parameters: Its parameters, as Typer makes them.
        values: The values of the parameters, by their names.

    Raises:
        UsageError: there is such a file. Nothing has been touched.
    """
    files = list(named_files(command, parameters, values))
    _named.set(files)
    for number, one in enumerate(files):
        if one.is_written:
            _check(one, [*files[:number], *(each for each in files[number + 1 :] if not each.is_written)])


def check_also_written(path: Path, by: str) -> None:
    """Refuse to write a file that the command line names for something else, or that is below a folder of references.

    Args:
        path: A file whose name does not stand in the command line.
        by: What writes it.

    Raises:
        UsageError: it is named.
    """
    _check(NamedFile(by, str(path), is_written=True), _named.get())


def check_also_read(paths: Sequence[str]) -> None:
    """Refuse to write over inputs that the command line does not name itself.

    Raises:
        UsageError: an option names one of them to be written.
    """
    inputs = [NamedFile(INPUT, path) for path in paths if path != "-" and "://" not in path]
    for one in _named.get():
        if one.is_written:
            _check(one, inputs)


def named_files(command: str, parameters: Sequence[Any], values: Mapping[str, Any]) -> Iterator[NamedFile]:
    """Yield the files that the parameters name, and those that are read without being named."""
    yield from _unnamed(command, values)
    for parameter in parameters:
        given = values.get(parameter.name)
        texts = [str(each) for each in given] if isinstance(given, list | tuple) else [str(given)]
        if given is None:
            continue
        if parameter.param_type_name == "argument":
            if parameter.name in ARGUMENTS:
                is_tree = parameter.name in TREES
                inputs = [text for text in texts if text != "-" and "://" not in text]
                yield from (NamedFile(INPUT, text, is_tree=is_tree) for text in inputs)
            continue
        option = max(parameter.opts, key=len)
        if option in READ:
            yield from (NamedFile(option, text, is_tree=parameter.name in TREES) for text in texts)
        elif option in READ_AT:
            yield from (NamedFile(option, text[1:]) for text in texts if text.startswith("@"))
        elif option in WRITTEN:
            yield from (NamedFile(option, path, is_written=True) for path in _written(option, texts[0], values))


def _unnamed(command: str, values: Mapping[str, Any]) -> Iterator[NamedFile]:
    """The standard streams where they are files, the settings, and the places of the key."""
    if _is_file(sys.stdin):
        yield NamedFile(STDIN, f"/dev/fd/{sys.stdin.fileno()}")
    to_stdout = values.get("output") in {None, "-"} and values.get("output_dir") is None
    if "output" in values and to_stdout and _is_file(sys.stdout):
        yield NamedFile(STDOUT, f"/dev/fd/{sys.stdout.fileno()}", is_written=True)
    if command in OPTIONS:
        yield NamedFile("a settings file", str(user_file()))
        yield NamedFile("a settings file", FOLDER_FILE)
    if "api_key_file" in values:
        yield NamedFile(KEY_FILE_VARIABLE, os.environ.get(KEY_FILE_VARIABLE, "").strip())
        yield NamedFile("a file of keys", str(keys_file()))
        yield NamedFile("a file of keys", os.path.expanduser(SDK_KEY_FILE))  # noqa: PTH111  without a home it stays


def _written(option: str, text: str, values: Mapping[str, Any]) -> list[str]:
    """The files that an option makes the command write."""
    if option == "--log-file":
        return [text, *(f"{text}.{number}" for number in range(1, LOG_FILES + 1))]
    formats = values.get("format") or []
    if option == "--output":
        named = [format_of(text)] if values.get("template") is None else []
        return [] if text == "-" else with_suffixes(text, list(dict.fromkeys(formats or named)) or [*SUFFIXES][:1])
    if option == "--output-dir":
        suffixes = [SUFFIXES[each] for each in dict.fromkeys(formats)] or [".txt"]
        return [str(Path(text, stem + suffix)) for stem in stems(values.get("paths") or []) for suffix in suffixes]
    if option == "--save-audio" and len(values.get("device") or []) > 1:
        from asrcli.cli.builders.device_labels import saved_files

        return [str(path) for path in saved_files(text, values["device"])]
    return [text]


def _check(written: NamedFile, others: Sequence[NamedFile]) -> None:
    identity = file_identity(written.path)
    if identity is None:
        return
    for other in others:
        if other.is_tree and _is_below(Path(written.path), Path(other.path)):
            problem = f"{written.by} {written.path} is in {other.path}, a folder whose transcripts are read"
            raise UsageError(f"{problem}: it would be overwritten", OTHER_NAME)
        if identity != file_identity(other.path):
            continue
        if not other.is_written:
            what = other.by if not other.by.startswith("--") else f"also named by {other.by}"
            raise UsageError(f"{written.by} {written.path} is {what}: it would be overwritten", OTHER_NAME)
        by = dict.fromkeys((other.by, written.by))
        raise UsageError(f"{written.path} would be written twice, by {' and '.join(by)}", TWICE)


def _is_below(path: Path, folder: Path) -> bool:
    """Whether a transcript that is there already lies in a folder of transcripts that are read."""
    from asrcli.evaluation.transcript_files import READERS

    below = folder.is_dir() and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    return below and path.suffix.lower() in READERS and path.is_file()


def file_identity(path: str) -> Hashable | None:
    """Return what is equal for two names of one file; None for what cannot be damaged, as a device.

    Of a file that is there it is its number in the file system, whatever leads to it: links, /proc/self/fd, another
    case. Of one that is not there it is its folder and its name, in the way in which that folder tells names apart.
    """
    if not path or "\0" in path:
        return None
    try:
        about = os.stat(path)  # noqa: PTH116  a text, as everywhere here
    except (OSError, ValueError):
        return _identity_of_new(path)
    is_own_pipe = stat.S_ISFIFO(about.st_mode) and not path.startswith(("/dev/", "/proc/"))
    if stat.S_ISREG(about.st_mode) or is_own_pipe:
        return about.st_dev, about.st_ino
    return None


def _identity_of_new(path: str) -> Hashable:
    folder, name = os.path.split(path)
    try:
        folder, name = os.path.split(os.path.realpath(path))
        about = os.stat(folder)  # noqa: PTH116
    except (OSError, ValueError):  # also where the current folder is gone
        return folder, name
    if _ignores_case(folder):
        name = unicodedata.normalize("NFC", name).casefold()
    return about.st_dev, about.st_ino, name


def _ignores_case(folder: str) -> bool:
    """Whether the names of files differ in more than their case here; looked up by the name of the folder itself."""
    swapped = os.path.join(os.path.dirname(folder), os.path.basename(folder).swapcase())  # noqa: PTH118, PTH119, PTH120
    try:
        return swapped != folder and os.path.samefile(folder, swapped)  # noqa: PTH121
    except (OSError, ValueError):
        return False


def _is_file(stream: Any) -> bool:
    """Whether a standard stream is a regular file."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):
        return False
