"""The table of the recognizers on this machine: one row for each. Loads no recognizer; factory.py makes one of a row.

To add a recognizer, write one file in this folder and add one row to `RECOGNIZERS`, or bring it in a package of its own
(plugins.py). No other file names a recognizer: the command line and the server ask this table. The module that a row
names has one function:

    def load(options: RecognizerOptions) -> Engine

It returns an object whose `open(recognition)` begins a session (see `RecognizerSession` in interface.py), and raises
EngineUnavailable when the recognizer cannot be used. A recognizer that computes next to nothing runs in the server's
own process; every other one runs in worker processes, one session each, so that it cannot block the server.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import EngineUnavailable
from asrcli.core.lazy_module import LazyModule

if TYPE_CHECKING:
    from asrcli.core import install_advice
else:
    install_advice = LazyModule("asrcli.core.install_advice")


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
        model: The name of its model; empty when it has none.
        licence: The licences of the engine and of the model.
        size_mb: What engine and model take on disk, in megabytes.
        runs_in: Where its sessions run.
        preferred: Whether it may hear for `--local`, and for `asr serve` without `--engine`: the first such row that is
            ready does.
        languages: Language code to name; None when it takes any language.
        rates: Sample rates in Hz at which it is at its best; empty when all are the same to it.
        hotwords: Whether hot words have an effect.
        no_hotwords: Why they have none, where that can be told, in words.
        hotwords_stay: Whether the hot words of a session stay in its worker, which is then not used again.
        hotword_pattern: A regular expression; a hot word without a match in lower case cannot be pronounced.
        can_write: Whether a hot word has an effect, where the model itself says which.
        word_times: Whether finals have the times of their words.
        estimated_times: Whether these times are estimated from the length of the words.
        partials: Whether there are partial results before a final.
        options: The fields of RecognizerOptions that it reads.
        sessions_per_core: How many sessions in real time one processor core carries.
        packages: The import names of the packages that it needs.
        probe: A module that says what else is needed, without loading the recognizer: `missing()` returns it in words,
            or an empty string; `has_wheels()` returns whether `install` can help on this system. Empty: nothing else.
        requirement: The package, or asrcli with an extra, that installs all this.
        install: The command that does, where that is not the installation of a requirement.
        lacks: What is known to be wrong with it, in words: of a model that was added, a file that is damaged.
        model_folder: The folder of a model that was added.
    """

    name: str
    module: str
    summary: str
    description: str
    runs_in: RunsIn
    preferred: bool = False
    model: str = ""
    licence: str = ""
    size_mb: int = 0
    languages: Mapping[str, str] | None = None
    rates: tuple[int, ...] = ()
    hotwords: bool = False
    no_hotwords: str = ""
    hotwords_stay: bool = False
    hotword_pattern: str = ""
    can_write: Callable[[str], bool] | None = None
    word_times: bool = False
    estimated_times: bool = False
    partials: bool = True
    options: frozenset[str] = frozenset()
    sessions_per_core: int = 2
    packages: tuple[str, ...] = ()
    probe: str = ""
    requirement: str = ""
    install: str = ""
    lacks: str = ""
    model_folder: str = ""

    @property
    def heard_by(self) -> str:
        """What a transcript names: the recognizer and its model."""
        return f"{self.name} {self.model}".rstrip()

    @property
    def install_command(self) -> str:
        """The command that installs what it needs, in the environment of this program; empty where there is none."""
        if self.requirement:
            return install_advice.install_package(self.requirement)
        return self.install

    def can_pronounce(self, hotword: str) -> bool:
        """Return whether a hot word has anything that can be pronounced, or written."""
        if self.can_write is not None:
            return self.can_write(hotword)
        return re.search(self.hotword_pattern, hotword.lower()) is not None


@dataclass(frozen=True)
class RecognizerOptions:
    """What a user may choose; a row says which of these its recognizer reads.

    Attributes:
        second_pass: When a sentence is read twice: auto, always or never.
        script: The lines of a script to replay; None when there is no script.
        script_name: What error messages call that script.
        model_folder: The folder of a model that was added; its row says it, and no option.
        languages: The codes of the languages of that model.
    """

    second_pass: str = "auto"
    script: tuple[str, ...] | None = None
    script_name: str = "script"
    model_folder: str = ""
    languages: tuple[str, ...] = ()


_ROWS = (
    RecognizerInfo(
        name="moonshine",
        preferred=True,
        module="asrcli.recognizers.moonshine",
        summary="embedded recognizer (moonshine tiny-en): English only, about 10 to 13 % of words wrong, offline",
        description="English only, about 10 to 13 % of words wrong, offline",
        runs_in=RunsIn.WORKERS,
        model="tiny-en",
        licence="Apache-2.0 (sherpa-onnx), MIT (model)",
        size_mb=135,
        languages={"en": "English"},
        word_times=True,
        estimated_times=True,
        sessions_per_core=4,  # measured: 8 on two busy cores, finals 0.9 s behind speech in nine of ten cases
        packages=("sherpa_onnx", "moonshine_voice"),
        probe="asrcli.recognizers.moonshine_weights",
        requirement="asrcli[local]",
    ),
    RecognizerInfo(
        name="pocketsphinx",
        preferred=True,
        module="asrcli.recognizers.pocketsphinx",
        summary="embedded recognizer (pocketsphinx en-us): US English only, modest accuracy, offline",
        description="US English only, modest accuracy, offline",
        runs_in=RunsIn.WORKERS,
        model="en-us",
        licence="BSD-2-Clause",
        size_mb=38,
        languages={"en": "US English"},
        rates=(16000,),
        hotwords=True,
        hotwords_stay=True,
        hotword_pattern="[a-z']",
        word_times=True,
        options=frozenset({"second_pass"}),
        packages=("pocketsphinx",),
        requirement="pocketsphinx",
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
PREFERRED = tuple(row for row in _ROWS if row.preferred)
LOCAL = PREFERRED[-1]  # the one that a compiler installs where nothing has wheels


def names_with_option(option: str) -> list[str]:
    """Return the names of the recognizers that read this option."""
    return [name for name, info in RECOGNIZERS.items() if option in info.options]


def preferred() -> RecognizerInfo:
    """Return the best recognizer that is ready here; else the best one that pip can install. None is loaded."""
    return next((info for info in PREFERRED if not missing(info)), _installable())


def advice_on_better(info: RecognizerInfo) -> str:
    """Return one sentence about the recognizer that would hear better than this one; empty when there is none."""
    best = PREFERRED[0]
    if info not in PREFERRED[1:] or best is not _installable():
        return ""
    return f"{best.name} makes far fewer errors: {best.install_command}"


def _installable() -> RecognizerInfo:
    """Return the best recognizer that has wheels for this system, or the last one."""
    return next((info for info in PREFERRED if info.probe and import_module(info.probe).has_wheels()), LOCAL)


def missing(info: RecognizerInfo) -> str:
    """Return in words what a recognizer lacks here; an empty string when it is ready. Nothing is loaded."""
    if info.lacks:
        return info.lacks
    for package in info.packages:
        if not is_installed(package):
            return f"{package} is not installed"
    if info.probe:
        return str(import_module(info.probe).missing())
    return ""


def is_installed(package: str) -> bool:
    """Return whether a package can be imported. It is not."""
    return find_spec(package) is not None


def check_installed(info: RecognizerInfo) -> None:
    """Check that what a recognizer needs is there; it is not loaded.

    Raises:
        EngineUnavailable: something is not installed.
    """
    if lacking := missing(info):
        raise EngineUnavailable(lacking, info.install_command)
