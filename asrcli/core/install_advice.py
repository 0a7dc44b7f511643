"""The commands that add packages to the environment of this program, for error messages. Runs none of them."""

import re
import shlex
import sys
from importlib.util import find_spec


def install_extra(extra: str) -> str:
    """Return the command that adds an extra of asrcli."""
    return install_package(f"asrcli[{extra}]")


def install_package(package: str) -> str:
    """Return the command that adds a package with what has installed this program: pipx, uv or pip."""
    python, package = _quoted(sys.executable), _quoted(package)
    folders = re.split(r"[\\/]", sys.prefix)
    if folders[-3:-1] == ["pipx", "venvs"]:
        return f"pipx runpip {folders[-1]} install {package}"
    # uv makes environments without pip. Only uv can add something to them.
    if find_spec("pip") is None:
        return f"uv pip install --python {python} {package}"
    return f"{python} -m pip install {package}"


def _quoted(word: str) -> str:
    """Return a word as the shell of this system takes it."""
    if sys.platform != "win32":
        return shlex.quote(word)
    if re.search(r"[^\w\\/:.=<>~-]", word):
        return f'"{word}"'
    return word
