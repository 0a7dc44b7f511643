"""The table of the recognizers on this machine: one row for each. Loads a recognizer only when one is made.

To add a recognizer, write one file in this folder and add one row to `RECOGNIZERS`. No other file names a recognizer:
the command line and the server ask this table. The module that a row names has one function:

    def load(options: RecognizerOptions) -> Engine

It returns an object whose `open(recognition)` begins a session (see `RecognizerSession` in interface.py), and raises
EngineUnavailable when the recognizer cannot be used. A recognizer that computes next to nothing runs in the server's
own process; every other one runs in worker processes, one session each, so that it cannot block the server.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from asrcli.core.errors import EngineUnavailable

if TYPE_CHECKING:
    from asrcli.recognizers.interface import Recognizer


class RunsIn(Enum):
    """Where the sessions of a recognizer run."""

    SERVER = "server"  # in the server's own process
    WORKERS = "workers"  # each in a worker process


@dataclass(frozen=True)
class RecognizerInfo:
    """One row: what a recognizer is called, what it can do, and how it is started.

    Attributes:
        name: The value of `asr serve --engine`.
        module: The module with its `load` function.
        summary: One honest line for people.
        description: The same in a few words, for the help of `--engine` and the notice of `--local`.
        runs_in: Where its sessions run.
        languages: Language code to name; None when it takes any language.
        rates: Sample rates in Hz at which it is at its best; empty when all are the same to it.
        hotwords: Whether hot words have an effect.
        hotwords_stay: Whether the hot words of a session stay in its worker, which is then not used again.
        hotword_pattern: A regular expression; a hot word without a match in lower case cannot be pronounced.
        word_times: Whether finals have the times of their words.
        partials: Whether there are partial results before a final.
        options: The fields of RecognizerOptions that it reads.
        package: The import name of the package that it needs; empty when it needs none.
        extra: The extra of our own distribution that installs that package.
    """

    name: str
    module: str
    summary: str
    description: str
    runs_in: RunsIn
    languages: Mapping[str, str] | None = None
    rates: tuple[int, ...] = ()
    hotwords: bool = False
    hotwords_stay: bool = False
    hotword_pattern: str = ""
    word_times: bool = False
    partials: bool = True
    options: frozenset[str] = frozenset()
    package: str = ""
    extra: str = ""

    def can_pronounce(self, hotword: str) -> bool:
        """Return whether a hot word has anything that can be pronounced."""
        return re.search(self.hotword_pattern, hotword.lower()) is not None


@dataclass(frozen=True)
class RecognizerOptions:
    """What a user may choose; a row says which of these its recognizer reads.

    Attributes:
        second_pass: When a sentence is read twice: auto, always or never.
        script: The lines of a script to replay; None when there is no script.
        script_name: What error messages call that script.
    """

    second_pass: str = "auto"
    script: tuple[str, ...] | None = None
    script_name: str = "script"


_ROWS = (
    RecognizerInfo(
        name="pocketsphinx",
        module="asrcli.recognizers.pocketsphinx",
        summary="embedded recognizer (pocketsphinx): US English only, modest accuracy, offline",
        description="US English only, modest accuracy, offline",
        runs_in=RunsIn.WORKERS,
        languages={"en": "US English"},
        rates=(16000,),
        hotwords=True,
        hotwords_stay=True,
        hotword_pattern="[a-z']",
        word_times=True,
        options=frozenset({"second_pass"}),
        package="pocketsphinx",
        extra="local",
    ),
    RecognizerInfo(
        name="scripted",
        module="asrcli.recognizers.scripted",
        summary="scripted engine: replays a script, recognizes nothing",
        description="replays a script, for tests",
        runs_in=RunsIn.SERVER,
        options=frozenset({"script"}),
    ),
    RecognizerInfo(
        name="counting",
        module="asrcli.recognizers.counting",
        summary="counting engine: says which chunks of counted audio it received, recognizes nothing",
        description="says which chunks of counted audio came, for tests",
        runs_in=RunsIn.SERVER,
        word_times=True,
    ),
)
RECOGNIZERS: dict[str, RecognizerInfo] = {row.name: row for row in _ROWS}
LOCAL = _ROWS[0]  # the recognizer of `--local`, and of `asr serve` without `--engine`


def taking(option: str) -> list[str]:
    """Return the names of the recognizers that read this option."""
    return [name for name, info in RECOGNIZERS.items() if option in info.options]


def make(info: RecognizerInfo = LOCAL, options: RecognizerOptions | None = None) -> "Recognizer":
    """Return the recognizer of a row; its sessions are opened later.

    Raises:
        EngineUnavailable: the package that it needs is not installed.
        UsageError: one of the options cannot be used.
    """
    options = options or RecognizerOptions()
    if info.runs_in is RunsIn.WORKERS:
        from asrcli.recognizers.pool import WorkerPool

        return WorkerPool(info, options)
    from asrcli.recognizers.in_process import InProcessRecognizer

    check_installed(info)
    return InProcessRecognizer(info, import_module(info.module).load(options))


def check_installed(info: RecognizerInfo) -> None:
    """Check that the package which a recognizer needs is there; it is not loaded.

    Raises:
        EngineUnavailable: it is not installed.
    """
    if info.package and find_spec(info.package) is None:
        raise EngineUnavailable(f"{info.package} is not installed", f"pip install 'asrcli[{info.extra}]'")
