"""The recognizer Moonshine: the tiny English model, read sentence by sentence."""

from collections.abc import Sequence

from asrcli.core.events import Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.hallucination_filter import plausible_text
from asrcli.recognizers.moonshine_model import MoonshineModel
from asrcli.recognizers.registry import RecognizerOptions
from asrcli.recognizers.speech_shape import FrameFacts, can_be_speech, may_become_speech
from asrcli.recognizers.voice_activity import speech_detector
from asrcli.recognizers.whole_sentences import WholeSentenceSession


class MoonshineEngine:
    """An Engine: one model, which serves one session after the other."""

    def __init__(self) -> None:
        speech_detector()  # raises here, and not in the middle of a session
        self._model = MoonshineModel()

    def open(self, recognition: RecognitionSettings) -> "MoonshineSession":
        """Begin a session."""
        return MoonshineSession(self._model.text, recognition)


def load(options: RecognizerOptions) -> MoonshineEngine:
    """Load the model.

    Raises:
        EngineUnavailable: a package is not installed, or a file of the model is not the right one.
    """
    del options  # none of them is for this recognizer
    return MoonshineEngine()


class MoonshineSession(WholeSentenceSession):
    """One task, in English."""

    name = "moonshine"
    # Without it, a piece that ends in the middle of a word becomes a loop: "But, but, but, but", "Good, good, good".
    silence_behind_ms = 200

    def can_be_speech(self, frames: Sequence[FrameFacts], *, final: bool) -> bool:
        """Return whether audio is worth reading: the model makes words of whatever it reads."""
        return can_be_speech(frames, final=final)

    def may_become_speech(self, frames: Sequence[FrameFacts]) -> bool:
        """Return whether a beginning is worth reading although it is no speech yet."""
        return may_become_speech(frames)

    def plausible(self, text: str, frames: Sequence[FrameFacts], *, final: bool) -> str:
        """Return the text without what cannot have been said."""
        return plausible_text(text, frames, final=final)

    def language(self, words: Sequence[Word]) -> str:
        """Return that it is English."""
        del words
        return "en"
