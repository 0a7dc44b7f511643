"""The imitation of other systems refuses what they do not have, and nothing else."""

import subprocess
import sys

import pytest

from tests.support.command import environment
from tests.support.other_system import simulated

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="imitates other systems on Linux")
SEEN = """
import asyncio, importlib, os, sys, tempfile
ours = {"__name__": "asrcli.made_up"}
def ask(code):
    try:
        exec(code, ours)
    except BaseException as exc:
        return type(exc).__name__
    return str(ours.get("said", ""))
for code in %r:
    print(ask(code))
"""


def said(system: str, *codes: str) -> list[str]:
    """What each piece of code of asrcli says on a system, or the error that it raises."""
    with simulated(system) as variables:
        command = [sys.executable, "-c", SEEN % (codes,)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment(**variables))
    return done.stdout.split("\n")[:-1]


def test_windows_lacks_what_it_lacks() -> None:
    """Modules, names, a loop that watches sockets, and the right to touch an open file."""
    codes = {
        "import sys, os; said = sys.platform, os.name": "('win32', 'nt')",
        "import fcntl": "ModuleNotFoundError",
        "from termios import TIOCOUTQ": "ModuleNotFoundError",
        "import os; os.fork": "AttributeError",
        "from signal import SIGHUP": "ImportError",
        "import select; select.select([0], [], [], 0)": "OSError",
        "import os, tempfile; f = tempfile.mkstemp(); os.replace(f[1], f[1] + 'x')": "PermissionError",
        "import os; os.close(f[0]); os.unlink(f[1]); said = 'gone'": "gone",
        "import asyncio; asyncio.new_event_loop().add_reader(0, print)": "NotImplementedError",
        "import time; said = time.monotonic_ns() % 15_625_000": "0",
    }
    assert said("win32", *codes) == list(codes.values())


def test_macos_lacks_what_linux_alone_has() -> None:
    """What all Unix systems have is there."""
    codes = {
        "import sys, os; said = sys.platform, os.name": "('darwin', 'posix')",
        "import fcntl, termios; said = 'there'": "there",
        "from fcntl import F_SETLEASE": "ImportError",
        "import os; os.memfd_create": "AttributeError",
        "from signal import SIGHUP; said = 'there'": "there",
    }
    assert said("darwin", *codes) == list(codes.values())
