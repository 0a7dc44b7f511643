"""`asr engines`: the recognizers on this machine, what each needs, and the models that the user adds."""

from enum import StrEnum
from typing import Annotated

import typer

from asrcli.cli.console import print_message
from asrcli.cli.options.configured import is_configured
from asrcli.cli.options.confirmation import Yes, confirm
from asrcli.cli.options.connection import CertificateFile, Proxy
from asrcli.cli.options.logging import Debug
from asrcli.cli.options.output import AsJson
from asrcli.core.errors import UsageError
from asrcli.recognizers import factory

EXAMPLES = """Examples:

asr engines --json | jq -r '.[] | select(.ready).name'

asr engines add ~/models/zipformer-zh-en --name zh-en --languages zh,en"""
MODEL_PANEL = "Model"


class EnginesAction(StrEnum):
    """What `asr engines` does."""

    LIST = "list"
    ADD = "add"
    PULL = "pull"
    REMOVE = "remove"


ADDING = {EnginesAction.ADD, EnginesAction.PULL}
# The actions on which an option has an effect.
ACTIONS_OF_OPTION = {
    "--json": {EnginesAction.LIST},
    "--name": ADDING,
    "--languages": ADDING,
    "--sha256": ADDING,
    "--proxy": ADDING,
    "--ca": ADDING,
    "--yes": {EnginesAction.REMOVE},
}


def _completions(incomplete: str) -> list[str]:
    """The names that can stand after an action."""
    from asrcli.recognizers import model_catalogue, model_store

    names = [*model_catalogue.DOCUMENTED, *model_store.ModelStore().models().rows]
    return [name for name in names if name.startswith(incomplete)]


Wanted = Annotated[
    EnginesAction,
    typer.Argument(help="list (the default), add, pull or remove.", show_default=False, metavar="[ACTION]"),
]
What = Annotated[
    str | None,
    typer.Argument(
        help="add PATH or URL: a folder of a sherpa-onnx model, which stays where it is, or an archive of one \u00b7 "
        "pull NAME: a documented model (pull without a name lists them) \u00b7 remove NAME.",
        metavar="[WHAT]",
        show_default=False,
        autocompletion=_completions,
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        help="Name of the engine. Default: the name of the folder or archive.",
        metavar="NAME",
        rich_help_panel=MODEL_PANEL,
        show_default=False,
    ),
]
Languages = Annotated[
    str | None,
    typer.Option(
        help="Languages that the model recognizes: zh,en. Other languages are then refused.",
        metavar="CODES",
        rich_help_panel=MODEL_PANEL,
        show_default=False,
    ),
]
Checksum = Annotated[
    str | None,
    typer.Option(
        "--sha256",
        help="Expected checksum of the archive. Default: the checksum of the first download, if there was one.",
        metavar="HEX",
        rich_help_panel=MODEL_PANEL,
        show_default=False,
    ),
]


def engines(
    action: Wanted = EnginesAction.LIST,
    what: What = None,
    as_json: AsJson = False,
    name: Name = None,
    languages: Languages = None,
    sha256: Checksum = None,
    yes: Yes = False,
    proxy: Proxy = None,
    ca: CertificateFile = None,
    debug: Debug = False,
) -> None:
    """List the recognizers on this machine: whether each is ready, or what is missing. Add and remove models.

    Choose one with --engine in asr serve, or with --local --engine in asr mic and asr file.
    """
    del debug  # read by the error boundary
    from asrcli.cli.render.engine_table import print_documented, print_engines

    given: dict[str, object] = {"--json": as_json, "--name": name, "--languages": languages, "--sha256": sha256}
    given |= {"--yes": yes, "--proxy": proxy, "--ca": ca}
    for option, value in given.items():
        if value and action not in ACTIONS_OF_OPTION[option] and not is_configured(option):
            raise UsageError(f"{option} has no effect on asr engines {action}")
    if action is EnginesAction.PULL and what is None:
        print_documented()
        return
    if action is EnginesAction.LIST:
        if what is not None:
            raise UsageError(f"list takes no name: {what}", "asr engines lists all")
        rows, problems = factory.all_recognizers()
        for problem in problems:
            print_message(f"asr: {problem}")
        print_engines(rows.values(), as_json=as_json)
        return
    from asrcli.cli.builders import model_changes

    if what is None:
        raise UsageError(f"{action} needs a name", "see asr engines --help")
    if action is EnginesAction.REMOVE:
        model_changes.check_added(what)
        confirm(f"remove the model {what}", yes=yes)
        model_changes.remove(what)
        return
    wanted = model_changes.WantedModel(name, languages, sha256, proxy, ca)
    model_changes.add(what, wanted, documented=action is EnginesAction.PULL)
