"""`asr config`: the settings, which are values of options that come from files, profiles and the environment."""

from enum import StrEnum
from typing import Annotated

import typer

from asrcli.cli.options.configured import chosen_profile, profile_names
from asrcli.cli.options.logging import Debug
from asrcli.cli.options.output import AsJson
from asrcli.cli.options.panels import FLAG
from asrcli.config.reach import OPTIONS, is_confirmation
from asrcli.core.errors import UsageError

EXAMPLES = """Examples:

asr config set mic.device usb

asr config show mic --origin"""


class ConfigAction(StrEnum):
    """What `asr config` does with the settings."""

    SHOW = "show"
    LIST = "list"
    SET = "set"
    UNSET = "unset"
    EDIT = "edit"
    PATH = "path"


# The actions on which an option has an effect.
ACTIONS_OF_OPTION = {
    "--origin": {ConfigAction.SHOW},
    "--json": {ConfigAction.SHOW},
    "--profile": {ConfigAction.SHOW, ConfigAction.SET, ConfigAction.UNSET},
}
TAKES_NOTHING = {ConfigAction.LIST, ConfigAction.EDIT, ConfigAction.PATH}


def _completions(incomplete: str) -> list[str]:
    """The options that can be set, for all commands or for one, and the commands."""
    general = {name for options in OPTIONS.values() for name in options}
    own = [f"{command}.{name}" for command, options in OPTIONS.items() for name in options]
    names = [*OPTIONS, *sorted(general), *(own if "." in incomplete else ())]
    return [name for name in names if name.startswith(incomplete) and not is_confirmation(name.rpartition(".")[2])]


Wanted = Annotated[
    ConfigAction,
    typer.Argument(help="show (the default), list, set, unset, edit or path.", show_default=False, metavar="[ACTION]"),
]
What = Annotated[
    list[str] | None,
    typer.Argument(
        help="show [COMMAND or KEY] · set KEY VALUE... · unset KEY. A key is an option (model), or one of a command "
        "(mic.device). -- stands before a negative number.",
        metavar="[WHAT]...",
        show_default=False,
        autocompletion=_completions,
    ),
]
Origin = Annotated[bool, typer.Option("--origin", help="show: where each value comes from.", metavar=FLAG)]
Profile = Annotated[
    str | None,
    typer.Option(help="show, set, unset: in this profile.", metavar="NAME", autocompletion=profile_names),
]


def config(
    action: Wanted = ConfigAction.SHOW,
    what: What = None,
    origin: Origin = False,
    as_json: AsJson = False,
    profile: Profile = None,
    debug: Debug = False,
) -> None:
    """Show, list or change the settings: values for options that you do not want to type each time.

    show prints the values that apply here, with COMMAND also the defaults, with KEY that one. list prints every option
    that can be set.

    set, unset and edit change your own file; path prints its name. ./asr.toml is read too, but may set fewer options.
    """
    del debug  # read by the error boundary
    given: dict[str, object] = {"--origin": origin, "--json": as_json, "--profile": profile}
    for option, value in given.items():
        if value and action not in ACTIONS_OF_OPTION[option]:
            raise UsageError(f"{option} has no effect on asr config {action}")
    words = list(what or ())
    if words and action in TAKES_NOTHING:
        raise UsageError(f"{action} takes no more arguments: {words[0]}", "see asr config --help")
    if action in {ConfigAction.SHOW, ConfigAction.LIST}:
        from asrcli.cli.render import setting_lines

        if action is ConfigAction.SHOW:
            setting_lines.show(words, chosen_profile(profile), origin=origin, as_json=as_json)
        else:
            setting_lines.list_all()
        return
    from asrcli.cli.builders import configuration

    if action is ConfigAction.SET:
        configuration.set_option(words, profile)
    elif action is ConfigAction.UNSET:
        configuration.unset_option(words, profile)
    elif action is ConfigAction.EDIT:
        configuration.edit()
    else:
        configuration.print_path()
