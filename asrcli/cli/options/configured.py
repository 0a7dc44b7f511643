"""Commands whose options come from flags first, then from environment variables, profiles and files."""

import os
import re
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property
from typing import Any

from typer.core import TyperOption

from asrcli.cli.console import print_message
from asrcli.cli.options.panels import DIAGNOSIS
from asrcli.cli.options.repeated_options import parsed
from asrcli.cli.options.setting_values import has_empty, is_path_type, option_name, option_value
from asrcli.cli.render.help_page import Command
from asrcli.config.contradictions import EffectiveSettings, effective
from asrcli.config.document import Document
from asrcli.config.layers import PROFILE_VARIABLE, Setting, settings_of
from asrcli.config.reach import OPTIONS, Reach, is_path
from asrcli.core.errors import AsrError, UsageError, bare_url
from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.core.settings import KEY_VARIABLE

NO_SETTINGS = {"help", "help-all", "profile"}
MAY_BE_EMPTY = {"profile", "url"}  # no profile; an address has an error of its own
WRITES_HERE = {"output", "save_audio"}  # names of files that are no paths to Typer
EXAMINES_SETTINGS = {"doctor"}  # commands that report settings that are not valid, among other things
_ADDRESS = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]+://")
_used: ContextVar[Mapping[str, Setting] | None] = ContextVar("_used", default=None)
_typed: ContextVar[Collection[str]] = ContextVar("_typed", default=())


class ConfiguredCommand(Command):
    """A command that takes what the command line leaves open from the settings. The help needs no settings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parsed: Any = None  # the context of the last parser
        self._parser: Any = None
        # What stands after the name of another program belongs to that program.
        self.allow_interspersed_args = not any(each.metavar == "[COMMAND]..." for each in self.params)
        if self.options:
            panels = {getattr(parameter, "rich_help_panel", None) for parameter in self.params}
            self.params.append(_profile_option(DIAGNOSIS if DIAGNOSIS in panels else None))

    @cached_property
    def options(self) -> dict[str, Any]:
        """The parameters that can be set, by the name of the option, in the order of the help."""
        if self.name not in OPTIONS:
            return {}
        own = [each for each in self.params if each.param_type_name == "option"]
        return {option_name(each): each for each in own if option_name(each) not in NO_SETTINGS}

    def make_parser(self, ctx: Any) -> Any:
        """The parser, made once for a context, in which the arguments are parsed twice: it keeps nothing of them."""
        if ctx is not self._parsed:
            self._parsed, self._parser = ctx, self._new_parser(ctx)
        return self._parser

    def _new_parser(self, ctx: Any) -> Any:
        """A parser that also takes --no-NAME for each option that a setting can give: as if it were not set."""
        parser = super().make_parser(ctx)
        taken = {name for each in self.get_params(ctx) for name in (*each.opts, *each.secondary_opts)}
        for option, parameter in self.options.items():
            if f"--no-{option}" not in taken and not option.startswith("no-"):
                parser.add_option(
                    obj=parameter,
                    opts=[f"--no-{option}"],
                    dest=parameter.name,
                    action="store_const",
                    const=parameter.default,
                )
        return parser

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. What they leave open, and the settings give, comes from these."""
        before = ctx.find_root().params.get("profile")  # what stands before the command
        if not self.options:
            ctx.default_map = {"profile": before}
        given = parsed(self, ctx, args, self._new_parser)
        if self.options and not ctx.resilient_parsing:
            self._refuse_empty(given)
            self._refuse_addresses(given)
            by_name = {each.name: each for each in self.get_params(ctx)}
            if not any(getattr(by_name[name], "is_eager", False) for name in given):
                ctx.default_map = self._defaults_unless_examined(ctx, given.get("profile", before), given)
        rest: list[str] = super().parse_args(ctx, args)
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command, unless a file that it writes is one that it reads, or that it writes for something else.

        Raises:
            UsageError: there is such a file.
        """
        if self.options:  # the others write nothing
            from asrcli.cli.builders.named_files import check_named_files

            check_named_files(str(self.name), self.params, ctx.params)
        return super().invoke(ctx)

    def _refuse_empty(self, given: Mapping[str, Any]) -> None:
        """Refuse values without any text, as a shell makes them of a variable that is not set."""
        for parameter in self.params:
            if has_empty(given.get(str(parameter.name))) and option_name(parameter) not in MAY_BE_EMPTY:
                if parameter.param_type_name == "option":
                    raise UsageError(f"--{option_name(parameter)} is empty", "give it a value, or leave it out")
                if is_path_type(parameter):  # the type would take it for the current folder
                    raise UsageError(f"{parameter.metavar} is empty", "name a file")

    def _refuse_addresses(self, given: Mapping[str, Any]) -> None:
        """Refuse addresses of stores and servers where a file of this machine is read or written.

        As a path, s3://store/x would be made a folder called s3: here.
        """
        for parameter in self.params:
            value = given.get(str(parameter.name))
            is_local = is_path_type(parameter) or parameter.name in WRITES_HERE
            if is_local and isinstance(value, str) and _ADDRESS.match(value):
                name = parameter.metavar
                if parameter.param_type_name == "option":
                    name = f"--{option_name(parameter)}"
                raise UsageError(
                    f"{name} {bare_url(value)} is an address",
                    "name a file or folder of this machine",
                )

    def _defaults_unless_examined(self, ctx: Any, profile: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
        """The settings; none where a file is not valid and the command itself reports that."""
        try:
            return self._defaults(ctx, profile, given)
        except UsageError:
            if self.name not in EXAMINES_SETTINGS:
                raise
            return {}

    def _defaults(self, ctx: Any, profile: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
        flags = {option: given[each.name] for option, each in self.options.items() if each.name in given}
        found = self.effective_settings(ctx, chosen_profile(profile), flags)
        _used.set(found.settings)
        _typed.set(flags)
        values = {}
        for option, setting in found.settings.items():
            parameter = self.options[option]
            if setting.is_ours and has_empty(setting.value) and is_path(option):
                raise UsageError(f"{setting.origin}: {option} is empty", "asr config unset removes it")
            one_way = parameter.is_flag and not parameter.secondary_opts
            if setting.is_ours and not (one_way and setting.value is False):
                values[parameter.name] = setting.value
        return values

    def effective_settings(self, ctx: Any, profile: str | None, flags: Mapping[str, Any]) -> EffectiveSettings:
        """The settings beside these flags, with values of the types of the options.

        Raises:
            UsageError: a file or a variable is not valid.
        """
        from asrcli.cli.builders.transcript_names import format_of

        name = str(self.name)
        found = settings_of(name, list(self.options), documents_for(name), os.environ, profile)
        typed = dict(found)
        for option, setting in found.items():
            if setting.is_ours:
                typed[option] = replace(setting, value=option_value(self.options[option], setting, ctx))
        return effective(typed, flags, set(self.options), lambda path: format_of(path).value)


def documents_for(command: str) -> list[Document]:
    """The files that a command reads, the stronger one first.

    Raises:
        UsageError: one cannot be read, or is not valid.
    """
    from asrcli.config.files import read_folder_file, read_user_file

    documents = [read_user_file()]
    if Reach.FOLDER in OPTIONS.get(command, {}).values():
        documents.insert(0, read_folder_file(print_message))
    return documents


def chosen_profile(given: str | None) -> str | None:
    """The name of the profile: from the flag, else from the environment; None for no profile."""
    return (os.environ.get(PROFILE_VARIABLE) if given is None else given) or None


def is_configured(option: str) -> bool:
    """Whether the value of an option, such as --proxy, comes from a setting and not from a flag."""
    return option.lstrip("-") in (_used.get() or {})


def is_typed(option: str) -> bool:
    """Whether an option, such as --library or its --no-library, is on the command line."""
    return option.lstrip("-") in _typed.get()


def refuse_options_except(taken: Collection[str], action: str) -> None:
    """Refuse options on the command line that an action does not take. A setting that has no effect is no mistake.

    Raises:
        UsageError: there is one.
    """
    for option in _typed.get():
        if option not in taken:
            raise UsageError(f"--{option} has no effect on {action}")


def with_origins(sentence: str) -> str:
    """An error message, with the places of the settings whose options it names: nobody has typed these."""
    used = _used.get() or {}
    named = dict.fromkeys(re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*)", sentence))
    options = dict.fromkeys(name if name in used else name.removeprefix("no-") for name in named)
    # A key of the environment is no file; a sentence that finds fault with it names its variable.
    places = [
        f"{option} is set by {used[option].origin}"
        for option in options
        if option in used and used[option].origin != KEY_VARIABLE
    ]
    return "; ".join((sentence, *places))


def profile_names() -> list[str]:
    """The names of all profiles, for completion; none if a file is not valid."""
    try:
        return list(dict.fromkeys(name for document in documents_for("mic") for name in document.profiles))
    except AsrError:
        return []


def _profile_option(panel: str | None) -> TyperOption:
    return TyperOption(
        param_decls=["--profile"],
        help="Use the settings of this profile (asr config).",
        metavar="NAME",
        expose_value=False,
        autocompletion=profile_names,
        rich_help_panel=panel,
    )
