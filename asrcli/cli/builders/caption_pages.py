"""From --captions to an output: the server of the page runs for as long as the command."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from asrcli.cli.console import print_message
from asrcli.core.lazy_module import LazyModule

if TYPE_CHECKING:
    from asrcli.core.interfaces import Output
    from asrcli.outputs import capitalization, caption_page
    from asrcli.server.captions import caption_server
else:  # most runs have no page
    capitalization = LazyModule("asrcli.outputs.capitalization")
    caption_page = LazyModule("asrcli.outputs.caption_page")
    caption_server = LazyModule("asrcli.server.captions.caption_server")


def captions(stack: ExitStack, port: int | None, level: int | None, *, capitalize: bool) -> "list[Output]":
    """An output for the page at a port, and print its address; without a port none. The stack ends the server.

    With `level` None only an address that nobody could know is printed.

    Raises:
        UsageError: the port cannot be listened at.
    """
    if port is None:
        return []
    server = caption_server.CaptionServer(port)
    url = server.start()
    stack.callback(server.close)
    if level is not None or port == 0:
        print_message(f"asr: captions at {url}")
    page = caption_page.CaptionPage(server.publish)
    stack.callback(page.close)
    return [capitalization.CapitalizedOutput(page) if capitalize else page]
