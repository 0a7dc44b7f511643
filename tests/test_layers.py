"""The layers: imports go down only, pure files stay pure, and each library is imported in one place."""

import ast
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.source_files import (
    FILES,
    IMPURE,
    LAYERS,
    LIBRARY_USERS,
    PURE_FILES,
    ROOT,
    folder_of,
    imports,
    module_name,
    path_in_package,
)

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Below cli/ no text names an option of the command line, except for these.
NAMES_OPTIONS = {
    "core/install_advice.py": "an option of uv",
    "dashscope/parameters.py": "the table of options",
    "dashscope/catalogue.py": "notes about models, which asr models shows",
    "__main__.py": "with --keys a signal means something else, before anything is loaded",
    "recognizers/json_lines.py": "asr serve --help shows what its input files look like",
    "server/page_origins.py": "an answer to a web page; who writes the page and who runs the server may be two people",
    "sources/backends/recording_programs.py": "options of the programs that record",
    "evaluation/report_page.py": "the variables of a style sheet",
    "outputs/overwrite_check.py": "the first line of a patch, as git writes it",
    "sources/mixer.py": "a notice",
    "sources/track_selection.py": "a notice",
}


@pytest.mark.parametrize("path", FILES, ids=path_in_package)
def test_imports_go_down_only(path: Path) -> None:
    """A file imports from layers below its own, or from its own folder."""
    own = path_in_package(path).split("/")[0].removesuffix(".py")
    if own == "__init__":
        assert imports(path) == {"importlib"}  # the first use of a public name loads its home
        return
    for module in imports(path):
        if module.startswith("asrcli."):
            other = folder_of(module)
            assert other == own or LAYERS[other] < LAYERS[own] or (LAYERS[own] == LAYERS[other] <= 2), module


def test_no_import_cycles() -> None:
    """Each file can be read, moved and tested without those that import it. Imports inside functions count too."""
    files = {module_name(path): imports(path) for path in FILES}
    rest = {name: {other for other in imported if other in files} for name, imported in files.items()}
    while leaves := {name for name, imported in rest.items() if not imported}:
        rest = {name: imported - leaves for name, imported in rest.items() if name not in leaves}
    assert rest == {}, "each of these is in a circle, or imports one that is"


@pytest.mark.parametrize("path", FILES, ids=path_in_package)
def test_pure_layers_stay_pure(path: Path) -> None:
    """Layers 1 and 2, and what is pure above them, know no thread, clock, socket, chance or file."""
    own = path_in_package(path).split("/")[0].removesuffix(".py")
    if LAYERS.get(own, 9) > 2 and path_in_package(path) not in PURE_FILES:
        return
    assert {module.split(".")[0] for module in imports(path)} & IMPURE == set()


@pytest.mark.parametrize("dependency", LIBRARY_USERS)
def test_each_library_is_imported_in_its_place(dependency: str) -> None:
    """Whoever wants to replace a library finds it in one place."""
    users = [
        path_in_package(path) for path in FILES if dependency in {module.split(".")[0] for module in imports(path)}
    ]
    assert users
    assert [user for user in users if not user.startswith(tuple(LIBRARY_USERS[dependency]))] == []


@pytest.mark.parametrize("path", FILES, ids=path_in_package)
def test_only_the_command_line_names_its_options(path: Path) -> None:
    """Errors of lower floors carry facts, for every caller; what to do with an option is said in cli/advice.py."""
    if path_in_package(path).startswith(("cli/", *NAMES_OPTIONS)):
        return
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert [text for text in texts - documentation if re.search(r"(?<![\w-])--[a-z]", text)] == []


def test_what_may_name_options_does() -> None:
    """The list of exceptions holds nothing that needs none."""
    for name in NAMES_OPTIONS:
        files = [path for path in FILES if path_in_package(path).startswith(name)]
        assert any("--" in path.read_text("utf-8") for path in files), name


def test_every_declared_dependency_is_used_and_gives_its_reason() -> None:
    """pyproject.toml says why each is there; none stays behind unused. An extra may bring more, and says why too."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    declared = modules(project["dependencies"])
    optional = modules(entry for name in extras.keys() - {"all"} for entry in extras[name]) - declared
    # Of moonshine_voice only files are used; fsspec imports ossfs.
    assert declared | optional == {*LIBRARY_USERS, "audioop_lts", "moonshine_voice", "ossfs"}
    for name in declared - {"pocketsphinx", "miniaudio"}:
        (line,) = [line for line in text.splitlines() if line.strip(" \"'").startswith(f"{name.replace('_', '-')}>=")]
        assert "  # " in line
    for name in extras.keys() - {"all"}:
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
        assert "  # " in line


def modules(entries: Iterable[str]) -> set[str]:
    """The names that requirements are imported by."""
    return {Requirement(entry).name.removesuffix("-wheels").replace("-", "_") for entry in entries}
