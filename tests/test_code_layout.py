"""How code is laid out: short files and functions, a test folder for each folder, and no name that stands twice."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.source_files import FILES, PACKAGE, ROOT, imports, path_in_package

# One noun that two files would cut in two.
LONG = {
    "tests/protocol/inference/test_translation.py",
    "asrcli/protocol/openai/codec.py",
    "asrcli/engine/loop.py",
    "asrcli/engine/accounting.py",
    "asrcli/engine/audio_feed.py",
    "asrcli/runs/run.py",
    "asrcli/core/errors.py",
    "asrcli/core/interfaces.py",
}
# The public function: its arguments and what they mean are longer than a glance, its code is not.
LONG_FUNCTIONS = {"transcribe"}


def path_in_tests(path: Path) -> str:
    """The file as it is named inside the tests."""
    return path.relative_to(ROOT / "tests").as_posix()


@pytest.mark.parametrize("path", [*FILES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda path: path.name)
def test_no_file_and_no_function_is_too_long(path: Path) -> None:
    """300 lines a file, 400 where a split would cut one noun in two; 50 a function, options of commands apart."""
    text = path.read_text("utf-8")
    assert text.count("\n") <= (400 if path.relative_to(ROOT).as_posix() in LONG else 300)
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.lineno
            if path.is_relative_to(PACKAGE / "cli/commands") and node.name == path.stem.replace("-", "_"):
                first = node.body[0].end_lineno or first  # the options of a command and its help are no code
            assert node.end_lineno is not None
            assert node.end_lineno - first < 50 or node.name in LONG_FUNCTIONS, node.name


def test_every_folder_has_tests() -> None:
    """The tests mirror the tree."""
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    for folder in folders:
        assert list((ROOT / "tests" / folder).glob("test_*.py")), folder


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=path_in_tests)
def test_no_file_imports_a_test(path: Path) -> None:
    """What several tests need stands in a file without tests, beside them or in tests/support."""
    assert [name for name in imports(path) if re.match(r"tests\b.*\.test_\w+$", name)] == []


def test_the_top_shows_at_most_seventeen_names() -> None:
    """Each is a folder; no loose modules but the package itself and the way in."""
    shown = {path.name for path in PACKAGE.iterdir() if path.name not in {"__pycache__", "py.typed"}}
    modules_ = {name for name in shown if name.endswith(".py")}
    assert modules_ == {"__init__.py", "__main__.py"}
    assert len(shown - modules_) <= 17


def test_no_class_name_stands_twice() -> None:
    """Whoever searches for a class finds one."""
    homes: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(path_in_package(path))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_no_file_name_stands_twice() -> None:
    """But for sister folders that hold the same role, as a table of rows does, and for `cli/`, which repeats nouns."""
    homes: dict[str, set[str]] = {}
    for path in FILES:
        folder = path.parent.relative_to(PACKAGE).as_posix()
        if path.name not in {"__init__.py", "registry.py"} and folder.split("/")[0] != "cli":
            homes.setdefault(path.name, set()).add(folder.rpartition("/")[0] or folder)
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}
    commands = [path.name for path in FILES if path.is_relative_to(PACKAGE / "cli") and path.name != "__init__.py"]
    assert len(commands) == len(set(commands))


def test_conditional_expressions_and_local_imports_are_few() -> None:
    """There are few conditional expressions, and few imports inside functions; such an import has a reason."""
    choices = local_imports = 0
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            choices += isinstance(node, ast.IfExp)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                local_imports += sum(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
    assert choices <= 250
    assert local_imports <= 150


def test_tables_are_looked_up_under_a_name_that_every_sqlite_knows() -> None:
    """The newer name of sqlite_master came with SQLite 3.33; systems with an older one have Python 3.11 too."""
    assert [path.name for path in FILES if "sqlite_schema" in path.read_text("utf-8")] == []
