"""The Python package as a whole: its key is hidden, its names are there, and importing it costs nothing."""

import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

import asrcli
from asrcli.core.settings import Secret
from asrcli.recognizers.counting import Counting
from asrcli.server.local_server import in_background
from tests.support.command import environment
from tests.support.counted import counted

KEY = "sk-0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment says whom to ask."""
    for name in os.environ:
        if name.startswith("DASHSCOPE"):
            monkeypatch.delenv(name)


def test_the_key_is_shown_nowhere() -> None:
    """Not in what is raised, not in the local variables of any frame of ours, not in a repr."""
    with in_background(Counting(), key=Secret("another-key-altogether")) as url:
        talk = asrcli.transcribe(counted(1), url=url, api_key=KEY)
        assert KEY not in repr(vars(talk))
        with pytest.raises(asrcli.ServiceRefused) as refused:
            list(talk)
        assert refused.value.code == "InvalidApiKey"
    for wrong in ({"model": ""}, {"region": "nowhere"}, {"api_key": KEY + "\n" + KEY}, {"local": True}):
        arguments = {"api_key": KEY, "url": "" if "region" in wrong else "ws://127.0.0.1:9"} | wrong
        with pytest.raises(asrcli.UsageError) as mistaken:
            asrcli.transcribe(counted(1), **arguments)
        assert_hides(mistaken.value)
    assert_hides(refused.value)


def assert_hides(error: BaseException) -> None:
    """Neither the error nor a frame of the package shows the key."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in told.stack if Path(frame.filename).is_relative_to(Path(asrcli.__file__).parent)]
    assert frames
    for text in (str(error), repr(error), *(repr(frame.locals) for frame in frames)):
        assert KEY not in text


def test_a_missing_key_is_reported_before_anything_is_sent() -> None:
    """It is said before anything is sent."""
    with pytest.raises(asrcli.MissingKey):
        asrcli.transcribe(counted(1))


def test_to_import_the_package_is_cheap() -> None:
    """It loads nothing but itself; all names are there, and their types are known."""
    code = "import sys; before = set(sys.modules); import asrcli; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment(), timeout=60
    )
    assert done.stdout.split() == ["asrcli"]
    assert [name for name in asrcli.__all__ if not hasattr(asrcli, name)] == []
    assert set(asrcli.__all__) <= set(dir(asrcli))
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        asrcli.nothing_of_ours  # type: ignore[attr-defined]  # noqa: B018
    assert Path(asrcli.__file__).with_name("py.typed").is_file()
