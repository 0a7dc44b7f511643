"""From --captions to an output: the server of the page runs for as long as the command."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from asrcli.cli.console import print_message
from asrcli.outputs.capitalization import CapitalizedOutput
from asrcli.outputs.caption_page import CaptionPage

if TYPE_CHECKING:
    from asrcli.core.interfaces import Output


def captions(stack: ExitStack, port: int | None, level: int | None, *, capitalize: bool) -> "list[Output]":
    """An output for the page at a port, and print its address; without a port none. The stack ends the server.

    With `level` None only an address that nobody could know is printed.

    Raises:
        UsageError: the port cannot be listened at.
    """
    if port is None:
        return []
    from asrcli.server.captions.caption_server import CaptionServer

    server = CaptionServer(port)
    url = server.start()
    stack.callback(server.close)
    if level is not None or port == 0:
        print_message(f"asr: captions at {url}")
    page = CaptionPage(server.publish)
    stack.callback(page.close)
    return [CapitalizedOutput(page) if capitalize else page]
