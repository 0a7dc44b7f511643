"""Lets asrcli run here as on Windows or macOS, as far as that can be imitated: for an interpreter that has just begun.

`sitecustomize` of a folder that `simulated` makes calls `install`, in the process of a command and in those that it
starts. Modules of asrcli then see another `sys.platform` and `os.name`, and miss modules and names that are not there.
Everybody else sees Linux, so that the libraries work.

On Windows no file can be replaced, renamed or deleted while it is open, clocks stand still for 15.6 ms, `select` takes
sockets only, a loop of asyncio watches no sockets by itself unless it is a SelectorEventLoop, and that one starts no
processes.
"""

import asyncio
import builtins
import errno
import os
import select
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

NAMES = Path(__file__).parent.parent / "data" / "missing_names.toml"
ROOT = Path(__file__).parent.parent.parent
VARIABLE = "SIMULATED_SYSTEM"
TICK_NS = 15_625_000
OPEN_FILES = Path("/proc/self/fd")


@contextmanager
def simulated(system: str) -> Iterator[dict[str, str]]:
    """Yield the environment variables with which `asr` runs as on a system: win32 or darwin."""
    with TemporaryDirectory(prefix="asr-system.") as folder:
        start = "from tests.support.other_system import install\ninstall()\n"
        Path(folder, "sitecustomize.py").write_text(start, "utf-8")
        yield {VARIABLE: system, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def install() -> None:
    """Imitate the system that the environment names, in this interpreter."""
    system = os.environ[VARIABLE]
    missing = {name: set(words.split()) for name, words in tomllib.loads(NAMES.read_text("utf-8"))[system].items()}
    absent = missing.pop("modules")
    changed: dict[str, dict[str, object]] = {name: {} for name in missing}
    changed["sys"] = {"platform": system}
    if system == "win32":
        sys.modules["msvcrt"] = _console()
        changed["os"] = {"name": "nt"}
        changed["select"] = {"select": _select_sockets}
        _slow_clocks()
        _hold_open_files()
        _limit_loops()
        _take_flags()
    seen = {name: _Seen(name, missing.get(name, set()), values) for name, values in changed.items()}
    original = builtins.__import__

    def imported(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002  the names of Python
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level == 0 and (name in seen or name in absent) and _is_ours(globals or {}):
            if name in absent:
                raise ModuleNotFoundError(f"No module named {name!r} on {system}", name=name)
            return seen[name]
        found: ModuleType = original(name, globals, locals, fromlist, level)
        return found

    builtins.__import__ = imported


def _is_ours(importing: Mapping[str, object]) -> bool:
    """Whether a module of asrcli imports something, also where Python runs it as `__main__`."""
    name = str(importing.get("__name__"))
    if name == "__main__":
        name = getattr(importing.get("__spec__"), "name", "")
    return name.partition(".")[0] == "asrcli"


class _Seen(ModuleType):
    """A module as the other system has it."""

    def __init__(self, name: str, missing: set[str], changed: dict[str, object]) -> None:
        super().__init__(name)
        vars(self).update(changed)
        vars(self)["_missing"] = missing
        vars(self)["_real"] = __import__(name)

    def __getattr__(self, attribute: str) -> Any:
        if attribute in vars(self)["_missing"]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {attribute!r} on this system")
        return getattr(vars(self)["_real"], attribute)

    def __setattr__(self, attribute: str, value: object) -> None:
        setattr(vars(self)["_real"], attribute, value)


def _console() -> ModuleType:
    """The module of Windows that reads keys, for a program without a console."""
    console = ModuleType("msvcrt")
    vars(console).update(kbhit=lambda: False, getwch=lambda: "\x1a")
    return console


def _take_flags() -> None:
    """Let processes be started with the flags of Windows, which have no meaning here."""
    popen: Any = subprocess.Popen
    start = popen.__init__

    def started(self: Any, *given: Any, creationflags: int = 0, **more: Any) -> None:
        del creationflags
        start(self, *given, **more)

    popen.__init__ = started


def _select_sockets(reading: Any, writing: Any, failing: Any, timeout: float | None = None) -> Any:
    for each in (*reading, *writing, *failing):
        number = each if isinstance(each, int) else each.fileno()
        if not _held(number).startswith("socket:"):
            raise OSError(errno.ENOTSOCK, "An operation was attempted on something that is not a socket")
    return select.select(reading, writing, failing, timeout)


def _slow_clocks() -> None:
    """Let the clocks that Windows counts in ticks stand still between two of them."""
    for name in ("monotonic", "time"):
        exact: Callable[[], int] = getattr(time, f"{name}_ns")

        def counted_ns(exact: Callable[[], int] = exact) -> int:
            return exact() // TICK_NS * TICK_NS

        def counted(counted_ns: Callable[[], int] = counted_ns) -> float:
            return counted_ns() / 1e9

        setattr(time, name, counted)
        setattr(time, f"{name}_ns", counted_ns)


def _hold_open_files() -> None:
    """Let nothing replace, rename or delete a file that this process has open, nor a folder of one."""
    for name in ("replace", "rename", "unlink", "remove", "rmdir"):
        setattr(os, name, _refusing(getattr(os, name)))


def _refusing(change: Callable[..., None]) -> Callable[..., None]:
    def checked(*paths: Any, **more: Any) -> None:
        # The temporary files of the standard library say on Windows that they may be deleted.
        if not sys._getframe(1).f_code.co_filename.endswith(("tempfile.py", "_common.py")):
            for path in paths:
                _check_closed(path, more)
        change(*paths, **more)

    return checked


def _check_closed(path: Any, more: Mapping[str, Any]) -> None:
    folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120  a name of any kind
    if (number := more.get("dir_fd")) is not None:  # only `shutil.rmtree` uses it, and only where it is there
        folder = _held(number)
    whole = os.path.join(os.path.realpath(folder), os.path.basename(path))  # noqa: PTH118, PTH119
    for each in OPEN_FILES.iterdir():
        try:
            held = _held(each.name)
        except OSError:  # the descriptor of this very list
            continue
        if os.path.isdir(held):  # noqa: PTH112  that is `shutil.rmtree`, or a list of files
            continue
        if held == whole or held.startswith(f"{whole}/"):
            raise PermissionError(errno.EACCES, "The process cannot access the file: it is being used", str(path))


def _held(descriptor: int | str) -> str:
    """The path of an open file, or what stands for one that has none."""
    return str((OPEN_FILES / str(descriptor)).readlink())


def _limit_loops() -> None:
    """Let the usual loop watch no sockets, as the proactor of Windows, and a SelectorEventLoop start no processes."""
    selecting: Any = asyncio.SelectorEventLoop

    async def no_process(*_: object, **__: object) -> None:
        raise NotImplementedError

    def unwatched(*_: object) -> None:
        raise NotImplementedError

    none = ("add_reader", "remove_reader", "add_writer", "remove_writer", "add_signal_handler", "remove_signal_handler")
    proactor: Any = type("ProactorLoop", (selecting,), dict.fromkeys(none, unwatched))
    limited = ("_make_subprocess_transport", "connect_read_pipe", "connect_write_pipe")
    selector: Any = type("SelectorLoop", (selecting,), dict.fromkeys(limited, no_process))
    loops: Any = asyncio
    loops.SelectorEventLoop = selector
    loops.unix_events._UnixDefaultEventLoopPolicy._loop_factory = proactor
