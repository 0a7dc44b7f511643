"""Writes blocks of a text file as they come, and puts them into the order of their times when the file is closed.

People who speak at the same time finish their sentences in another order than they began them.
"""

from collections.abc import Callable

from asrcli.outputs.line_writer import LineWriter


class OrderedBlocks:
    """Writes the blocks of a file, and remembers the time and the length of each, but not its text.

    A pipe has the blocks in the order in which they were written.

    Args:
        lines: The file.
        numbered: Returns a block with another number, counted from 1; None where blocks have no numbers.
        held: The whole transcript is there already, so a pipe gets its blocks together, in the order of their times.
    """

    def __init__(
        self, lines: LineWriter, numbered: Callable[[str, int], str] | None = None, *, held: bool = False
    ) -> None:
        self._lines = lines
        self._numbered = numbered
        self._held: list[str] | None = None
        if held and not lines.amendable:
            self._held = []
        self._begins: list[int] = []
        self._lengths: list[int] = []
        self._last = 0  # the number of blocks that were written last, together

    def write(self, blocks: list[tuple[int, str]]) -> None:
        """Write blocks, each with its time in milliseconds."""
        if self._held is None:
            self._lines.write("\n".join(text for _, text in blocks))
        else:
            self._held += [f"{text}\n" for _, text in blocks]
        self._remember(blocks)

    def amend(self, blocks: list[tuple[int, str]]) -> None:
        """Replace the blocks that were written last, where the file allows that."""
        if self._lines.amend("\n".join(text for _, text in blocks)):
            del self._begins[-self._last :], self._lengths[-self._last :]
            self._remember(blocks)

    def arrange(self) -> None:
        """Put the blocks into the order of their times; those of the same time keep theirs."""
        order = sorted(range(len(self._begins)), key=self._begins.__getitem__)
        if self._held is not None:
            text = self._arranged("".join(self._held), order)
            self._held = []
            if text:
                self._lines.write(text.removesuffix("\n"))
        elif order != list(range(len(order))):
            self._lines.rearrange(lambda text: self._arranged(text, order))

    def _remember(self, blocks: list[tuple[int, str]]) -> None:
        self._last = len(blocks)
        self._begins += [begin_ms for begin_ms, _ in blocks]
        self._lengths += [len(text) + 1 for _, text in blocks]

    def _arranged(self, text: str, order: list[int]) -> str:
        at = len(text) - sum(self._lengths)
        head, blocks = text[:at], list[str]()
        for length in self._lengths:
            blocks.append(text[at : at + length])
            at += length
        arranged = [blocks[number] for number in order]
        if self._numbered is not None:
            arranged = [self._numbered(block, number) for number, block in enumerate(arranged, 1)]
        return head + "".join(arranged)
