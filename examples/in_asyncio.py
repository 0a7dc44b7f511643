"""Transcribe several recordings side by side in an asyncio program, and stop them all after a time limit.

    python examples/in_asyncio.py one.wav two.wav three.wav

`async for` gives the events of a transcription without holding up the others; the end of `async with` ends it.
"""

import asyncio
import sys

import asrcli

LIMIT_S = 600


async def transcript(path: str) -> str:
    """The text of a recording. When the task is cancelled, its connection ends too."""
    async with asrcli.transcribe(path) as talk:
        return "\n".join([event.text async for event in talk if isinstance(event, asrcli.Final)])


async def main(paths: list[str]) -> None:
    """Print each text below the name of its recording, in the order of the names."""
    async with asyncio.timeout(LIMIT_S):
        texts = await asyncio.gather(*map(transcript, paths))
    for path, text in zip(paths, texts, strict=True):
        print(f"== {path}\n{text}")


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1:]))
    except (asrcli.AsrError, TimeoutError) as error:
        sys.exit(f"in_asyncio: {error or 'not finished in time'}")
