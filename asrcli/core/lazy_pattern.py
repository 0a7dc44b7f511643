"""A regular expression that is compiled at its first use: a start loads 60 patterns and uses only a few."""

import re
from typing import Any


class LazyPattern:
    """A stand-in for a compiled pattern. It stores each method that was used, so a second call costs nothing extra."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, found)
        return found


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return an object that can be used like the compiled pattern. It is compiled at its first use."""
    lazy: Any = LazyPattern(pattern, flags)
    return lazy  # type: ignore[no-any-return]
