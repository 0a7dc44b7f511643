"""`asr vocab`: the hot-word lists of an account."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.options import shared as o
from asrcli.cli.options.connection import EndpointOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.core.errors import AsrError, ServiceRefused, UsageError, combine_errors
from asrcli.core.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from asrcli.cli.render import hotword_tables
    from asrcli.dashscope.hotword_list_client import HotWordLists
    from asrcli.dashscope.hotwords import HotWord

EXAMPLES = """Examples:

asr vocab create --words 'Kubernetes:5,梯度下降:4' --prefix ml

asr vocab show "$(asr vocab sync words.txt)\""""
USUAL_PREFIX = "asr"
LIST_PANEL = "List"


class VocabAction(StrEnum):
    """What is done with lists."""

    LIST = "list"
    SHOW = "show"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SYNC = "sync"


# option -> the actions it has an effect on
TAKEN = {
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
        help="The words, in place of FILE: 'Kubernetes:5,梯度'.",
        metavar="WORDS",
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
TargetModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        help=f"The one model that the list is for. Default: {DEFAULT_MODEL}.",
        autocompletion=o.models,
        metavar="NAME",
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
Prefix = Annotated[
    str | None,
    typer.Option(
        help="What ids begin with: 1 to 9 digits and lower-case letters. Default: from the name of FILE.",
        metavar="NAME",
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
Wait = Annotated[
    bool | None,
    typer.Option(
        "--wait/--no-wait",
        help="--wait: for the 5 minutes between two updates. --no-wait: not even until it can be used.",
        metavar=o.FLAG,
        rich_help_panel=LIST_PANEL,
        show_default=False,
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes",
        "-y",
        help="Delete, or replace other words, without asking.",
        metavar=o.FLAG,
        rich_help_panel=LIST_PANEL,
    ),
]


@expand_option_groups
def vocab(
    action: Wanted = VocabAction.LIST,
    what: What = None,
    *,
    as_json: o.AsJson = False,
    words: Words = None,
    model: TargetModel = None,
    prefix: Prefix = None,
    wait: Wait = None,
    yes: Yes = False,
    connection_options: EndpointOptions,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
    log_file: o.LogFile = None,
) -> None:
    """List, show, create, update, delete or sync hot-word lists.

    sync makes a list hold what is in FILE, creating it if need be, and prints its id for --vocabulary-id.

    What show prints, create, update and sync read.

    In FILE: words as text:weight, or lines of text, weight and language with tabs between, or JSON. # is a comment.

    Weights are 1 to 5, usually 4; 50 is for qwen-audio-3.x alone. An account has 10 lists, each for one model.
    """
    del debug  # read by the error boundary
    from asrcli.cli.build import run
    from asrcli.cli.render import hotword_tables

    given: dict[str, object] = {"--words": words, "--model": model, "--prefix": prefix, "--yes": yes or None}
    given |= {"--no-wait" if wait is False else "--wait": wait}
    for name, value in given.items():
        if value is not None and action not in TAKEN[name]:
            raise UsageError(f"{name} has no effect on asr vocab {action}")
    run.log_to(log_file)
    names = list(what or ())
    show = hotword_tables.HotWordListPrinter(as_json=as_json, quiet=quiet)
    if action is VocabAction.LIST:
        from asrcli.dashscope.hotwords import check_prefix

        _count(action, names, 0)
        show.print_all(_lists(connection_options, show).all("" if prefix is None else check_prefix(prefix)))
    elif action is VocabAction.SHOW:
        _count(action, names, 1)
        show.print_one(_lists(connection_options, show).query(names[0]))
    elif action is VocabAction.DELETE:
        _delete(names, _lists(connection_options, show), show, sure=yes)
    elif action is VocabAction.UPDATE:
        _update(names, words, _lists(connection_options, show), show, wait)
    else:
        _make(
            action,
            names,
            words,
            model or DEFAULT_MODEL,
            prefix,
            _lists(connection_options, show),
            show,
            wait,
            replace=yes,
        )


def _lists(connection_options: EndpointOptions, show: "hotword_tables.HotWordListPrinter") -> "HotWordLists":
    """The lists of whoever is asked."""
    import time
    from datetime import datetime

    from asrcli.dashscope.hotword_list_client import HotWordLists
    from asrcli.protocol.http import hotword_lists
    from asrcli.transport.http_client import HttpClient

    rest = HttpClient(connection_options.connection())
    return HotWordLists(
        lambda asked: rest.post(
            hotword_lists.HOTWORD_LISTS_PATH,
            hotword_lists.write_request(asked),
            # A second list, a second deletion, an update too soon: what may have been done is not asked again.
            repeatable=isinstance(asked, hotword_lists.BrowseLists | hotword_lists.QueryList),
        ),
        lambda: datetime.now().astimezone(),
        time.sleep,
        show.message,
    )


def _make(
    action: VocabAction,
    names: list[str],
    words: str | None,
    model: str,
    prefix: str | None,
    lists: "HotWordLists",
    show: "hotword_tables.HotWordListPrinter",
    wait: bool | None,
    *,
    replace: bool,
) -> None:
    from asrcli.dashscope.hotwords import check_hotwords, check_prefix, limits_of, prefix_of
    from asrcli.dashscope.model_selection import find_model
    from asrcli.dashscope.validation import model_notices

    file = _file(action, names, words)
    stem = "" if file in {"", "-"} else Path(file).name.partition(".")[0]
    if action is VocabAction.SYNC and not stem and prefix is None:
        raise UsageError("sync finds its list by a name, and there is none", "give it one with --prefix")
    wanted = check_hotwords(_read(file, words), limits_of(model))
    name = check_prefix(prefix_of(stem) if stem and prefix is None else prefix or USUAL_PREFIX)
    if action is VocabAction.SYNC:
        vocabulary_id, done = lists.sync(model, name, wanted, patient=bool(wait), replace=replace)
    else:
        vocabulary_id, done = lists.create(model, name, wanted), "created"
    for notice in model_notices(find_model(model)):
        show.message(notice)
    show.message(f"{done}: {_counted(wanted)}, for {model}")
    _settled(vocabulary_id, done, lists, show, wait)


def _counted(words: "Sequence[HotWord]") -> str:
    return f"{len(words)} word{'' if len(words) == 1 else 's'}"


def _update(
    names: list[str],
    words: str | None,
    lists: "HotWordLists",
    show: "hotword_tables.HotWordListPrinter",
    wait: bool | None,
) -> None:
    from asrcli.dashscope.hotwords import check_hotwords, limits_of

    if not names:
        raise UsageError("update needs an ID", "asr vocab list has them")
    read = _read(_file(VocabAction.UPDATE, names[1:], words), words)
    there = lists.query(names[0])
    wanted = check_hotwords(read, limits_of(there.model))
    lists.update(there, wanted, patient=bool(wait))
    show.message(f"updated: {_counted(wanted)}, for {there.model}")
    _settled(there.id, "updated", lists, show, wait)


def _settled(
    vocabulary_id: str, done: str, lists: "HotWordLists", show: "hotword_tables.HotWordListPrinter", wait: bool | None
) -> None:
    """Put out the id, as soon as it can be used; and where that takes too long, all the same."""
    try:
        if wait is not False:
            lists.settle(vocabulary_id)
    finally:
        show.print_done(vocabulary_id, done)


def _delete(names: list[str], lists: "HotWordLists", show: "hotword_tables.HotWordListPrinter", *, sure: bool) -> None:
    if not names:
        raise UsageError("delete needs an ID", "asr vocab list has them")
    if not sure and not show.confirmed(f"delete {', '.join(names)}?"):
        raise UsageError("nothing is deleted")
    failures: list[AsrError] = []
    for name in dict.fromkeys(names):
        try:
            lists.delete(name)
        except ServiceRefused as exc:  # of one that is not there; the others may be
            failures.append(exc)
        else:
            show.print_done(name, "deleted")
    if failures:
        raise combine_errors(failures)


def _count(action: VocabAction, names: list[str], wanted: int) -> None:
    if len(names) != wanted:
        raise UsageError(f"{action} takes {'one ID' if wanted else 'no ID'}", "to see one: asr vocab show ID")


def _file(action: VocabAction, names: list[str], words: str | None) -> str:
    """The one file that words come from, empty where they stand on the command line."""
    if words is not None and names:
        raise UsageError("--words with FILE: words come from one of them")
    if words is None and len(names) != 1:
        raise UsageError(f"{action} takes one FILE, or --words")
    return names[0] if names else ""


def _read(file: str, words: str | None) -> "tuple[HotWord, ...]":
    from asrcli.cli.build.text_files import read_text_file
    from asrcli.dashscope.hotwords import parse_hotwords

    return parse_hotwords(words if words is not None else read_text_file(file, file))
