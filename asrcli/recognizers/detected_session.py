"""What sessions of models with our voice detector share: frames, the audio before speech, and starts. One thread."""

from collections import deque
from collections.abc import Iterator, Sequence

from asrcli.core.audio import Format
from asrcli.core.events import Event, Notice, SpeechStarted
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.endpointing import FRAME_MS, LIMIT_MS, PREROLL_MS, START_MS, Endpointer
from asrcli.recognizers.open_sentence import OpenSentence
from asrcli.recognizers.voice_activity import VAD_FRAME_BYTES, VAD_RATE, speech_detector
from asrcli.sources.resampling import converter

BEHIND_S = 0.5  # a session for which more audio waits is behind


class DetectedSession:
    """One task whose sentences our voice detector finds. A subclass reads them."""

    name = "it"

    def __init__(self, recognition: RecognitionSettings, unknown_hotwords: Sequence[str] | None = None) -> None:
        """Begin; of the hot words, `unknown_hotwords` have no effect, and without it none has."""
        self._is_speech = speech_detector()
        self._vad_mode = recognition.vad
        self._endpointer = Endpointer(recognition.silence_ms, LIMIT_MS - PREROLL_MS)
        self._resample = converter(recognition.rate, 1, Format(VAD_RATE))
        self._rest = b""  # samples at the end of the audio, less than a frame
        self._preroll: deque[tuple[bytes, bool]] = deque(maxlen=(PREROLL_MS + START_MS) // FRAME_MS)
        self._frames = 0  # received in all
        self._number = 0  # of the open or last sentence
        self._behind = False
        self._sentence: OpenSentence | None = None
        self._begin_ms = 0  # of the open sentence
        self._notices: list[Event] = []
        count = len(recognition.hotwords)
        if count and unknown_hotwords is None:
            text = f"embedded recognizer: {self.name} takes no hot words; {count} of them have no effect"
            self._notices.append(Notice("warning", text))
        if unknown_hotwords:
            text = f"embedded recognizer: {self.name} cannot write these hot words: {', '.join(unknown_hotwords)}"
            self._notices.append(Notice("warning", text))

    def waits(self, audio_s: float) -> None:
        """Learn how many seconds of audio wait after what is fed next."""
        self._behind = audio_s > BEHIND_S

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Take audio; in VAD mode a final follows each end of a sentence."""
        yield from self._notices
        self._notices = []
        data = self._rest + self._resample(pcm)
        whole = len(data) // VAD_FRAME_BYTES * VAD_FRAME_BYTES
        self._rest = data[whole:]
        for at in range(0, whole, VAD_FRAME_BYTES):
            frame = data[at : at + VAD_FRAME_BYTES]
            self._frames += 1
            voiced = self._is_speech(frame)
            if self._vad_mode:
                yield from self._vad_frame(frame, voiced=voiced)
            else:
                self._manual_frame(frame, voiced=voiced)

    def _start(self, voiced: int) -> SpeechStarted:
        """Open a sentence whose last `voiced` frames are speech, with the audio before them."""
        frames = [*self._preroll]
        self._preroll.clear()
        self._number += 1
        self._open(OpenSentence(str(self._number), self._frames - len(frames), frames))
        self._begin_ms = (self._frames - voiced) * FRAME_MS
        return SpeechStarted(str(self._number), self._begin_ms)

    def _vad_frame(self, frame: bytes, *, voiced: bool) -> Iterator[Event]:
        raise NotImplementedError

    def _manual_frame(self, frame: bytes, *, voiced: bool) -> None:
        raise NotImplementedError

    def _open(self, sentence: OpenSentence) -> None:
        raise NotImplementedError
