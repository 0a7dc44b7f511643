"""Writes `docs/recording.svg`: a real run of the command on a real terminal, played by the picture itself.

python -m tests.support.recording     needs a terminal of the kernel and an embedded recognizer; see `make recording`

Each change of the screen is a frame. A frame is shown for as long as it stood on the screen.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.support.command import ASR, CLIP
from tests.support.terminal import Terminal

FILE = Path(__file__).parent.parent.parent / "docs" / "recording.svg"
COMMAND = "asr file meeting.wav --local --timestamps relative"
COLUMNS, LINES = 94, 8
STEP_S = 0.2  # between two looks at the screen
LAST_S = 4.0  # how long the last frame stands before the picture begins again
LETTER, LINE = 8.4, 20  # pixels
DIM, PLAIN, GROUND, BRIGHT = "#8b949e", "#e6edf3", "#0d1117", "#7ee787"
Cell = tuple[str, bool]  # a character, and whether it is dim
Frame = tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Shot:
    """A frame, and the time from which it stands, in seconds."""

    begin_s: float
    frame: Frame


def recorded() -> list[Shot]:
    """The screens of a run, from the first to the last; equal ones that follow each other are one."""
    argv = [*ASR, "file", CLIP, "--local", "--pace", "1", "--timestamps", "relative", "--no-journal"]
    shots: list[Shot] = []
    with Terminal(argv, columns=COLUMNS, lines=LINES) as terminal:
        begin = time.monotonic()
        running = True
        while running:
            running = terminal.process.poll() is None
            if not running:
                terminal.finish()
            frame = terminal.cells()
            if not shots or shots[-1].frame != frame:
                shots.append(Shot(time.monotonic() - begin, frame))
            time.sleep(STEP_S)
    return shots


def drawn(shots: Sequence[Shot]) -> str:
    """The picture: a window with the command, and below it the frames, each visible in its time."""
    whole_s = shots[-1].begin_s + LAST_S
    width, height = round(COLUMNS * LETTER) + 32, (LINES + 2) * LINE + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(COMMAND)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>',
        f'<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="14" fill="{PLAIN}" xml:space="preserve">',
        f'<text x="16" y="{LINE + 8}"><tspan fill="{BRIGHT}">$</tspan> {escape(COMMAND)}</text>',
    ]
    for number, shot in enumerate(shots):
        end_s = shots[number + 1].begin_s if number + 1 < len(shots) else whole_s
        lines.append(f'<g visibility="{"visible" if number == len(shots) - 1 else "hidden"}">')
        lines.append(_shown(shot.begin_s / whole_s, end_s / whole_s, whole_s))
        lines += _rows(shot.frame)
        lines.append("</g>")
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def _shown(begin: float, end: float, whole_s: float) -> str:
    """When a frame is visible, as parts of the whole time."""
    times, values = f"0;{begin:.4f};{end:.4f}", "hidden;visible;hidden"
    if end >= 1:
        times, values = f"0;{begin:.4f}", "hidden;visible"
    timing = f'dur="{whole_s:.1f}s" calcMode="discrete" repeatCount="indefinite"'
    return f'<animate attributeName="visibility" values="{values}" keyTimes="{times}" {timing}/>'


def _rows(frame: Frame) -> Iterator[str]:
    for number, row in enumerate(frame):
        if spans := "".join(_spans(row)):
            yield f'<text x="16" y="{(number + 2) * LINE + 8}">{spans}</text>'


def _spans(row: Sequence[Cell]) -> Iterator[str]:
    """The characters of a row; those of one brightness stand together."""
    text = "".join(char for char, _ in row).rstrip()
    begin = 0
    while begin < len(text):
        end = begin
        while end < len(text) and row[end][1] == row[begin][1]:
            end += 1
        part = escape(text[begin:end])
        yield f'<tspan fill="{DIM}">{part}</tspan>' if row[begin][1] else part
        begin = end


if __name__ == "__main__":
    FILE.write_text(drawn(recorded()), encoding="utf-8")
