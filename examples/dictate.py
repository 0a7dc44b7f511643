"""Dictate: print what is said as one text when the speaker falls silent, for a clipboard or a commit message.

    python examples/dictate.py | xclip -selection clipboard       on macOS: | pbcopy
    python examples/dictate.py note.wav                           the same, of a recording

The open sentence is shown on standard error, so that standard output contains only the finished text.
"""

import sys

import asrcli


def main() -> None:
    """Listen until two seconds of silence, then print."""
    audio = sys.argv[1] if len(sys.argv) > 1 else asrcli.microphone(until_silence_s=2)
    sentences = []
    for event in asrcli.transcribe(audio):
        if isinstance(event, asrcli.Partial):
            print(f"\r{event.text[-70:]:70}", end="", file=sys.stderr)
        elif isinstance(event, asrcli.Final):
            sentences.append(event.text)
    print(file=sys.stderr)
    print(" ".join(sentences))


if __name__ == "__main__":
    try:
        main()
    except asrcli.AsrError as error:
        sys.exit(f"dictate: {error}")
