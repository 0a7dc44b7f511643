"""The commands that add packages fit the way in which the program was installed, and the shell."""

import importlib.machinery
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from asrcli.core import install_advice
from asrcli.core.install_advice import install_extra, install_package


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment of Linux in which pip is installed."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "prefix", "/home/me/asr")
    monkeypatch.setattr(sys, "executable", "/home/me/asr/bin/python")
    monkeypatch.setattr(install_advice, "find_spec", lambda name: importlib.machinery.ModuleSpec(name, None))
    return monkeypatch


def test_pip_is_that_of_the_environment_of_the_program(place: pytest.MonkeyPatch) -> None:
    """Another `pip` may come first in PATH: it would install into another environment."""
    assert install_extra("eval") == "/home/me/asr/bin/python -m pip install 'asrcli[eval]'"
    assert install_package("pyaudio") == "/home/me/asr/bin/python -m pip install pyaudio"
    place.setattr(sys, "executable", "/home/me/my 语音 programs/bin/python")
    assert shlex.split(install_package("pyaudio"))[0] == sys.executable


@pytest.mark.parametrize(
    "prefix",
    [
        "/home/me/.local/share/pipx/venvs/asrcli",
        "/home/me/.local/pipx/venvs/asrcli",
        "/opt/pipx/venvs/asrcli",
        r"C:\Users\me\pipx\venvs\asrcli",
    ],
)
def test_pipx_is_named_where_it_has_made_the_environment(place: pytest.MonkeyPatch, prefix: str) -> None:
    """The environment may have no pip of its own."""
    place.setattr(sys, "prefix", prefix)
    assert install_extra("eval") == "pipx runpip asrcli install 'asrcli[eval]'"
    place.setattr(sys, "prefix", f"{prefix}-2")
    assert install_extra("eval") == "pipx runpip asrcli-2 install 'asrcli[eval]'"


@pytest.mark.parametrize("prefix", ["/home/me/pipx/asr", "/home/pipx/projects/asr"])
def test_a_folder_with_the_name_of_pipx_is_no_environment_of_pipx(place: pytest.MonkeyPatch, prefix: str) -> None:
    """It belongs to somebody who has such a folder."""
    place.setattr(sys, "prefix", prefix)
    assert " -m pip install " in install_extra("eval")


def test_uv_is_named_where_there_is_no_pip(place: pytest.MonkeyPatch) -> None:
    """As in the environments of `uv tool install` and `uv venv`."""
    place.setattr(install_advice, "find_spec", lambda _: None)
    assert install_extra("eval") == "uv pip install --python /home/me/asr/bin/python 'asrcli[eval]'"


def test_windows_takes_double_quotes_only(place: pytest.MonkeyPatch) -> None:
    """Its command line passes single quotes on to pip, which refuses them."""
    place.setattr(sys, "platform", "win32")
    place.setattr(sys, "executable", r"C:\Users\me\asr-venv\Scripts\python.exe")
    python = r"C:\Users\me\asr-venv\Scripts\python.exe"
    assert install_extra("eval") == rf'{python} -m pip install "asrcli[eval]"'
    place.setattr(sys, "executable", r"C:\Program Files\asr\python.exe")
    assert install_package("pyaudio") == r'"C:\Program Files\asr\python.exe" -m pip install pyaudio'


def test_the_command_reaches_pip_in_the_environment_of_the_program(tmp_path: Path) -> None:
    """The real one: `--help` in place of a package is an option that pip answers."""
    pytest.importorskip("pip")
    command = install_package("--help")
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert (done.returncode, "pip install" in done.stdout) == (0, True)
