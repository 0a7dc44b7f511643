"""The progress of a download: a bar on a terminal, a line at its beginning elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from asrcli.cli.console import print_message
from asrcli.cli.system_resources import screen_environment
from asrcli.core.errors import bare_url
from asrcli.transport.download import Progress


@contextmanager
def download_bar(url: str) -> Iterator[Progress]:
    """Say what is fetched, and show while the block lasts how far it is."""
    print_message(f"asr: fetching {bare_url(url)}")
    if sys.stderr is None or not sys.stderr.isatty():
        yield _nothing
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True, _environ=screen_environment(sys.stderr))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda size, total: bar.update(task, completed=size, total=total)


def _nothing(size: int, total: int | None) -> None:
    del size, total
