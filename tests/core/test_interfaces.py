"""What all sources around another have in common."""

from asrcli.sources.utterances import UtteranceCutter
from tests.support.handshake import RATE, Tone


def test_a_source_around_another_says_of_itself_what_that_says_by_now() -> None:
    """A microphone learns its name when it is opened: whoever asks later hears the new one, through any number."""
    tone = Tone(7)
    around = UtteranceCutter(UtteranceCutter(tone))
    tone.name = "USB microphone"
    assert around.name == "USB microphone"
    assert (around.format, around.duration_ms, around.live) == (RATE, 700, None)
