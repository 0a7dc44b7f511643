"""The table of recognizers: one file and one row are enough, and no other file names a recognizer."""

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.builders.serving.server_parts import chosen_recognizer
from asrcli.cli.options.engine import check_engine
from asrcli.cli.options.serving import SecondPass
from asrcli.core.errors import EngineUnavailable, UsageError
from asrcli.recognizers import factory, registry
from asrcli.recognizers.registry import RECOGNIZERS, RecognizerInfo, RecognizerOptions
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from tests.support.echo_recognizer import ECHO
from tests.support.wire import finish_task, run_task, wire

PACKAGE = Path(registry.__file__).parents[1]


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> RecognizerInfo:
    """A new row of the table."""
    monkeypatch.setitem(RECOGNIZERS, ECHO.name, ECHO)
    return RECOGNIZERS["echo"]


def test_a_new_row_is_served_by_the_real_server(echo: RecognizerInfo) -> None:
    """Its results reach a client; where its languages are unknown to the client, it hears in its own."""
    with in_background(factory.make(echo)) as address, wire(address) as client:
        client.say(run_task(language_hints=["fr"]), bytes(32_000), finish_task())
        results = client.hear_all("task-finished")
        assert results[-2]["payload"]["output"]["sentence"]["text"] == "1000 milliseconds"
    with in_background(factory.make(echo), ServerLimits(strict_language=True)) as address, wire(address) as client:
        client.say(run_task(language_hints=["en"]))
        assert "knows fr only" in client.handle("task-failed")["header"]["error_message"]


def test_a_new_row_is_a_choice_of_the_command_line(echo: RecognizerInfo) -> None:
    """--engine takes its name, and options that only other recognizers read are refused."""
    assert check_engine("echo") == "echo"
    assert chosen_recognizer("echo", None, SecondPass.AUTO).info is echo
    with pytest.raises(UsageError, match="--engine echo with --local-two-pass"):
        chosen_recognizer("echo", None, SecondPass.ALWAYS)
    with pytest.raises(UsageError, match="--script without --engine scripted"):
        chosen_recognizer("echo", Path("x"), SecondPass.AUTO)


def test_a_recognizer_whose_package_is_missing_names_its_extra() -> None:
    """Before anything is started."""
    values: dict[str, Any] = {field.name: getattr(ECHO, field.name) for field in fields(ECHO)}
    missing = RecognizerInfo(**values | {"packages": ("no_such_package",), "install": "pip install x"})
    with pytest.raises(EngineUnavailable, match="no_such_package is not installed; pip install x"):
        factory.make(missing)


def test_where_no_recognizer_is_ready_one_that_needs_no_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With Python 3.14 pocketsphinx has no wheel; without a compiler pip could not install it."""
    monkeypatch.setattr(registry, "missing", lambda info: f"{info.name} is not installed")
    for wheels, name in ((True, "moonshine"), (False, "pocketsphinx")):
        monkeypatch.setattr("asrcli.recognizers.moonshine_weights.has_wheels", lambda wheels=wheels: wheels)
        assert registry.preferred().name == name


@pytest.mark.parametrize("name", RECOGNIZERS)
def test_each_row_is_complete(name: str) -> None:
    """The key is the name, the module has `load`, the options exist, and a needed package has an extra."""
    info = RECOGNIZERS[name]
    assert info.name == name
    assert callable(import_module(info.module).load)
    assert info.options <= {field.name for field in fields(RecognizerOptions)}
    assert bool(info.packages) == bool(info.install_command)


def test_no_other_file_names_a_recognizer() -> None:
    """Only the table and the files of the recognizers themselves do."""
    own = {PACKAGE / "recognizers" / name for name in ("registry.py", "voice_activity.py")}
    for name in RECOGNIZERS:
        own |= set((PACKAGE / "recognizers").glob(f"{name}*.py"))
    for path in set(PACKAGE.rglob("*.py")) - own:
        text = path.read_text("utf-8")
        assert re.search("sphinx|moonshine", text.lower()) is None, path
        assert re.search(r"recognizers(\.| import )(scripted|counting)\b", text) is None, path


def test_a_hot_word_can_be_pronounced_where_it_has_a_letter_that_the_recognizer_reads() -> None:
    """One of another script is reported before anything is recognized."""
    assert registry.LOCAL.can_pronounce("Kubernetes")
    assert not registry.LOCAL.can_pronounce("梯度")
