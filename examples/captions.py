"""Write the captions of a recording into a file beside it, each one as soon as its sentence is finished.

python examples/captions.py talk.mp4              writes talk.srt; needs DASHSCOPE_API_KEY
python examples/captions.py talk.mp4 --local      on this machine, without a key; US English
"""

import sys
from pathlib import Path

import asrcli


def clock(ms: int) -> str:
    """Return milliseconds in the form of SubRip."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def main(path: Path, *, local: bool) -> None:
    """Transcribe one recording. Gaps are reported on standard error."""
    talk = asrcli.transcribe(path, local=local)  # raises where the recording cannot be read, before a file is written
    with path.with_suffix(".srt").open("w", encoding="utf-8") as captions:
        number = 0
        for event in talk:
            if isinstance(event, asrcli.Final):
                number += 1
                captions.write(f"{number}\n{clock(event.begin_ms)} --> {clock(event.end_ms)}\n{event.text}\n\n")
                captions.flush()
            elif isinstance(event, asrcli.Gap):
                print(f"no text from {clock(event.begin_ms)} on: {event.reason}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: captions.py FILE [--local]")
    try:
        main(Path(sys.argv[1]), local="--local" in sys.argv)
    except asrcli.AsrError as error:
        sys.exit(f"captions: {error}")
