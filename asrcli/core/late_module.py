"""A module that is imported when something of it is first used. For what most starts do not need."""

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
