"""A regular expression that is compiled when it is first used: a start loads 60 of them and uses a few."""

import re
from typing import Any


class LatePattern:
    """Stands for a compiled pattern, and keeps each of its methods that was used: a second use costs no more."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, found)
        return found


def late_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what can be used as the pattern, without compiling it yet."""
    late: Any = LatePattern(pattern, flags)
    return late  # type: ignore[no-any-return]
