"""A module that is imported at its first use (lazy loading). For modules that most runs do not need."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


class LazyModule:
    """A stand-in for a module. It has the attributes of the module; the first use of an attribute imports the module.

    For example, so that the type checker sees the module itself:

        if TYPE_CHECKING:
            from asrcli.outputs import markdown
        else:
            markdown = LazyModule("asrcli.outputs.markdown")
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


class DeferredModule:
    """A stand-in in `sys.modules`. The first use of an attribute loads the module, which takes its place."""

    __spec__ = None  # an import statement reads it to see whether the module is complete

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        self.leave()
        return getattr(import_module(self._name), attribute)

    def leave(self) -> None:
        """Remove the stand-in, so that the next import loads the module."""
        if sys.modules.get(self._name) is self:  # type: ignore[comparison-overlap]
            sys.modules.pop(self._name, None)


@contextmanager
def deferred_import(name: str) -> Iterator[None]:
    """Inside the `with` block, an import of the module `name` does not load it; its first use does.

    This is for a library that imports a module and, in most versions of the library, never uses it. Other threads may
    import the module at the same time: they get the stand-in, which loads the module at its first use.
    """
    package, _, last = name.rpartition(".")
    if name in sys.modules:
        yield
        return
    stand_in: Any = DeferredModule(name)
    setattr(import_module(package), last, stand_in)  # as an import of the module would; that replaces it later
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        stand_in.leave()
