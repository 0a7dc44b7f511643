"""The house: imports go down only, pure floors stay pure, each dependency has its room, nothing grows too long."""

import ast
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "asrcli"
FILES = sorted(PACKAGE.rglob("*.py"))

FLOORS = {
    "errors": 0, "harmless": 0, "hiding": 0, "audio": 1, "events": 1, "message": 1, "placing": 2, "config": 1,
    "prices": 1,    "catalogue": 1, "models": 1, "context": 1, "places": 2, "checks": 2,
    "transcript": 2, "vocabulary": 2, "lists": 3, "request": 2, "protocol": 2, "recovery": 2, "seams": 3,
    "budget": 4, "sources": 4, "transport": 4, "outputs": 4, "engine": 4, "journal": 4,
    "run": 5, "raw": 5, "server": 6, "cli": 7, "__main__": 8,
}  # fmt: skip
IMPURE = {
    "threading", "queue", "socket", "time", "random", "asyncio", "uuid", "os", "pathlib", "signal", "subprocess",
    "typer", "rich", "websockets", "pyaudio", "pydub", "av", "pocketsphinx", "webrtc_noise_gain",
}  # fmt: skip
# One noun that two files would cut in two.
LONG = {"asrcli/protocol/realtime.py"}
# What must not know clocks and sockets although it lives higher up.
PURE_ROOMS = ["server/endpointing.py", "server/patience.py", "server/waves.py", "server/recognizers/stable.py",
    "server/faults.py", "server/answers.py", "server/objects.py", "server/watch.py",
    "server/chaos.py", "server/desk.py", "server/vocabularies.py", "server/callers.py", "sources/timeline.py",
    "sources/levels.py", "sources/clock.py", "sources/placed.py", "sources/tracks.py", "sources/ogg.py",
    "sources/wav.py", "journal/record.py", "journal/again.py", "journal/audit.py"]  # fmt: skip
ROOMS = {
    "typer": ["cli/"],
    "rich": ["outputs/terminal.py", "outputs/bars.py", "outputs/captions.py", "outputs/tail.py", "cli/"],
    "websockets": [
        "transport/",
        "server/app.py",
        "server/connection.py",
        "server/gate.py",
        "server/sabotage.py",
        "server/faulty.py",
        "server/doorway.py",
    ],
    "h11": ["server/http.py"],
    "python_socks": ["transport/proxies.py"],
    "av": [
        "sources/decode.py",
        "sources/frames.py",
        "sources/refusing.py",
        "sources/mixing.py",
        "sources/encode.py",
        "sources/convert.py",
    ],
    "pysubs2": ["outputs/subtitles.py"],
    "pydub": ["sources/segments.py"],
    "pyaudio": ["sources/portaudio.py"],
    "pocketsphinx": ["server/recognizers/sphinx.py", "server/recognizers/hotwords.py"],
    "webrtc_noise_gain": ["sources/enhance.py"],
}


def place(path: Path) -> str:
    """The file as it is named inside the package."""
    return path.relative_to(PACKAGE).as_posix()


def noun(module: str) -> str:
    """The part of the package a dotted module name belongs to."""
    return module.split(".")[1] if "." in module else module


def imports(path: Path) -> set[str]:
    """The modules a file imports anywhere, but for those it needs for its types alone."""
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "asrcli" or noun(node.module) in {"protocol", "cli"}:
                found |= {f"{node.module}.{alias.name}" for alias in node.names if alias.name != "__version__"}
    return found


@pytest.mark.parametrize("path", FILES, ids=place)
def test_imports_go_down_only(path: Path) -> None:
    """A file imports from floors below its own, or from its own room."""
    own = place(path).split("/")[0].removesuffix(".py")
    if own == "__init__":
        assert not imports(path)
        return
    for module in imports(path):
        if module.startswith("asrcli."):
            other = noun(module)
            assert other == own or FLOORS[other] < FLOORS[own] or (FLOORS[own] == FLOORS[other] < 4), module


@pytest.mark.parametrize("path", FILES, ids=place)
def test_pure_floors_stay_pure(path: Path) -> None:
    """Floors 0 to 3, and what is pure above them, know no thread, clock, socket, chance or file."""
    own = place(path).split("/")[0].removesuffix(".py")
    if FLOORS.get(own, 9) > 3 and place(path) not in PURE_ROOMS:
        return
    assert {module.split(".")[0] for module in imports(path)} & IMPURE == set()


@pytest.mark.parametrize("dependency", ROOMS)
def test_each_dependency_has_its_room(dependency: str) -> None:
    """Whoever wants to replace a library finds it in one place."""
    users = [place(path) for path in FILES if dependency in {module.split(".")[0] for module in imports(path)}]
    assert users
    assert [user for user in users if not user.startswith(tuple(ROOMS[dependency]))] == []


def test_every_declared_dependency_is_used_and_gives_its_reason() -> None:
    """pyproject.toml says why each is there; none stays behind unused. An extra may bring more, and says why too."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    declared = modules(project["dependencies"])
    optional = modules(entry for name in extras.keys() - {"all"} for entry in extras[name]) - declared
    assert declared | optional == {*ROOMS, "audioop_lts"}
    for name in declared - {"pocketsphinx"}:
        (line,) = [line for line in text.splitlines() if line.strip(" \"'").startswith(f"{name.replace('_', '-')}>=")]
        assert "  # " in line
    for name in extras.keys() - {"all"}:
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
        assert "  # " in line


def modules(entries: Iterable[str]) -> set[str]:
    """The names that requirements are imported by."""
    return {Requirement(entry).name.replace("-", "_") for entry in entries}


@pytest.mark.parametrize("path", [*FILES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda path: path.name)
def test_no_file_and_no_function_outgrows_a_glance(path: Path) -> None:
    """300 lines a file, 400 where a split would cut one noun in two; 50 a function, but for option lists."""
    text = path.read_text("utf-8")
    assert text.count("\n") <= (400 if path.relative_to(ROOT).as_posix() in LONG else 300)
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0].end_lineno if "cli/" in path.as_posix() else node.lineno  # the help is no code either
            assert first is not None
            assert node.end_lineno is not None
            assert node.end_lineno - first < 50, node.name


def test_every_room_with_code_has_tests() -> None:
    """The tests mirror the tree."""
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    for room in rooms:
        assert list((ROOT / "tests" / room).glob("test_*.py")), room
