"""Which settings have no effect, because of a flag or a stronger setting that contradicts them. Pure.

A command refuses options that contradict each other. That is right for flags, which are written together; but a value
in a file was written for other days, so here it gives way. Two settings of the same table still contradict each other.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from asrcli.config.layers import Setting
from asrcli.core.dataclass import dataclass

FLAGS = 1 << 20  # the strength of a flag: above that of any setting
NO_RECONNECT = "no-reconnect"  # stands for reconnect = false
_WHOLE_FILE = "gain denoise agc channel each-channel raw encoding rate channels start end track fallback"
_EITHER = (
    ("url", "region"),
    ("url", "local"),
    ("journal", "no-journal"),
    ("quiet", "verbose"),
    ("threshold", "noise-threshold"),
    (NO_RECONNECT, "retries retry-for fallback"),
    ("output", "output-dir"),
    ("each-channel", "channel"),
    ("passthrough", _WHOLE_FILE),
    ("ptt", "heartbeat"),
    ("template", "timestamps"),
    ("faults", "chaos"),
    ("keys", "api-key-file"),
    ("alignment", "json"),
)
# The first has to be stronger to make the others void. A workspace of a weaker place still counts beside a URL.
_STRONGER = (*_EITHER, *((other, one) for one, others in _EITHER for other in others.split()), ("workspace", "url"))
# The first makes the others void wherever both come from.
_ALWAYS = (
    ("local", "region workspace proxy ca api-key-file temporary-key fallback budget"),
    ("test", "ptt local url format output exec save-audio fallback"),
    ("wire none", "region workspace model local temporary-key"),
)
# The first has an effect only beside one of the others.
_NEEDS = (
    ("engine", "local"),
    ("encoding", "raw"),
    ("rate", "raw"),
    ("channels", "raw"),
    ("chaos-waits", "chaos"),
    ("translation-only", "translate"),
    ("append", "output output-dir"),
    ("timestamps", "format text"),
    ("template", "format text"),
    ("partials", "format text,format jsonl"),
    ("max-line", "format srt,format vtt,format ass"),
    ("max-lines", "format srt,format vtt,format ass"),
    ("embed-audio", "format html"),
    ("record-audio", "record"),
    ("no-audio", "show-sent"),
)
_CONTINUED = frozenset({"text", "jsonl"})  # the formats that --append can continue


@dataclass
class EffectiveSettings:
    """The settings of a command, without those that have no effect.

    Attributes:
        settings: What is left, by option.
        all: What there was, except options that a flag gives.
        void: For each option that was left out, what it gives way to or lacks.
    """

    settings: dict[str, Setting]
    all: dict[str, Setting]
    void: dict[str, str]


def effective(
    settings: Mapping[str, Setting],
    flags: Mapping[str, Any],
    options: set[str],
    format_of: Callable[[str], str],
) -> EffectiveSettings:
    """The settings that have an effect.

    Args:
        settings: The strongest setting of each option, with values of the types of the options.
        flags: What the command line gives, by option; it is never left out.
        options: The options of the command.
        format_of: Returns the format of the transcript that the name of a file stands for.
    """
    found = _Search(settings, flags, options, format_of)
    beside_flags = dict(found.left)
    found.search()
    return EffectiveSettings(found.left, beside_flags, found.void)


class _Search:
    def __init__(
        self,
        settings: Mapping[str, Setting],
        flags: Mapping[str, Any],
        options: set[str],
        format_of: Callable[[str], str],
    ) -> None:
        self.left = {option: setting for option, setting in settings.items() if option not in flags}
        self.void: dict[str, str] = {}
        self._flags = flags
        self._options = options
        self._format_of = format_of

    def search(self) -> None:
        """Leave out setting after setting, in the order of the tables."""
        for one, others in _STRONGER:
            for other in others.split():
                if self._strength(one) > self._strength(other) > 0 and not self._is_old_rule(one, other):
                    self._leave_out(other, one)
        if self._of_sdk("url"):
            self._leave_out("workspace", "url")
        for one, others in _ALWAYS:
            for other in others.split():
                if self._is_active(one):
                    self._leave_out(other, one)
        self._choose_format()
        self._leave_out_lonely()
        for name in self._formats():
            if name not in _CONTINUED:
                self._leave_out("append", f"format {name}")

    def _leave_out_lonely(self) -> None:
        """Leave out what has an effect only beside another option that is not there."""
        for one, needed in _NEEDS:
            names = needed.split(",") if "format" in needed else needed.split()
            if self._applies(names) and not any(map(self._is_active, names)):
                self._leave_out(one, f"no {' or '.join(names)}")

    def _is_old_rule(self, one: str, other: str) -> bool:
        """Whether it is a variable of the SDK against the recognizer of this machine, which never gave way to it."""
        return other == "local" and self._of_sdk(one)

    def _of_sdk(self, option: str) -> bool:
        return option in self.left and not self.left[option].is_ours

    def _choose_format(self) -> None:
        """Let the name of a file decide over a weaker format, where it says one."""
        name = str(self._value("output") or "")
        says = self._format_of(name) != "text" or name.lower().endswith(".txt")
        if says and self._strength("output") > self._strength("format") > 0:
            self._leave_out("format", "output")

    def _applies(self, names: list[str]) -> bool:
        return any(name.split()[0] in self._options for name in names)

    def _leave_out(self, option: str, reason: str) -> None:
        name = option
        if option == NO_RECONNECT:
            name = "reconnect"
        if name in self.left:
            del self.left[name]
            self.void[name] = reason

    def _is_active(self, option: str) -> bool:
        if option.startswith("format "):
            return option.split()[1] in self._formats()
        if option == "wire none":
            return str(self._value("wire")) == "none"
        return self._strength(option) > 0

    def _strength(self, option: str) -> int:
        """How strong an option is; 0 if it is not given, or is switched off."""
        name = option
        inactive = False
        if option == NO_RECONNECT:
            name = "reconnect"
            inactive = True
        value = self._value(name)
        if value is None or value == [] or (isinstance(value, bool) and value is inactive):
            return 0
        if name in self._flags:
            return FLAGS
        return self.left[name].strength

    def _value(self, option: str) -> Any:
        if option in self._flags:
            return self._flags[option]
        if option in self.left:
            return self.left[option].value
        return None

    def _formats(self) -> Iterator[str]:
        given = self._value("format")
        if given:
            yield from map(str, given)
        elif output := self._value("output"):
            yield self._format_of(str(output))
        else:
            yield "text"
