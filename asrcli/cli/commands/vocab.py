"""`asr vocab`: the hot-word lists of an account."""

from enum import StrEnum
from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.configured import is_configured
from asrcli.cli.options.connection import EndpointOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import Debug, LogFile, Quiet
from asrcli.cli.options.model import known_models
from asrcli.cli.options.output import AsJson
from asrcli.cli.options.panels import FLAG
from asrcli.core.errors import UsageError
from asrcli.core.settings import DEFAULT_MODEL

EXAMPLES = """Examples:

asr vocab create --words 'Kubernetes:5,梯度下降:4' --prefix ml

asr vocab show "$(asr vocab sync words.txt)\""""
ADVICE = "to see one: asr vocab show ID"
LIST_PANEL = "List"


class VocabAction(StrEnum):
    """What is done with lists."""

    LIST = "list"
    SHOW = "show"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SYNC = "sync"


# The actions on which an option has an effect.
ACTIONS_OF_OPTION = {
    "--words": {VocabAction.CREATE, VocabAction.UPDATE, VocabAction.SYNC},
    "--model": {VocabAction.CREATE, VocabAction.SYNC},
    "--prefix": {VocabAction.LIST, VocabAction.CREATE, VocabAction.SYNC},
    "--wait": {VocabAction.UPDATE, VocabAction.SYNC},
    "--no-wait": {VocabAction.CREATE, VocabAction.UPDATE, VocabAction.SYNC},
    "--yes": {VocabAction.DELETE, VocabAction.SYNC},
}

Wanted = Annotated[
    VocabAction,
    typer.Argument(
        help="list (the default), show, create, update, delete or sync.", show_default=False, metavar="[ACTION]"
    ),
]
What = Annotated[
    list[str] | None,
    typer.Argument(
        help="show ID · create FILE · update ID FILE · delete ID... · sync FILE; - is standard input.",
        metavar="[WHAT]...",
        show_default=False,
    ),
]
Words = Annotated[
    str | None,
    typer.Option(
        help="The words, instead of FILE: 'Kubernetes:5,梯度'.",
        metavar="WORDS",
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
TargetModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help=f"The model that the list is for. Default: {DEFAULT_MODEL}.",
        autocompletion=known_models,
        metavar="NAME",
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
Prefix = Annotated[
    str | None,
    typer.Option(
        help="Prefix of the ID: 1 to 9 digits and lower-case letters. Default: from the name of FILE.",
        metavar="NAME",
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
Wait = Annotated[
    bool | None,
    typer.Option(
        "--wait/--no-wait",
        help="--wait: also wait for the 5 minutes between two updates. --no-wait: do not wait until the list is ready.",
        metavar=FLAG,
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes",
        "-y",
        help="Delete the list, or replace its words, without asking.",
        metavar=FLAG,
        rich_help_panel=LIST_PANEL,
    ),
]


@expand_option_groups
def vocab(
    action: Wanted = VocabAction.LIST,
    what: What = None,
    *,
    as_json: AsJson = False,
    words: Words = None,
    model: TargetModel = None,
    prefix: Prefix = None,
    wait: Wait = None,
    yes: Yes = False,
    connection_options: EndpointOptions,
    quiet: Quiet = False,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """List, show, create, update, delete or sync hot-word lists.

    sync makes a list equal to FILE, creates the list if it does not exist, and prints its ID for --vocabulary-id.

    create, update and sync can read the output of show.

    FILE contains words as text:weight, or lines of text, weight and language separated by tabs, or JSON. # begins a
    comment.

    Weights are 1 to 5, usually 4; only qwen-audio-3.x also takes 50. An account has 10 lists, each for one model.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders import hotword_actions
    from asrcli.cli.render.hotword_tables import HotWordListPrinter

    given: dict[str, object] = {"--words": words, "--model": model, "--prefix": prefix, "--yes": yes or None}
    given |= {"--no-wait": wait is False or None, "--wait": wait or None}
    for name, value in given.items():
        if value is not None and action not in ACTIONS_OF_OPTION[name] and not is_configured(name):
            raise UsageError(f"{name} has no effect on asr vocab {action}")
    log_to(log_file)
    names = list(what or ())
    printer = HotWordListPrinter(as_json=as_json, quiet=quiet)
    if action is VocabAction.LIST and names:
        raise UsageError("list takes no ID", ADVICE)
    if action is VocabAction.SHOW and len(names) != 1:
        raise UsageError("show takes one ID", ADVICE)
    lists = hotword_actions.connect(connection_options.connection(), printer)
    actions = hotword_actions.HotWordActions(lists, printer, words, wait)
    model = model or DEFAULT_MODEL
    if action is VocabAction.LIST:
        actions.print_all(prefix)
    elif action is VocabAction.SHOW:
        printer.print_one(lists.query(names[0]))
    elif action is VocabAction.DELETE:
        actions.delete(names, yes=yes)
    elif action is VocabAction.UPDATE:
        actions.update(names)
    elif action is VocabAction.CREATE:
        actions.create(names, model, prefix)
    else:
        actions.sync(names, model, prefix, replace=yes)
