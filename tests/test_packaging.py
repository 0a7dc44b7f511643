"""What a plain installation brings where: nothing that would have to be compiled."""

import subprocess
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.lowest_versions import constraints

ROOT = Path(__file__).parent.parent
TABLES = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))
PROJECT = TABLES["project"]
LINUX, MAC, WINDOWS = ("x86_64", "linux"), ("arm64", "darwin"), ("AMD64", "win32")
# The newest pocketsphinx that has a wheel there; empty where none has.
WHEELS = {
    ("3.11", *LINUX): "5.1.1",
    ("3.11", *MAC): "5.1.1",
    ("3.11", *WINDOWS): "5.1.1",
    ("3.11", "aarch64", "linux"): "5.1.1",
    ("3.12", *LINUX): "5.0.4",
    ("3.12", *MAC): "5.0.4",
    ("3.12", *WINDOWS): "5.0.4",
    ("3.12", "aarch64", "linux"): "",
    ("3.13", *LINUX): "5.1.1",
    ("3.13", *MAC): "5.1.1",
    ("3.13", *WINDOWS): "5.1.1",
    ("3.13", "aarch64", "linux"): "5.1.1",
    ("3.13", "ARM64", "win32"): "",
    ("3.14", *LINUX): "",
}


def asked_for(package: str, place: tuple[str, str, str]) -> list[Requirement]:
    """What a plain installation asks for of a package, on this version of Python, machine and system."""
    python, machine, system = place
    environment = {"python_version": python, "platform_machine": machine, "sys_platform": system}
    return [
        requirement
        for requirement in map(Requirement, PROJECT["dependencies"])
        if requirement.name == package and requirement.marker and requirement.marker.evaluate(environment)
    ]


@pytest.mark.parametrize(("place", "wheel"), WHEELS.items())
def test_the_recognizer_comes_with_a_plain_installation_exactly_where_it_has_a_wheel(
    place: tuple[str, str, str], wheel: str
) -> None:
    """And in a version that has one: pip would take a newer one and start a compiler."""
    asked = asked_for("pocketsphinx", place)
    assert len(asked) == bool(wheel)
    if wheel:
        newer = "5.1.1" if wheel == "5.0.4" else "5.0.4"
        assert wheel in asked[0].specifier
        assert newer not in asked[0].specifier


# Where miniaudio has wheels: it brings the microphone with a plain installation.
MINIAUDIO = {
    (python, machine, system): machine != "aarch64" and (machine, system) != ("ARM64", "win32")
    for python in ("3.11", "3.12", "3.13", "3.14")
    for machine, system in (LINUX, MAC, WINDOWS, ("x86_64", "darwin"), ("aarch64", "linux"), ("ARM64", "win32"))
} | {("3.15", *LINUX): False, ("3.13", "i686", "linux"): False, ("3.13", "armv7l", "linux"): False}


@pytest.mark.parametrize(("place", "there"), MINIAUDIO.items())
def test_the_microphone_comes_with_a_plain_installation_exactly_where_miniaudio_has_a_wheel(
    place: tuple[str, str, str], there: bool
) -> None:
    """Elsewhere pip would start a compiler."""
    asked = asked_for("miniaudio", place)
    assert len(asked) == there


@pytest.mark.parametrize(
    ("place", "there"),
    {
        ("3.14", *LINUX): True,
        ("3.14", *MAC): True,
        ("3.14", *WINDOWS): True,
        ("3.12", "aarch64", "linux"): True,
        ("3.12", *LINUX): False,
        ("3.14", "ARM64", "win32"): False,
    }.items(),
)
def test_the_voice_detector_is_asked_for_where_it_has_a_wheel_and_pocketsphinx_has_none(
    place: tuple[str, str, str], there: bool
) -> None:
    """On Windows on Arm neither has one, and pip would start a compiler for nothing: there is no recognizer."""
    python, machine, system = place
    environment = {"python_version": python, "platform_machine": machine, "sys_platform": system}
    asked = [
        requirement
        for requirement in map(Requirement, PROJECT["optional-dependencies"]["local"])
        if requirement.name == "webrtcvad-wheels" and requirement.marker and requirement.marker.evaluate(environment)
    ]
    assert len(asked) == there


def test_the_command_and_the_named_extras_exist() -> None:
    """The command and the extras that the README names."""
    assert PROJECT["scripts"] == {"asr": "asrcli.__main__:main"}
    extras = "local mic denoise socks eval keyring serve remote s3 oss sftp cluster all"
    assert set(PROJECT["optional-dependencies"]) == set(extras.split())
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["requires-python"] == ">=3.11"


def test_the_wheel_brings_the_man_page_and_the_completions_to_where_they_are_looked_for() -> None:
    """By man, and by bash beside the program; pipx links these folders to those of each shell."""
    brought = TABLES["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert [path for path in brought if not ROOT.joinpath(path).is_file()] == []
    assert set(brought.values()) == {
        "share/man/man1/asr.1",
        "share/bash-completion/completions/asr",
        "share/zsh/site-functions/_asr",
        "share/fish/vendor_completions.d/asr.fish",
    }


def test_an_extra_of_a_library_is_one_that_it_has() -> None:
    """Of an unknown extra pip only warns: the part is then missing after its installation."""
    asked = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]
    asked = [requirement for requirement in asked if requirement.extras and requirement.name != PROJECT["name"]]
    assert asked
    for requirement in asked:
        offered = metadata(requirement.name).get_all("Provides-Extra", [])
        assert requirement.extras - set(offered) == set(), requirement


def test_each_extra_is_explained() -> None:
    """docs/install.md says what it adds; an error that names one leads there."""
    page = ROOT.joinpath("docs", "install.md").read_text("utf-8")
    missing = [name for name in PROJECT["optional-dependencies"] if f"`asrcli[{name}]`" not in page]
    assert missing == []


def test_nothing_that_belongs_to_it_is_ignored() -> None:
    """What .gitignore hides from git is missing in a wheel too, even where git has it."""
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    try:
        hidden = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not in a clone")
    assert hidden == []


def test_each_library_has_one_lowest_version() -> None:
    """`make lowest` installs it; below it something does not work."""
    lowest = dict(line.split("==") for line in constraints(PROJECT))
    assert {"typer", "rich", "websockets", "av", "keyring"} <= set(lowest)
    for library in ("x", "x<2", "x>=1,==1.5"):
        with pytest.raises(ValueError, match=r"^x.*: name one lowest version"):
            list(constraints({"name": "y", "dependencies": [library], "optional-dependencies": {}}))
