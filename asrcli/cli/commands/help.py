"""`asr help`: topics, and all options of a command; the man page from the same texts."""

from difflib import get_close_matches
from typing import Annotated

import typer

from asrcli.cli.app import COMMANDS, load_command
from asrcli.cli.options.panels import FLAG
from asrcli.cli.render.help_page import width
from asrcli.cli.render.stdout import print_lines
from asrcli.cli.render.topic_pages import about, topic_lines, topic_names
from asrcli.core.errors import UsageError, shorten

EXAMPLES = "Examples:\n\nasr help recovery\n\nasr help --man | man -l -"


def _names() -> list[str]:
    """What completion offers: topics and commands."""
    return list(dict.fromkeys([*topic_names(), *COMMANDS]))


Topic = Annotated[
    str | None,
    typer.Argument(help="A topic or a command.", metavar="[TOPIC]", show_default=False, autocompletion=_names),
]
Man = Annotated[bool, typer.Option("--man", help="Print the man page as troff source.", metavar=FLAG)]


def help(topic: Topic = None, man: Man = False) -> None:  # noqa: A001  the name of the command
    """Explain a topic, or show all options of a command. Without either, list the topics."""
    if man:
        from asrcli.cli.render.man_page import man_page

        if topic is not None:
            raise UsageError("--man with a topic: the man page has all of them", "leave one of them out")
        print_lines(*man_page().splitlines())
    elif topic is None:
        names = topic_names()
        column = max(map(len, names)) + 2
        print_lines("asr help TOPIC explains:", *(f"  {name:{column}}{about(name)}" for name in names))
        print_lines("", "asr help COMMAND shows all options of a command; asr --help lists the commands.")
    elif topic in topic_names():
        print_lines(*topic_lines(topic, width()))
    else:
        _explain_command(topic)


def _explain_command(name: str) -> None:
    """Print the full help of a command.

    Raises:
        UsageError: there is no such command, and no such topic.
    """
    if name not in COMMANDS:
        similar = " or ".join(f"asr help {each}" for each in get_close_matches(name.lower(), _names()))
        advice = "asr help lists the topics"
        if similar:
            advice = f"did you mean {similar}? asr help lists the topics"
        raise UsageError(f"no topic {shorten(name, 40)}", advice)
    command = load_command(name)
    context = command.make_context(f"asr {name}", [], resilient_parsing=True, help_option_names=["-h", "--help"])
    print_lines(*command.full_help(context).splitlines())
