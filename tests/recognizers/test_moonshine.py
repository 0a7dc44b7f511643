"""Moonshine: the clip of this project with the real model, and the order of readings with one that is made up."""

import os
import tempfile
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask
from asrcli.core.events import Event, Final, Notice, Partial, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.moonshine import MoonshineSession
from asrcli.recognizers.moonshine_model import MoonshineModel, as_file
from tests.recognizers.whole_model import SECOND, events_of
from tests.support.clip import clip_pcm
from tests.support.command import CLIP, word_errors
from tests.support.required_engines import need_moonshine
from tests.support.tone import silence

TRUTH = " ".join(CLIP.with_suffix(".txt").read_text().split())


@cache
def model() -> MoonshineModel:
    """The real model."""
    return MoonshineModel()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs files in memory")
def test_a_full_disk_does_not_keep_the_model_from_loading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file is written: without room for one, each run of `--local` was tried again for five minutes."""
    need_moonshine()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert MoonshineModel().text(clip_pcm()[: 4 * SECOND])


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_text_is_a_file_while_a_block_lasts(monkeypatch: pytest.MonkeyPatch, in_memory: bool) -> None:
    """Also where the system has no files in memory."""
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    with as_file("a 0\nb 1\n") as path:
        assert Path(path).read_text("ascii") == "a 0\nb 1\n"
    assert not Path(path).exists()


class Reader:
    """A model that writes the first words of one sentence, three a second, and remembers what it has read."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def __call__(self, pcm: bytes) -> str:
        """The text of this much audio."""
        self.lengths.append(len(pcm))
        return " ".join(f"word{number} goes on" for number in range(len(pcm) // SECOND))


def heard(pcm: bytes, commands: Sequence[Command] = (), **asked: Any) -> list[Event]:
    """What the real model hears, on a clock that stands still: a busy machine has the same partials."""
    need_moonshine()
    return events_of(MoonshineSession(model().text, RecognitionSettings("m", **asked), lambda: 0.0), pcm, commands)


def scripted(reader: Reader, clock: float = 0.0, **asked: Any) -> MoonshineSession:
    """A session of the made-up model, on a clock that stands still."""
    return MoonshineSession(reader, RecognitionSettings("m", **asked), lambda: clock)


def finals(events: Sequence[Event]) -> list[Final]:
    """The finals among the events."""
    return [event for event in events if isinstance(event, Final)]


def text(events: Sequence[Event]) -> str:
    """The finals as one text."""
    return " ".join(final.text for final in finals(events))


@cache
def clip_heard() -> tuple[Event, ...]:
    """What is heard in the clip."""
    return tuple(heard(clip_pcm()))


def test_the_clip_is_understood() -> None:
    """At most one word in twenty is wrong, with capitals and full stops; each sentence has its events in order."""
    assert word_errors(TRUTH, text(clip_heard())) <= 0.05
    assert all(final.text[0].isupper() and final.text.endswith(".") for final in finals(clip_heard()))
    kinds = [type(event) for event in clip_heard() if not isinstance(event, Partial)]
    assert kinds == [SpeechStarted, SpeechStopped, Final] * 4


def test_settled_words_stay_and_nearly_all_are_in_the_final() -> None:
    """Each partial begins with what was settled before; at most one settled word in thirty is wrong."""
    settled: dict[str, str] = {}
    for event in clip_heard():
        if isinstance(event, Partial):
            assert event.settled.startswith(settled.get(event.key, ""))
            settled[event.key] = event.settled
    words = [(key, number, word) for key, line in settled.items() for number, word in enumerate(line.split())]
    ends = {final.key: final.text.split() for final in finals(clip_heard())}
    wrong = [word for key, number, word in words if ends[key][number].lower().strip(".,") != word.lower().strip(".,")]
    assert len(words) > 10
    assert len(wrong) <= len(words) / 30


def test_speech_that_is_cut_off_in_a_word_has_its_text() -> None:
    """By Ctrl-C, or where a recording ends: the model is not left with half a word, of which it makes loops."""
    begin, end = (int(at_s * SECOND / 2) * 2 for at_s in (13.2, 15.3))
    assert text(heard(clip_pcm()[begin:end])).startswith("We will talk about")


def test_every_word_has_its_time_within_its_sentence() -> None:
    """In order, without overlap, and where the sentence is heard."""
    for final, (begin_ms, end_ms) in zip(
        finals(clip_heard()), [(730, 3790), (5130, 8000), (9330, 12800), (14100, 17100)], strict=True
    ):
        assert abs(final.begin_ms - begin_ms) < 250
        assert abs(final.end_ms - end_ms) < 350
        assert (final.words[0].begin_ms, final.words[-1].end_ms) == (final.begin_ms, final.end_ms)
        assert all(before.end_ms <= after.begin_ms for before, after in pairwise(final.words))


def test_noise_tones_and_silence_have_no_text() -> None:
    """Neither a final nor a partial: steady, pulsating and musical sounds, loud and soft."""
    rng, time = np.random.default_rng(1), np.arange(4 * 16000) / 16000
    white = rng.standard_normal(len(time))
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (262, 330, 392))
    sounds = [
        0 * time, 0.2 * white, 0.003 * white, 0.3 * np.sin(2 * np.pi * 440 * time),
        0.3 * np.sin(2 * np.pi * 3000 * time),
        0.1 * white * (1 + np.sin(2 * np.pi * 3 * time)), 0.1 * chord * (0.5 + 0.5 * np.sin(2 * np.pi * 2 * time)),
        0.2 * sum(np.sin(2 * np.pi * 50 * each * time) / each for each in range(1, 8)),
    ]  # fmt: skip
    for sound in sounds:
        pcm = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
        events = heard(pcm + silence(900))
        assert [event for event in events if isinstance(event, Partial | Final) and event.text] == []


def test_audio_at_8_khz_is_understood() -> None:
    """As a telephone has it; times stay right."""
    samples = np.frombuffer(clip_pcm(), "<i2").astype(float)
    halved = ((samples[0::2] + samples[1::2]) / 2).astype("<i2").tobytes()
    events = heard(halved, rate=8000)
    assert word_errors(TRUTH, text(events)) <= 0.1
    assert abs(finals(events)[-1].end_ms - finals(clip_heard())[-1].end_ms) < 200


def test_manual_mode_answers_each_commit_with_one_final() -> None:
    """The whole buffer is one utterance, longer than the model reads too; what was cleared has no text."""
    need_moonshine()
    session = MoonshineSession(model().text, RecognitionSettings("m", vad=False))
    events = [*session.feed(clip_pcm()), *session.commit(), *session.feed(clip_pcm()[: 4 * SECOND])]
    events += [
        each for command in (ClearAudio(), CommitAudio(), FinishTask()) for each in run_command(session, command)
    ]
    assert [(final.key, word_errors(TRUTH, final.text) <= 0.05) for final in finals(events)] == [
        ("1", True),
        ("2", False),
    ]
    assert finals(events)[1].text == ""
    partial = next(event for event in events if isinstance(event, Partial))
    assert (partial.key, partial.text) == ("1", finals(events)[0].text)


@pytest.mark.parametrize(("vad", "commands"), [(True, ()), (False, (CommitAudio(),))])
def test_never_more_than_15_seconds_are_read_at_once(vad: bool, commands: Sequence[Command]) -> None:
    """With a pause that ends no sentence, and in an utterance of the client; the cut loses and doubles nothing."""
    reader = Reader()
    events = events_of(scripted(reader, vad=vad, silence_ms=6000), clip_pcm() * 2, commands)
    assert max(reader.lengths) <= 15 * SECOND
    spans = [(word.begin_ms, word.end_ms) for final in finals(events) for word in final.words]
    assert spans[-1][1] > 34_000
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_speech_without_any_pause_is_read_with_15_seconds_at_most() -> None:
    """The silence after a cut counts too."""
    reader = Reader()
    speech = clip_pcm()[142 * SECOND // 10 : 17 * SECOND]
    events_of(scripted(reader), speech * 9)
    assert 14 * SECOND < max(reader.lengths) <= 15 * SECOND


def test_a_cut_falls_into_a_pause() -> None:
    """Not into a word: the sentences end and begin where the clip is quiet."""
    events = events_of(scripted(Reader(), silence_ms=6000), clip_pcm())
    first, second = finals(events)
    assert (first.key, second.key) == ("1", "2")
    assert 12_900 <= next(event.end_ms for event in events if isinstance(event, SpeechStopped)) <= 14_200


def test_the_size_of_the_pieces_changes_nothing() -> None:
    """Pieces that no frame fits into, and all in one piece: the same events."""
    pcm = clip_pcm()[: 5 * SECOND]
    assert events_of(scripted(Reader()), pcm, piece=2002) == events_of(scripted(Reader()), pcm, piece=len(pcm))


def test_the_final_is_read_before_the_sentence_has_ended() -> None:
    """At its end nothing is left to do but to say it."""
    reader = Reader()
    session = scripted(reader, silence_ms=900)
    fed: list[tuple[int, list[Event]]] = []
    for at in range(0, 5 * SECOND, 960):
        before = len(reader.lengths)
        events = list(session.feed(clip_pcm()[at : at + 960]))
        fed.append((len(reader.lengths) - before, events))
    (end,) = [number for number, (_, events) in enumerate(fed) if finals(events)]
    assert sum(readings for readings, _ in fed[end - 15 : end + 1]) == 0
    assert sum(readings for readings, _ in fed[end - 25 : end + 1]) >= 1


def test_a_session_that_is_behind_shows_fewer_partials_and_the_same_final() -> None:
    """Partials go before anything is lost."""
    behind, on_time = Reader(), Reader()
    late = scripted(behind)
    late.waits(1.0)
    pcm = clip_pcm()[: 5 * SECOND]
    kept = [[word.text for word in final.words] for final in finals(events_of(scripted(on_time), pcm))]
    assert [[word.text for word in final.words] for final in finals(events_of(late, pcm))] == kept
    assert 2 <= len(behind.lengths) <= 3
    assert len(on_time.lengths) >= 8


def test_hot_words_that_a_client_sends_are_refused_in_words() -> None:
    """The server logs that they have no effect."""
    session = scripted(Reader(), hotwords=(("budget", 4), ("Qwrtz", 5)))
    (notice,) = [event for event in session.feed(silence(100)) if isinstance(event, Notice)]
    assert "moonshine takes no hot words; 2 of them have no effect" in notice.text
