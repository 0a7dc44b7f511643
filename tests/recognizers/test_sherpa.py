"""Models that the user adds, on tiny ones that tell tones apart: words, times, sentences, languages."""

from collections.abc import Callable, Sequence
from functools import cache
from inspect import signature
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sherpa_onnx", reason="pip install '.[local]'")

from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask
from asrcli.core.events import Event, Final, Notice, Partial, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.registry import RecognizerOptions
from asrcli.recognizers.sherpa import SherpaEngine, StreamingSession, load
from asrcli.recognizers.sherpa_kinds import KINDS, ModelKind
from asrcli.recognizers.sherpa_model import STREAMING as STREAMING_LOADERS
from asrcli.recognizers.sherpa_model import WHOLE
from tests.support import tiny_models
from tests.support.tiny_models import CHINESE, TOKENS, song, tones
from tests.support.tone import silence

STARTS = [1000, 1600, 2200, 4000, 4600]
STREAMING = [tiny_models.zipformer_ctc, tiny_models.transducer]
ALL = [*STREAMING, tiny_models.sense_voice]
Build = Callable[[Path, Sequence[str]], Path]


@cache
def engine(build: Build, tokens: tuple[str, ...] = TOKENS, languages: tuple[str, ...] = ()) -> SherpaEngine:
    """A loaded model."""
    with TemporaryDirectory(prefix="asr-tiny.") as folder:
        build(Path(folder), tokens)
        return load(RecognizerOptions(model_folder=folder, languages=languages))


def heard(of: SherpaEngine, pcm: bytes, *commands: Command, piece: int = 3200, **asked: Any) -> list[Event]:
    """What a session says to audio in pieces, then to commands, then to its end."""
    session = of.open(RecognitionSettings("m", **asked))
    events = [event for at in range(0, len(pcm), piece) for event in session.feed(pcm[at : at + piece])]
    return events + [event for each in (*commands, FinishTask()) for event in run_command(session, each)][:-1]


def finals(events: Sequence[Event]) -> list[Final]:
    """The finals among the events."""
    return [event for event in events if isinstance(event, Final)]


@pytest.mark.parametrize("build", ALL)
def test_tones_become_words_in_sentences_with_their_times(build: Build) -> None:
    """Two sentences with their events in order; each word begins where its tone does, on the clock of the task."""
    events = heard(engine(build), song())
    assert [final.text for final in finals(events)] == ["do re mi", "mi do"]
    kinds = [type(event) for event in events if not isinstance(event, Partial)]
    assert kinds == [SpeechStarted, SpeechStopped, Final] * 2
    words = [word for final in finals(events) for word in final.words]
    assert [abs(word.begin_ms - start) <= 100 for word, start in zip(words, STARTS, strict=True)] == [True] * 5
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(words))
    for final in finals(events):
        assert (final.words[0].begin_ms, final.words[-1].end_ms) == (final.begin_ms, final.end_ms)


@pytest.mark.parametrize("build", ALL)
def test_partials_grow_while_somebody_speaks_and_settled_words_stay(build: Build) -> None:
    """The first shows one word before the second is spoken; all are of the open sentence."""
    events = heard(engine(build), song())
    first = events[: events.index(finals(events)[0])]
    texts = [event.text for event in first if isinstance(event, Partial)]
    assert texts[0] == "do"
    assert texts[-1] == "do re mi"
    assert all(after.startswith(before) for before, after in pairwise(texts))
    assert {event.key for event in first if isinstance(event, Partial | Final)} == {"1"}


@pytest.mark.parametrize("build", ALL)
def test_chinese_has_a_word_for_each_character_and_no_spaces(build: Build) -> None:
    """The script of its text says its language, where the model hears several."""
    events = heard(engine(build, CHINESE, ("zh", "en")), song())
    assert [final.text for final in finals(events)] == ["你好吗", "吗你"]
    assert [word.text for word in finals(events)[0].words] == ["你", "好", "吗"]
    assert {event.language for event in events if isinstance(event, Partial | Final)} == {"zh"}
    partials = [event for event in events if isinstance(event, Partial)]
    assert all(" " not in partial.text for partial in partials)


@pytest.mark.parametrize("build", ALL)
def test_the_client_may_end_the_utterances(build: Build) -> None:
    """In manual mode each commit has one final, also of nothing; what was discarded or not committed has none."""
    of, session_audio = engine(build), silence(300) + tones(0, 1) + silence(300)
    session = of.open(RecognitionSettings("m", vad=False))
    events: list[Event] = []
    for command in (ClearAudio(), CommitAudio(), CommitAudio()):
        events += session.feed(session_audio)
        events += run_command(session, command)
    events += session.feed(session_audio)
    events += run_command(session, FinishTask())
    assert [final.text for final in finals(events)] == ["do re", "do re"]
    assert [final.key for final in finals(events)] == ["1", "2"]
    assert abs(finals(events)[1].words[0].begin_ms - (2 * 1800 + 300)) <= 100
    assert [final.text for final in finals(heard(of, b"", CommitAudio(), vad=False))] == [""]


@pytest.mark.parametrize("build", STREAMING)
def test_the_size_of_the_pieces_does_not_matter(build: Build) -> None:
    """Finals are the same for pieces of a few samples and of seconds, and at 8 kHz so are the words."""
    small, large = (heard(engine(build), song(), piece=piece) for piece in (322, 64_000))
    assert finals(small) == finals(large)
    halved = np.frombuffer(song(), "<i2")[::2].tobytes()
    assert finals(heard(engine(build), halved, rate=8000))[0].text.startswith("do re")


@pytest.mark.parametrize("build", STREAMING)
def test_a_sentence_that_is_too_long_is_cut_and_no_word_is_lost_or_comes_twice(build: Build) -> None:
    """After 15 s at the latest, in a pause; the next sentence begins there."""
    events = heard(engine(build), silence(600) + tones(*[0, 1, 2] * 11) + silence(900))
    assert len(finals(events)) == 2
    assert " ".join(final.text for final in finals(events)).split() == ["do", "re", "mi"] * 11
    begins = [word.begin_ms for final in finals(events) for word in final.words]
    assert [abs(begin - 600 - 600 * number) <= 120 for number, begin in enumerate(begins)] == [True] * 33


def test_sessions_at_once_do_not_disturb_each_other() -> None:
    """One model, three streams that take turns."""
    of = engine(tiny_models.transducer)
    songs = [silence(500) + tones(*order) + silence(900) for order in ([0, 1], [1, 2], [2, 0])]
    sessions = [of.open(RecognitionSettings("m")) for _ in songs]
    events: list[list[Event]] = [[] for _ in songs]
    for at in range(0, len(songs[0]), 3200):
        for number, pcm in enumerate(songs):
            events[number] += sessions[number].feed(pcm[at : at + 3200])
    for number, session in enumerate(sessions):
        events[number] += session.finish()
    assert [[final.text for final in finals(each)] for each in events] == [["do re"], ["re mi"], ["mi do"]]


@pytest.mark.parametrize("build", ALL)
def test_a_session_that_is_behind_shows_fewer_partials_and_loses_nothing(build: Build) -> None:
    """At most one for each sentence. Hot words, which have no effect, are said to have none."""
    session = engine(build).open(RecognitionSettings("m", hotwords=(("do", 4),)))
    events: list[Event] = []
    for at in range(0, len(song()), 3200):
        session.waits(3.0)  # type: ignore[attr-defined]
        events += session.feed(song()[at : at + 3200])
    assert [final.text for final in finals(events)] == ["do re mi", "mi do"]
    assert len([event for event in events if isinstance(event, Partial)]) <= 2
    assert [type(event) for event in events].count(Notice) == 1


@pytest.mark.parametrize("build", ALL)
def test_a_sentence_that_is_open_at_the_end_has_its_final(build: Build) -> None:
    """Though nobody was silent for long; noise in which nothing is heard has an empty one or none."""
    events = heard(engine(build), silence(600) + tones(0, 1))
    assert [final.text for final in finals(events)] == ["do re"]
    assert [type(event) for event in events][-2:] == [SpeechStopped, Final]
    noise = (np.random.default_rng(2).standard_normal(16_000) * 300).astype("<i2").tobytes()
    assert "".join(final.text for final in finals(heard(engine(build), noise + silence(900)))) == ""


def both_tones() -> bytes:
    """Two tones at once: which one a model writes first is nearly a matter of chance."""
    time = np.arange(6400) / 16000
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
    sound = 0.15 * swell * (np.sin(2 * np.pi * 1000 * time) + np.sin(2 * np.pi * 2000 * time))
    return b"".join([silence(600), (32767 * sound).astype("<i2").tobytes(), silence(900)])


def test_hot_words_have_an_effect_on_a_transducer_and_leave_the_next_session_alone(tmp_path: Path) -> None:
    """What is favoured is written where the sound allows it; a word without tokens is named, and takes nothing away."""
    of = load(RecognizerOptions(model_folder=str(tiny_models.transducer(tmp_path, CHINESE))))
    words = (("你", 5), ("好世", 5), ("a/b", 1))
    plain, favoured, again = (heard(of, both_tones(), hotwords=asked) for asked in ((), words, ()))
    assert [final.text[0] for final in finals(plain)] == ["好"]
    assert [final.text[0] for final in finals(favoured)] == ["你"]
    assert finals(again) == finals(plain)
    (notice,) = [event for event in favoured if isinstance(event, Notice)]
    assert notice.text == "embedded recognizer: this model cannot write these hot words: 好世, a/b"
    assert [final.text[0] for final in finals(heard(of, both_tones(), hotwords=(("好世", 5),)))] == ["好"]


class Untimed:
    """A model that streams and writes one word for each second, without times."""

    def create_stream(self) -> "UntimedStream":
        """Begin."""
        return UntimedStream()

    def is_ready(self, _: "UntimedStream") -> bool:
        """Nothing has to be decoded."""
        return False

    def tokens(self, stream: "UntimedStream") -> list[str]:
        """The words."""
        return ["word"] * (stream.samples // 16_000)

    def timestamps(self, _: "UntimedStream") -> list[float]:
        """None."""
        return []

    def get_result(self, stream: "UntimedStream") -> str:
        """The text."""
        return " ".join(self.tokens(stream))


class UntimedStream:
    """It counts."""

    samples = 0

    def accept_waveform(self, _: int, samples: Sequence[float]) -> None:
        """Take audio."""
        self.samples += len(samples)

    def input_finished(self) -> None:
        """End."""


@pytest.mark.parametrize("vad", [True, False])
def test_words_without_times_share_the_time_of_their_sentence(vad: bool) -> None:
    """They are in order and within it."""
    session = StreamingSession(Untimed(), RecognitionSettings("m", vad=vad), ())
    events = [*session.feed(silence(600) + tones(0, 1, 2, 0)), *(() if vad else session.commit()), *session.finish()]
    (final,) = finals(events)
    assert len(final.words) >= 3
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(final.words))
    assert 0 <= final.begin_ms < final.end_ms <= 3000


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_has_a_loader_that_takes_its_files(kind: ModelKind) -> None:
    """The roles of a kind are arguments of the function of sherpa-onnx, and none of those it needs is missing."""
    import sherpa_onnx

    family, loaders = sherpa_onnx.OfflineRecognizer, WHOLE
    if kind.streaming:
        family, loaders = sherpa_onnx.OnlineRecognizer, STREAMING_LOADERS
    signature(getattr(family, loaders[kind.name])).bind(**kind.roles, num_threads=1)
