"""A module that is imported when something of it is first used. For what most starts do not need."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


class LateModule:
    """Stands for a module. Its attributes are those of the module, which the first use of one imports.

    For example, so that the type checker sees the module itself:

        if TYPE_CHECKING:
            from asrcli.outputs import markdown
        else:
            markdown = LateModule("asrcli.outputs.markdown")
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


class PutOff:
    """Stands for a module among those that are loaded. The first use of an attribute loads the module in its place."""

    __spec__ = None  # an import looks at it, to see whether the module is complete

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        self.leave()
        return getattr(import_module(self._name), attribute)

    def leave(self) -> None:
        """Let the next import load the module."""
        if sys.modules.get(self._name) is self:  # type: ignore[comparison-overlap]
            sys.modules.pop(self._name, None)


@contextmanager
def put_off(name: str) -> Iterator[None]:
    """In the block, do not load the module `name` of a package before something of it is used.

    For a library that imports it and, in most of its versions, never uses it. Other threads may import it meanwhile:
    what they get loads the module when they use it.
    """
    package, _, last = name.rpartition(".")
    if name in sys.modules:
        yield
        return
    stand_in: Any = PutOff(name)
    setattr(import_module(package), last, stand_in)  # as an import of the module would; that replaces it later
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        stand_in.leave()
