"""Errors about settings that a model or the service would refuse or ignore. Each carries facts, and no advice.

A caller gives the names under which its user knows the settings: the command line those of its options.
"""

from collections.abc import Callable, Sequence

from asrcli.core.causes import Cause
from asrcli.core.errors import UsageError


class SettingsConflict(UsageError):
    """Settings that cannot be used together.

    Attributes:
        settings: Their names.
        value: The value of the first one, where it helps to find it.
        joined: What stands between their names.
    """

    def __init__(
        self,
        settings: Sequence[str],
        problem: str,
        *,
        value: str = "",
        joined: str = " with ",
        cause: Cause | None = None,
    ) -> None:
        super().__init__(problem, cause=cause)
        self.settings = tuple(settings)
        self.value = value
        self.joined = joined

    def __str__(self) -> str:
        return self.sentence(str)

    def sentence(self, name: Callable[[str], str]) -> str:
        """What is wrong, where `name` returns what a setting is called."""
        first, *others = map(name, self.settings)
        return f"{self.joined.join((f'{first} {self.value}'.rstrip(), *others))}: {self.problem}"


class SettingEmpty(UsageError):
    """A setting that was given, and holds nothing."""

    def __init__(self, setting: str) -> None:
        super().__init__("is empty")
        self.settings = (setting,)

    def __str__(self) -> str:
        return self.sentence(str)

    def sentence(self, name: Callable[[str], str]) -> str:
        """What is wrong, where `name` returns what the setting is called."""
        return f"{name(self.settings[0])} {self.problem}"


class SettingIgnored(UsageError):
    """Settings without effect on a model.

    Attributes:
        settings: Their names.
        on: The model, or what takes its place.
        takers: The names of the models that take the setting; empty if the answer is another one.
        instead: A setting that serves the same purpose with this model; empty if there is none.
    """

    def __init__(
        self, settings: Sequence[str], on: str, takers: str = "", instead: str = "", cause: Cause | None = None
    ) -> None:
        super().__init__(f"has no effect on {on}", cause=cause)
        self.settings = tuple(settings)
        self.on = on
        self.takers = takers
        self.instead = instead

    def __str__(self) -> str:
        return self.sentence(str)

    def sentence(self, name: Callable[[str], str]) -> str:
        """What is wrong, where `name` returns what a setting is called."""
        sentence = f"{' and '.join(map(name, self.settings))} {self.problem}"
        if self.takers:
            sentence += f"; models that take it: {self.takers}"
        return sentence
