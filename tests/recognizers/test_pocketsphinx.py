"""pocketsphinx on a clip of speech made for this project: words, times, hot words, sample rates."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask
from asrcli.core.events import Event, Final, Notice, Partial, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.pocketsphinx_hotwords import parts, pronunciation
from asrcli.recognizers.voice_activity import VAD_FRAME_BYTES, speech_detector
from tests.support.clip import END_S, SENTENCES, clip_pcm
from tests.support.command import CLIP, word_errors
from tests.support.tone import silence, tone

sphinx = pytest.importorskip("asrcli.recognizers.pocketsphinx")
pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")

TRUTH = " ".join(CLIP.with_suffix(".txt").read_text().split("\n")).strip()


def said(pcm: bytes, requests: Sequence[Command] = (), piece: int = 3200, **asked: Any) -> list[Event]:
    """What a session of its own says to audio in pieces and then to requests."""
    session = sphinx.SphinxSession(sphinx.load_decoder(), RecognitionSettings("m", **asked), "always")
    events = [event for at in range(0, len(pcm), piece) for event in session.feed(pcm[at : at + piece])]
    return events + [event for request in (*requests, FinishTask()) for event in run_command(session, request)][:-1]


def text(events: Sequence[Event]) -> str:
    """The finals as one text."""
    return " ".join(event.text for event in events if isinstance(event, Final))


@cache
def clip_said() -> tuple[Event, ...]:
    """What is said to the clip, in the pieces a microphone would send."""
    return tuple(said(clip_pcm()))


def test_the_clip_is_understood() -> None:
    """At most one word in twenty is wrong, and each sentence has its own events in order."""
    events = clip_said()
    assert word_errors(TRUTH, text(events)) <= 0.05
    kinds = [type(event) for event in events if not isinstance(event, Partial)]
    assert kinds == [SpeechStarted, SpeechStopped, Final] * 4


def test_the_size_of_the_pieces_changes_nothing() -> None:
    """Pieces that no frame fits into, and a sentence in one piece: the same words at the same times."""
    first = clip_pcm()[: 4 * 32000]
    by_piece = [[event for event in said(first, piece=piece) if isinstance(event, Final)] for piece in (2002, 128_000)]
    assert by_piece[0] == by_piece[1]
    assert text(by_piece[0]) == TRUTH.split("morning")[0] + "morning"


def test_every_word_has_its_times_within_its_sentence() -> None:
    """On the timeline of the task, in order, and long enough to be spoken."""
    finals = [event for event in clip_said() if isinstance(event, Final)]
    for final in finals:
        assert " ".join(word.text for word in final.words) == final.text
        assert (final.words[0].begin_ms, final.words[-1].end_ms) == (final.begin_ms, final.end_ms)
        assert all(10 <= word.end_ms - word.begin_ms < 2000 for word in final.words)
        assert all(before.end_ms <= after.begin_ms for before, after in pairwise(final.words))
    assert all(before.end_ms < after.begin_ms for before, after in pairwise(finals))


@pytest.mark.slow
def test_manual_mode_answers_each_commit_with_one_final() -> None:
    """The whole buffer is one utterance; what was cleared or never committed was not asked for."""
    pcm, half = clip_pcm(), 32000 * 9
    session = sphinx.SphinxSession(sphinx.load_decoder(), RecognitionSettings("m", vad=False), "never")
    events: list[Event] = []
    for piece, request in (
        (pcm[:half], CommitAudio()),
        (pcm[:half], ClearAudio()),
        (pcm[half:], CommitAudio()),
        (b"", CommitAudio()),
    ):
        events += session.feed(piece)
        events += run_command(session, request)
    events += run_command(session, FinishTask())
    finals = [event for event in events if isinstance(event, Final)]
    assert [final.key for final in finals] == ["1", "2", "3"]
    assert word_errors(TRUTH, text(events)) <= 0.15
    assert finals[2].text == ""


def test_no_speech_no_text() -> None:
    """Silence and a tone are not turned into words."""
    assert text(said(silence(3000) + tone(100) + silence(3000))) == ""


@pytest.mark.slow
def test_audio_at_8_khz_gives_a_warning() -> None:
    """Understood by upsampling, with a notice, and with times that stay right."""
    events = said(halved(clip_pcm()[: round(END_S * 16000) * 2]), rate=8000)
    assert any(isinstance(event, Notice) and "8000 Hz" in event.text for event in events)
    assert word_errors(" ".join(SENTENCES), text(events)) <= 0.2
    finals = [event for event in events if isinstance(event, Final)]
    assert abs(finals[-1].end_ms - [e for e in clip_said() if isinstance(e, Final)][1].end_ms) < 200


def halved(pcm: bytes) -> bytes:
    """16 kHz as 8 kHz."""
    from av import AudioFrame, AudioResampler

    frame = AudioFrame("s16", "mono", len(pcm) // 2)
    frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
    frame.sample_rate = 16000
    resampler = AudioResampler("s16", "mono", 8000)
    pieces = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(bytes(piece.planes[0])[: piece.samples * 2] for piece in pieces)


def test_a_hot_word_it_has_no_pronunciation_for_is_named() -> None:
    """Better than a hot word without effect."""
    events = said(clip_pcm()[:64000], hotwords=(("Qwrtz", 5), ("budget", 4)))
    assert [event.text for event in events if isinstance(event, Notice)] == [
        "embedded recognizer: no pronunciation for the hot words Qwrtz"
    ]


@pytest.mark.slow
def test_the_less_a_hot_word_weighs_the_surer_it_must_be() -> None:
    """Heavy, it is heard where something like it is said; light, only where it is."""
    two = clip_pcm()[: round(END_S * 16000) * 2]
    light, heavy = (text(said(two, hotwords=(("meeting", weight),))).count("meeting") for weight in (1, 5))
    assert light == " ".join(SENTENCES).count("meeting") == 1
    assert light < heavy


def test_hot_words_are_taken_apart_and_composed_from_words_it_knows() -> None:
    """DashScope is dash and scope; a word in no dictionary is said by its parts."""
    known = {"dash": "D AE SH", "scope": "S K OW P", "web": "W EH B", "socket": "S AA K AH T"}
    assert parts("DashScope") == ["dash", "scope"]
    assert parts("web-socket 2") == ["web", "socket"]
    assert pronunciation("websocket", known.get) == "W EH B S AA K AH T"
    assert pronunciation("xyzzy", known.get) is None
    assert pronunciation("dash", known.get) == "D AE SH"


class Counting:
    """A decoder that counts what it is given, and hears nothing."""

    def __init__(self) -> None:
        self.given_bytes = 0
        self.open = False

    def start_utt(self) -> None:
        """Begin; what is begun already cannot be begun."""
        assert not self.open
        self.open = True

    def end_utt(self) -> None:
        """End."""
        assert self.open
        self.open = False

    def process_raw(self, pcm: bytes, *, full_utt: bool = False) -> None:
        """Count; of a second pass nothing."""
        assert self.open
        self.given_bytes += 0 if full_utt else len(pcm)

    def seg(self) -> None:
        """No words."""

    def get_cmn(self, update: bool) -> str:
        """Means that never change."""
        del update
        return "40,0,0,0"


def test_speech_without_a_pause_is_cut_and_all_of_it_is_heard() -> None:
    """After 15 s a sentence ends wherever it is, the next one begins there, and no final waits for an earlier one."""
    is_speech = speech_detector()
    frames = [clip_pcm()[at : at + VAD_FRAME_BYTES] for at in range(0, len(clip_pcm()), VAD_FRAME_BYTES)]
    pcm = b"".join(frame for frame in frames if len(frame) == VAD_FRAME_BYTES and is_speech(frame)) * 3
    decoder = Counting()
    session = sphinx.SphinxSession(decoder, RecognitionSettings("m"))
    finals: list[tuple[float, Final]] = []
    for at in range(0, len(pcm), VAD_FRAME_BYTES):
        events = session.feed(pcm[at : at + VAD_FRAME_BYTES])
        finals += [(at / 32, event) for event in events if isinstance(event, Final)]
    assert len(finals) >= 2
    assert max(came_ms - final.end_ms for came_ms, final in finals) <= 600
    assert max(final.end_ms - final.begin_ms for _, final in finals) <= 15_100
    assert decoder.given_bytes >= 0.97 * len(pcm)
