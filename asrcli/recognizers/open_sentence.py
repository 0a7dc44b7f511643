"""The audio of a sentence that is still being spoken: its frames, and what is known of each."""

from collections.abc import Sequence

from asrcli.recognizers.speech_shape import FrameFacts, frame_facts


class OpenSentence:
    """Frames of 16-bit samples; all counts are in frames.

    Attributes:
        key: The key of its events.
        base: The number of its first frame, counted from the beginning of the task.
        facts: What is known of each frame.
        quiet: How many frames at its end are without speech.
    """

    def __init__(self, key: str, base: int, frames: Sequence[tuple[bytes, bool]] = ()) -> None:
        self.key = key
        self.base = base
        self.facts: list[FrameFacts] = []
        self.quiet = 0
        self._frames: list[bytes] = []
        for frame, voiced in frames:
            self.add(frame, voiced=voiced)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def voiced(self) -> list[bool]:
        """For each frame, whether there is speech in it."""
        return [fact.voiced for fact in self.facts]

    def add(self, frame: bytes, *, voiced: bool) -> None:
        """Add the next frame."""
        self._frames.append(frame)
        self.facts.append(frame_facts(frame, voiced=voiced))
        self.quiet += 1
        if voiced:
            self.quiet = 0

    def pcm(self, length: int) -> bytes:
        """Return the samples of the first `length` frames."""
        return b"".join(self._frames[:length])

    def split(self, at: int, key: str) -> "OpenSentence":
        """Return the frames from `at` on as another sentence; this one keeps those before."""
        rest = OpenSentence(key, self.base + at, list(zip(self._frames[at:], self.voiced[at:], strict=True)))
        del self._frames[at:], self.facts[at:]
        self.quiet = 0
        return rest
