"""Refuses options that the parser misunderstands: two values for one, one in place of a value, other hyphens."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from asrcli.core.errors import UsageError
from asrcli.core.redaction import without_secrets

# Word processors and web pages make one of these of one or two hyphens, and some keyboards have them.
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
HINTS = {"output": "for two files give one name, and each format: -f srt -f text -o NAME"}


def parsed(command: Any, ctx: Any, args: Sequence[str], new_parser: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what a command line gives, by parameter; nothing in a completion, where it may contradict itself.

    Args:
        command: The command, whose parser may be used again for the same context.
        ctx: The context of the command.
        args: The command line, after the name of the command.
        new_parser: Makes a parser that nothing else uses: looking for different values changes it.

    Raises:
        UsageError: an option has several values or another option as its value, is both given and taken back, is
            written with other hyphens, or names a shell that is not this one.
    """
    if ctx.resilient_parsing:
        return {}
    _refuse_other_hyphens(command, ctx, args)
    given, rest, order = command.make_parser(ctx).parse_args(args=list(args))
    asked = [each for each in ("show_completion", "install_completion") if given.get(each)]
    if asked and rest:
        problem = f"--{asked[0].replace('_', '-')} with {rest[0]}: it is for the shell that it is run from"
        raise UsageError(problem, "run it there, or take the file of that shell from the folder completions")
    _refuse_swallowed(command.get_params(ctx), args, given)
    repeated = [each for each, times in Counter(order).items() if times > 1 and _takes_one(each)]
    if repeated:
        _refuse_different(new_parser(ctx), args, repeated)
    return dict(given)


def _refuse_other_hyphens(command: Any, ctx: Any, args: Sequence[str]) -> None:
    """Refuse -local, —local and –l, where there are --local and -l: to the parser they are -l ocal, and two files."""
    if not any(_has_other_hyphens(word) for word in args):
        return
    options = [each for each in command.get_params(ctx) if each.param_type_name == "option"]
    names = {name for each in options for name in (*each.opts, *each.secondary_opts)}
    takers = {name for each in options if not (each.is_flag or each.count) for name in each.opts}
    for before, word in pairwise(("", *args)):
        if word == "--":
            return
        if before in takers:
            continue
        if not word.startswith(tuple(_DASHES)) and not ctx.allow_interspersed_args:
            return  # what follows belongs to another program, or to the command
        written = word.partition("=")[0]
        bare = written.lstrip(_DASHES)
        name, hyphens = f"--{bare}", "two hyphens"
        if len(bare) == 1:
            name, hyphens = f"-{bare}", "a hyphen"
        if _has_other_hyphens(word) and name in names and name != written:
            raise UsageError(f"No such option: {written}", f"write it with {hyphens}: {name}")


def _has_other_hyphens(word: str) -> bool:
    if len(word) == 2:
        return word.startswith(tuple(_DASHES[1:]))
    return len(word) > 2 and word.startswith(tuple(_DASHES)) and not word.startswith("--")


def _refuse_swallowed(parameters: Sequence[Any], args: Sequence[str], given: Mapping[str, Any]) -> None:
    """Refuse an option that another one has taken for its value; written as --model=--local it is meant as one."""
    options = {name for each in parameters for name in (*each.opts, *each.secondary_opts) if name.startswith("-")}
    takers = {name: each for each in parameters if each.param_type_name == "option" for name in each.opts}
    for name, value in pairwise(args):
        if value not in options or name not in takers:
            continue
        taken = given.get(takers[name].name)
        if taken == value or (isinstance(taken, list | tuple) and value in taken):
            raise UsageError(f"{name} needs a value, and {value} is an option", "write the value after it")


def _refuse_different(parser: Any, args: Sequence[str], repeated: Sequence[Any]) -> None:
    for parameter in repeated:
        _collect(parser, parameter)
    given, _, _ = parser.parse_args(args=list(args))
    for parameter in repeated:
        different = list(dict.fromkeys(given[parameter.name]))
        if len(different) > 1:
            named = " and ".join(_named(parameter, value) for value in different)
            raise UsageError(f"{named} are given, but only one can be used", HINTS.get(parameter.name, "leave one out"))


def _takes_one(parameter: Any) -> bool:
    is_option = parameter.param_type_name == "option"
    return is_option and not parameter.multiple and not parameter.count and parameter.nargs == 1


def _collect(parser: Any, parameter: Any) -> None:
    """Let the parser keep each value of an option, and the name of what has no value."""
    without_value = {_negation(parameter): [_negation(parameter)]} | {each: [each] for each in parameter.secondary_opts}
    if parameter.is_flag:
        without_value[_name(parameter)] = parameter.opts
    else:
        parser.add_option(obj=parameter, opts=parameter.opts, dest=parameter.name, action="append")
    for name, opts in without_value.items():
        parser.add_option(obj=parameter, opts=opts, dest=parameter.name, action="append_const", const=name)


def _name(parameter: Any) -> str:
    return str(next(each for each in parameter.opts if each.startswith("--")))


def _negation(parameter: Any) -> str:
    return _name(parameter).replace("--", "--no-", 1)


def _named(parameter: Any, value: str) -> str:
    if parameter.is_flag or value == _negation(parameter):
        return value
    return f"{_name(parameter)} {without_secrets(value)}"
