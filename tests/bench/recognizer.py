"""pocketsphinx as a session of ours and called directly, on the same sentences of the bundled clip."""

import time
from functools import cache
from typing import Any

from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.events import Event, Final, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.endpointing import PREROLL_MS, SILENCE_MS
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.pocketsphinx import SphinxEngine
from asrcli.recognizers.voice_activity import VAD_FRAME_BYTES, speech_detector
from tests.support.clip import clip_pcm

ROUNDS = 2  # how often the clip is played: a session has a first sentence, and others
PIECE, BYTES_PER_MS = 3200, 32


@cache
def engine() -> SphinxEngine:
    """One decoder for all."""
    return SphinxEngine()


def heard(pcm: bytes) -> list[tuple[float, Event]]:
    """What a session says, each event with the seconds of audio and of work after which it comes.

    The audio comes as it is spoken; work that takes longer than the audio that it is about makes all that follows late.
    """
    session = engine().open(RecognitionSettings("m"))
    found: list[tuple[float, Event]] = []
    now = 0.0
    for at in range(0, len(pcm), PIECE):
        now = max(now, (at + PIECE) / BYTES_PER_MS / 1000)
        for event in _timed(session, SendAudio(pcm[at : at + PIECE])):
            now += event[0]
            if event[1] is not None:
                found.append((now, event[1]))
    return found + [(now, event) for event in run_command(session, FinishTask())]


def _timed(session: Any, command: SendAudio) -> "list[tuple[float, Event | None]]":
    """Events, each with the seconds of work before it; at the end None with the rest of the work."""
    found: list[tuple[float, Event | None]] = []
    before = time.process_time()
    for event in run_command(session, command):
        now = time.process_time()
        found.append((now - before, event))
        before = now
    return [*found, (time.process_time() - before, None)]


def session_s() -> float:
    """CPU seconds of a session of ours with the whole clip, several times."""
    began = time.process_time()
    heard(clip_pcm() * ROUNDS)
    return time.process_time() - began


@cache
def spans() -> list[tuple[int, int]]:
    """Where the sentences lie in the audio, in bytes, with the audio before and after that a recognizer gets too."""
    events = [event for _, event in heard(clip_pcm() * ROUNDS)]
    begins = [event.begin_ms - PREROLL_MS for event in events if isinstance(event, SpeechStarted)]
    ends = [event.end_ms + SILENCE_MS for event in events if isinstance(event, SpeechStopped)]
    return [(max(0, begin) * BYTES_PER_MS, end * BYTES_PER_MS) for begin, end in zip(begins, ends, strict=True)]


def direct_s() -> float:
    """CPU seconds of the decoder itself for the same sentences, asked for its text after each 200 ms of audio."""
    pcm, decoder = clip_pcm() * ROUNDS, engine()._decoder
    sentences = spans()
    began = time.process_time()
    for begin, end in sentences:
        decoder.start_utt()
        for at in range(begin, end, 2 * PIECE):
            decoder.process_raw(pcm[at : min(at + 2 * PIECE, end)])
            decoder.hyp()
        decoder.end_utt()
        decoder.hyp()
    return time.process_time() - began


def breathless() -> bytes:
    """40 s of speech without a pause: the clip without what the voice detector calls quiet."""
    is_speech = speech_detector()
    frames = [clip_pcm()[at : at + VAD_FRAME_BYTES] for at in range(0, len(clip_pcm()), VAD_FRAME_BYTES)]
    speech = b"".join(frame for frame in frames if len(frame) == VAD_FRAME_BYTES and is_speech(frame))
    return (speech * 4)[: 40_000 * BYTES_PER_MS]


def worst_final_s(pcm: bytes) -> float:
    """The longest time from the end of a last word to its final."""
    found = heard(pcm)[:-1]
    return max(now - event.words[-1].end_ms / 1000 for now, event in found if isinstance(event, Final) and event.words)
