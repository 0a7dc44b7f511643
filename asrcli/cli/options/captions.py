"""The option for the page of live captions."""

from typing import Annotated

import typer

from asrcli.cli.options.panels import OUTPUT

Captions = Annotated[
    int | None,
    typer.Option(
        "--captions",
        help="Show captions as a web page at http://127.0.0.1:PORT; 0 finds a free port and prints it.",
        min=0,
        max=65535,
        metavar="PORT",
        rich_help_panel=OUTPUT,
    ),
]
