"""The keyring of the system: used where it answers, left alone where it does not, and never in the way."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from asrcli.config import keyring_access, keyring_process
from asrcli.config.keyring_access import KeyringUnusable, SystemKeyring
from asrcli.core.settings import Secret

KEY = Secret("sk-0123456789abcdef0123")
SLEPT_S = 60.0  # of a back end that hangs; the others have as long, on a machine that has much to do
BACKEND = """
import json, os, sys, time
from pathlib import Path
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

class Mine(KeyringBackend):
    priority = 1
    def act(self, *words):
        print("a library that writes to standard output")
        {act}
    set_password = get_password = act
    def delete_password(self, *words):
        Path(os.environ["KEPT"]).unlink()
"""
FILED = """
        kept = Path(os.environ["KEPT"])
        table = json.loads(kept.read_text()) if kept.exists() else {}
        if len(words) == 3:
            table["/".join(words[:2])] = words[2]
            kept.write_text(json.dumps(table))
        return table.get("/".join(words[:2]))
"""


def use(act: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs that start from now on find a back end that does this."""
    folder.joinpath("made_up_keyring.py").write_text(BACKEND.replace("{act}", act), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("KEPT", str(folder / "kept.json"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "made_up_keyring.Mine")


def test_a_keyring_keeps_reads_and_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name of this program; to forget what is not there is no error."""
    use(FILED, tmp_path, monkeypatch)
    keyring = SystemKeyring(answer_s=SLEPT_S)
    assert keyring.read("here").key is None
    keyring.forget("here")
    assert keyring.keep("here", KEY).key == KEY
    assert '"asrcli/here"' in (tmp_path / "kept.json").read_text()
    keyring.forget("here")
    answer = keyring.read("here")
    assert (answer.key, "Mine" in answer.backend) == (None, True)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("raise KeyringLocked(words)", "the keyring is locked"),
        ("raise TypeError(words)", r"the keyring fails \(TypeError\)"),
        ("sys.exit(3)", "ended without an answer"),
        (f"time.sleep({SLEPT_S})", "does not answer within"),
        ("assert not os.isatty(0) and open('/dev/tty')", r"the keyring fails \(\w*Error\)"),
    ],
)
def test_a_keyring_that_cannot_be_used_is_given_up_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, reason: str
) -> None:
    """The line contains no key, whatever the back end does; three seconds are the most that it gets."""
    use(act, tmp_path, monkeypatch)
    assert keyring_access.ANSWER_S == 3.0
    began = monotonic()
    with pytest.raises(KeyringUnusable, match=reason) as caught:
        SystemKeyring(answer_s=0.2 if "sleep" in act else SLEPT_S).keep("here", KEY)
    assert monotonic() - began < SLEPT_S
    assert KEY.reveal() not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_library_is_loaded_before_its_time_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has much to do this takes seconds, and the keyring is not asked yet."""
    tmp_path.joinpath("keyring").mkdir()
    tmp_path.joinpath("keyring", "__init__.py").write_text("", encoding="utf-8")
    tmp_path.joinpath("keyring", "errors.py").write_text(
        "import os, pathlib\npathlib.Path(os.environ['KEPT']).touch()\n", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.setenv("KEPT", str(tmp_path / "loaded"))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(keyring_access.PROCESS, **pipes) as process:  # type: ignore[call-overload]
        assert json.loads(process.stdout.readline()) == keyring_process.READY
        assert (tmp_path / "loaded").exists()
        process.kill()


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_a_back_end_that_keeps_nothing_counts_as_missing(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    """As on a server without a desktop, and where the user has switched keyrings off."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"keyring.backends.{backend}.Keyring")
    with pytest.raises(KeyringUnusable, match="this system has no keyring"):
        SystemKeyring(answer_s=SLEPT_S).read("here")


def test_a_missing_package_or_program_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what would bring the package."""
    tmp_path.joinpath("keyring.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(KeyringUnusable, match=r"asrcli\[keyring\]"):
        SystemKeyring(answer_s=SLEPT_S).read("here")
    with pytest.raises(KeyringUnusable, match="cannot be asked: No such file"):
        SystemKeyring((str(tmp_path / "none"),)).read("here")
    with pytest.raises(KeyringUnusable, match="ended without an answer"):
        SystemKeyring((sys.executable, "-c", "import os; os.close(0); print('{}')"), SLEPT_S).keep("here", KEY)
    assert os.environ["PYTHONPATH"]
