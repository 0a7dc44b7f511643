"""Puts the places where a value can come from in order, and keeps for each option the strongest. Pure.

The order: environment of this program, environment of the official SDK, profile, file. In each of the last two the file
of the current folder comes before the user's own, and the table of a command before what holds for all commands.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asrcli.config.document import Document, TableName, canonical, suggested
from asrcli.config.reach import OPTIONS, is_confirmation, is_general
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError
from asrcli.core.settings import KEY_VARIABLE

PREFIX = "ASR_OPT_"
PROFILE_VARIABLE = "ASR_PROFILE"
# The variables of the official SDK that stand for an option, in the order in which the SDK asks for them.
SDK_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "url": ("DASHSCOPE_WEBSOCKET_BASE_URL", "DASHSCOPE_BASE_URL", "DASHSCOPE_HTTP_BASE_URL"),
    "region": ("DASHSCOPE_REGION", "DASHSCOPE_API_REGION"),
    "workspace": ("DASHSCOPE_WORKSPACE", "DASHSCOPE_WORKSPACE_ID"),
    "api-key-file": (KEY_VARIABLE, "DASHSCOPE_API_KEY_FILE_PATH"),
}
ENVIRONMENT, SDK = 1000, 900  # strength; those of files are below


@dataclass(frozen=True)
class Setting:
    """A value of an option that does not come from a flag.

    Attributes:
        value: As it stands there: text of a variable, or a value of TOML.
        origin: The variable, or file and line, and the profile.
        strength: Of two settings that contradict each other the stronger one holds.
        is_text: It is the text of a variable.
        is_ours: This program puts it into effect; what the SDK's variables say is read where it is used.
    """

    value: Any
    origin: str
    strength: int
    is_text: bool = False
    is_ours: bool = True


def settings_of(
    command: str,
    options: Sequence[str],
    documents: Sequence[Document],
    environment: Mapping[str, str],
    profile: str | None,
) -> dict[str, Setting]:
    """The strongest setting of each option of a command. `documents`: the stronger file first.

    Raises:
        UsageError: a variable names no option, or no file has that profile.
    """
    check_profile(documents, profile, f"{PROFILE_VARIABLE}: " if environment.get(PROFILE_VARIABLE) == profile else "")
    found: dict[str, Setting] = {}
    layers = [
        _environment_layer(command, options, environment),
        _sdk_layer(options, environment),
        *_file_layers(command, documents, profile),
    ]
    for layer in layers:
        for option, setting in layer.items():
            if option in options:
                found.setdefault(option, setting)
    return found


def check_environment(environment: Mapping[str, str], options: Sequence[str] = ()) -> None:
    """Refuse variables with our prefix that stand for no option. `options`: names beyond those of the table.

    Raises:
        UsageError: there is one; the error suggests another name.
    """
    given = [name for name, text in environment.items() if name.startswith(PREFIX) and text]
    if not given:
        return  # as nearly always; the names of all variables take a millisecond
    known = {variable(name): name for each in OPTIONS.values() for name in each} | {
        variable(name): name for name in options
    }
    known |= {variable(name, command): name for command, each in OPTIONS.items() for name in each}
    for name in given:
        if name not in known:
            advice = _variable_advice(name, known)
            raise UsageError(f"{name}: no such option", advice)
        if is_confirmation(known[name]):
            raise UsageError(f"{name}: {known[name]} confirms one run, so it can only be a flag")


def variable(option: str, command: str | None = None) -> str:
    """The environment variable of an option, for all commands or for one: ASR_OPT_MODEL, ASR_OPT_MIC_MODEL."""
    return PREFIX + "_".join(filter(None, (command, option))).replace("-", "_").upper()


def check_profile(documents: Sequence[Document], profile: str | None, origin: str = "") -> None:
    """Refuse a profile that no file has. `origin` stands before the problem.

    Raises:
        UsageError: there is none of that name.
    """
    known = list(dict.fromkeys(name for document in documents for name in document.profiles))
    if profile is None or profile in known:
        return
    if not known:
        problem = f"{origin}no profile {profile}: no settings file has one"
        raise UsageError(problem, "asr config edit: write [profile.NAME]")
    raise UsageError(f"{origin}no profile {profile}", suggested(profile, known) or f"there are {', '.join(known)}")


def _variable_advice(name: str, known: Mapping[str, str]) -> str:
    if name == f"{PREFIX}PROFILE":
        return f"a profile is chosen with {PROFILE_VARIABLE}"
    option = canonical(name.removeprefix(PREFIX).lower())
    if option.startswith("no-") and variable(option[3:]) in known:
        return f"write {variable(option[3:])}=false"
    if variable(option) in known:
        return f"write {variable(option)}"
    names = {each.removeprefix(PREFIX).lower().replace("_", "-"): each for each in known}
    similar = suggested(option, names)
    word = similar.removeprefix("did you mean ").rstrip("?")
    if similar:
        return f"did you mean {names[word]}?"
    return "asr config list names all options"


def _environment_layer(command: str, options: Sequence[str], environment: Mapping[str, str]) -> dict[str, Setting]:
    check_environment(environment, options)
    found = {}
    for option in options:
        for name in (variable(option, command), variable(option)):
            if environment.get(name):
                found[option] = Setting(environment[name], name, ENVIRONMENT, is_text=True)
                break
    return found


def _sdk_layer(options: Sequence[str], environment: Mapping[str, str]) -> dict[str, Setting]:
    if "url" not in options:  # such as the key that asr serve asks of its clients
        return {}
    found = {}
    for option, names in SDK_VARIABLES.items():
        name = next((name for name in names if environment.get(name, "").strip()), None)
        if name is not None:
            value = ""
            if name != KEY_VARIABLE:
                value = environment[name].strip()
            found[option] = Setting(value, name, SDK, is_text=True, is_ours=False)
    return found


def _file_layers(command: str, documents: Sequence[Document], profile: str | None) -> Iterator[dict[str, Setting]]:
    """The layers of the files, the strongest first."""
    wanted = [(name, document) for name in filter(_is_given, (profile,)) for document in documents]
    wanted += [(None, document) for document in documents]
    strength = 2 * len(wanted)
    for name, document in wanted:
        where = ""
        if name is not None:
            where = f" [profile.{name}]"
        for own in (command, None):
            entries = document.tables.get(TableName(name, own), {})
            yield {
                option: Setting(entry.value, entry.place + where, strength)
                for option, entry in entries.items()
                if own or is_general(command, option)
            }
            strength -= 1


def _is_given(name: str | None) -> bool:
    return name is not None
