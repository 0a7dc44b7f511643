"""`asr vocab`: the hot-word lists of an account."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli import options as o
from asrcli.cli.grouping import grouped
from asrcli.cli.service import Elsewhere
from asrcli.errors import AsrError, ServiceRefused, UsageError, together

if TYPE_CHECKING:
    from asrcli.cli import listed
    from asrcli.lists import Lists
    from asrcli.vocabulary import HotWord

EXAMPLES = """Examples:

asr vocab create --words 'Kubernetes:5,梯度下降:4' --prefix ml

asr vocab show "$(asr vocab sync words.txt)\""""
USUAL_MODEL, USUAL_PREFIX = "fun-asr-realtime", "asr"
LIST_PANEL = "List"


class Action(StrEnum):
    """What is done with lists."""

    LIST = "list"
    SHOW = "show"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SYNC = "sync"


# option -> the actions it has an effect on
TAKEN = {
    "--words": {Action.CREATE, Action.UPDATE, Action.SYNC},
    "--model": {Action.CREATE, Action.SYNC},
    "--prefix": {Action.LIST, Action.CREATE, Action.SYNC},
    "--wait": {Action.UPDATE, Action.SYNC},
    "--no-wait": {Action.CREATE, Action.UPDATE, Action.SYNC},
    "--yes": {Action.DELETE, Action.SYNC},
}

Wanted = Annotated[
    Action,
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
        help=f"The one model that the list is for. Default: {USUAL_MODEL}.",
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


@grouped
def vocab(
    action: Wanted = Action.LIST,
    what: What = None,
    *,
    as_json: o.AsJson = False,
    words: Words = None,
    model: TargetModel = None,
    prefix: Prefix = None,
    wait: Wait = None,
    yes: Yes = False,
    service: Elsewhere,
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
    from asrcli.cli import listed, wiring

    given: dict[str, object] = {"--words": words, "--model": model, "--prefix": prefix, "--yes": yes or None}
    given |= {"--no-wait" if wait is False else "--wait": wait}
    for name, value in given.items():
        if value is not None and action not in TAKEN[name]:
            raise UsageError(f"{name} has no effect on asr vocab {action}")
    wiring.log_to(log_file)
    names = list(what or ())
    show = listed.Showing(as_json=as_json, quiet=quiet)
    if action is Action.LIST:
        from asrcli.vocabulary import check_prefix

        _count(action, names, 0)
        show.all(_lists(service, show).all("" if prefix is None else check_prefix(prefix)))
    elif action is Action.SHOW:
        _count(action, names, 1)
        show.one(_lists(service, show).query(names[0]))
    elif action is Action.DELETE:
        _delete(names, _lists(service, show), show, sure=yes)
    elif action is Action.UPDATE:
        _update(names, words, _lists(service, show), show, wait)
    else:
        _make(action, names, words, model or USUAL_MODEL, prefix, _lists(service, show), show, wait, replace=yes)


def _lists(service: Elsewhere, show: "listed.Showing") -> "Lists":
    """The lists of whoever is asked."""
    import time
    from datetime import datetime

    from asrcli.lists import Lists
    from asrcli.protocol import customization
    from asrcli.transport.rest import Rest

    rest = Rest(service.connection())
    return Lists(
        lambda asked: rest.post(
            customization.PATH,
            customization.written(asked),
            # A second list, a second deletion, an update too soon: what may have been done is not asked again.
            repeatable=isinstance(asked, customization.Browse | customization.Query),
        ),
        lambda: datetime.now().astimezone(),
        time.sleep,
        show.tell,
    )


def _make(
    action: Action,
    names: list[str],
    words: str | None,
    model: str,
    prefix: str | None,
    lists: "Lists",
    show: "listed.Showing",
    wait: bool | None,
    *,
    replace: bool,
) -> None:
    from asrcli.checks import notices
    from asrcli.models import find
    from asrcli.vocabulary import check, check_prefix, limits_of, prefix_of

    file = _file(action, names, words)
    stem = "" if file in {"", "-"} else Path(file).name.partition(".")[0]
    if action is Action.SYNC and not stem and prefix is None:
        raise UsageError("sync finds its list by a name, and there is none", "give it one with --prefix")
    wanted = check(_read(file, words), limits_of(model))
    name = check_prefix(prefix_of(stem) if stem and prefix is None else prefix or USUAL_PREFIX)
    if action is Action.SYNC:
        vocabulary_id, done = lists.sync(model, name, wanted, patient=bool(wait), replace=replace)
    else:
        vocabulary_id, done = lists.create(model, name, wanted), "created"
    for notice in notices(find(model)):
        show.tell(notice)
    show.tell(f"{done}: {_counted(wanted)}, for {model}")
    _settled(vocabulary_id, done, lists, show, wait)


def _counted(words: "Sequence[HotWord]") -> str:
    return f"{len(words)} word{'' if len(words) == 1 else 's'}"


def _update(names: list[str], words: str | None, lists: "Lists", show: "listed.Showing", wait: bool | None) -> None:
    from asrcli.vocabulary import check, limits_of

    if not names:
        raise UsageError("update needs an ID", "asr vocab list has them")
    read = _read(_file(Action.UPDATE, names[1:], words), words)
    there = lists.query(names[0])
    wanted = check(read, limits_of(there.model))
    lists.update(there, wanted, patient=bool(wait))
    show.tell(f"updated: {_counted(wanted)}, for {there.model}")
    _settled(there.id, "updated", lists, show, wait)


def _settled(vocabulary_id: str, done: str, lists: "Lists", show: "listed.Showing", wait: bool | None) -> None:
    """Put out the id, as soon as it can be used; and where that takes too long, all the same."""
    try:
        if wait is not False:
            lists.settle(vocabulary_id)
    finally:
        show.done(vocabulary_id, done)


def _delete(names: list[str], lists: "Lists", show: "listed.Showing", *, sure: bool) -> None:
    if not names:
        raise UsageError("delete needs an ID", "asr vocab list has them")
    if not sure and not show.agreed(f"delete {', '.join(names)}?"):
        raise UsageError("nothing is deleted")
    failures: list[AsrError] = []
    for name in dict.fromkeys(names):
        try:
            lists.delete(name)
        except ServiceRefused as exc:  # of one that is not there; the others may be
            failures.append(exc)
        else:
            show.done(name, "deleted")
    if failures:
        raise together(failures)


def _count(action: Action, names: list[str], wanted: int) -> None:
    if len(names) != wanted:
        raise UsageError(f"{action} takes {'one ID' if wanted else 'no ID'}", "to see one: asr vocab show ID")


def _file(action: Action, names: list[str], words: str | None) -> str:
    """The one file that words come from, empty where they stand on the command line."""
    if words is not None and names:
        raise UsageError("--words with FILE: words come from one of them")
    if words is None and len(names) != 1:
        raise UsageError(f"{action} takes one FILE, or --words")
    return names[0] if names else ""


def _read(file: str, words: str | None) -> "tuple[HotWord, ...]":
    from asrcli.cli.given import text_of
    from asrcli.vocabulary import parse

    return parse(words if words is not None else text_of(file, file))
