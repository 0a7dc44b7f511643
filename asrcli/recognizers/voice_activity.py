"""Says of a frame of audio whether there is speech in it: WebRTC's detector, from whichever package has it here."""

from collections.abc import Callable

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.errors import EngineUnavailable
from asrcli.core.install_advice import install_package
from asrcli.recognizers.endpointing import FRAME_MS

VAD_RATE = 16000
VAD_FRAME_BYTES = VAD_RATE * FRAME_MS // 1000 * SAMPLE_BYTES
VAD_MODE = 2  # of 0 to 3, from the most to the least sensitive


def speech_detector() -> Callable[[bytes], bool]:
    """Return a new detector: a function that takes one frame of 16 kHz after the other.

    pocketsphinx and webrtcvad have the same code inside and decide alike.

    Raises:
        EngineUnavailable: neither of the two is installed.
    """
    try:
        import pocketsphinx
    except ImportError:
        return _webrtc_detector()
    detector = pocketsphinx.Vad(VAD_MODE, VAD_RATE, FRAME_MS / 1000)
    return lambda frame: bool(detector.is_speech(frame))


def _webrtc_detector() -> Callable[[bytes], bool]:
    try:
        import webrtcvad
    except ImportError as exc:
        raise EngineUnavailable("no voice detector is installed", install_package("webrtcvad-wheels")) from exc
    detector = webrtcvad.Vad(VAD_MODE)
    return lambda frame: bool(detector.is_speech(frame, VAD_RATE))
