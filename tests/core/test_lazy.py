"""What is made when it is first used: modules and patterns."""

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.lazy_module import DeferredModule, LazyModule, deferred_import
from asrcli.core.lazy_pattern import LazyPattern, lazy_pattern

PACKAGE = Path(__file__).parents[2] / "asrcli"


def test_a_module_is_imported_by_its_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming a module imports nothing; its attributes are those of the module, and what it lacks is an error."""
    (tmp_path / "imported_lazily.py").write_text("COUNT = 3\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    lazy = LazyModule("imported_lazily")
    assert "imported_lazily" not in sys.modules
    assert lazy.COUNT == 3
    assert "imported_lazily" in sys.modules
    with pytest.raises(AttributeError, match="imported_lazily"):
        _ = lazy.MISSING
    del sys.modules["imported_lazily"]


# What a library, or another thread, may write inside the block, and how it uses what that has bound.
IMPORTS = {
    "import some_package.part": "some_package.part.COUNT",
    "import some_package.part as part": "part.COUNT",
    "from some_package import part": "part.COUNT",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with a module `part`."""
    folder = tmp_path / "some_package"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "part.py").write_text("COUNT = 3\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith("some_package")]:
        del sys.modules[name]


@pytest.mark.parametrize("statement", IMPORTS)
@pytest.mark.parametrize("later", [False, True])
def test_a_module_that_is_put_off_is_loaded_by_its_first_use(package: Path, statement: str, *, later: bool) -> None:
    """An import in the block loads nothing; a use of what it bound loads the module, in the block and after it."""
    (package / "user.py").write_text(f"{statement}\ndef count(): return {IMPORTS[statement]}\n", "utf-8")
    with deferred_import("some_package.part"):
        user = import_module("some_package.user")
        assert isinstance(sys.modules["some_package.part"], DeferredModule)
        if not later:
            assert user.count() == 3
    assert ("some_package.part" in sys.modules) is not later
    assert user.count() == 3
    assert sys.modules["some_package.part"].COUNT == 3


def test_a_name_is_taken_from_the_module_at_once(package: Path) -> None:
    """An import of a name is a use; a name that is not there is an error."""
    (package / "user.py").write_text("from some_package.part import COUNT\n", "utf-8")
    (package / "wrong.py").write_text("from some_package.part import MISSING\n", "utf-8")
    with deferred_import("some_package.part"):
        assert import_module("some_package.user").COUNT == 3
    del sys.modules["some_package.part"]
    with deferred_import("some_package.part"), pytest.raises(ImportError, match="MISSING"):
        import_module("some_package.wrong")


def test_an_import_after_the_block_loads_the_module_itself(package: Path) -> None:
    """As if nothing had been put off. What is loaded already stays as it is."""
    with deferred_import("some_package.part"):
        pass
    module = import_module("some_package.part")
    assert Path(module.__file__ or "").parent == package
    assert sys.modules["some_package"].part is module
    with deferred_import("some_package.part"):
        assert import_module("some_package.part") is module
    assert sys.modules["some_package.part"] is module


@given(st.text("abc1 \n", max_size=12), st.sampled_from([r"[a-c]+", r"(?P<digit>\d)", r"\s", ""]))
def test_a_lazy_pattern_finds_what_a_pattern_finds(text: str, pattern: str) -> None:
    """All methods give the same as those of the compiled pattern, at the first use and later."""
    lazy, compiled = lazy_pattern(pattern, re.IGNORECASE), re.compile(pattern, re.IGNORECASE)
    for _ in range(2):
        assert lazy.findall(text) == compiled.findall(text)
        assert lazy.sub("x", text) == compiled.sub("x", text)
        assert bool(lazy.fullmatch(text)) == bool(compiled.fullmatch(text))
    assert (lazy.pattern, lazy.groups) == (pattern, compiled.groups)


def lazy_patterns(value: Any) -> Iterator[LazyPattern]:
    """The lazy patterns in a value, and in what it holds."""
    if isinstance(value, LazyPattern):
        yield value
    elif isinstance(value, dict):
        yield from lazy_patterns(tuple(value.values()))
    elif isinstance(value, tuple):
        for each in value:
            yield from lazy_patterns(each)


def test_each_pattern_can_be_compiled() -> None:
    """A mistake in a pattern shows here, although a start does not compile it."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "= lazy_pattern(" in (text := path.read_text("utf-8")) or "    lazy_pattern(" in text:
            module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            found += [each for value in vars(import_module(module)).values() for each in lazy_patterns(value)]
    assert len(found) > 30
    for each in found:
        re.compile(each.pattern, each.flags)
