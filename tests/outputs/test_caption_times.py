"""When captions are shown: at the time of their sentence, in files that other programs can read."""

import json
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.events import Began, Final, Gap, Word
from asrcli.core.transcript import Transcript
from asrcli.outputs.caption_lines import LEAST_MS, TURN_MS, CaptionLayout
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.subtitles import Subtitles
from tests.support.command import asr, serving
from tests.support.tone import tone, wav

FORMATS = ["srt", "vtt", "ass"]
HOUR_MS = 3_600_000
TIMES = st.integers(-1000, 60_000) | st.sampled_from([10 * HOUR_MS, 100 * HOUR_MS, 10**11])
TEXTS = st.sampled_from(
    [
        "a \u200b b",
        "\u0301",
        "one",
        "a --> b\n\n3\n00:00:01,000 --> 00:00:02,000",
        "42",
        "<b>x</b> {\\an8} & \\N",
        "x" * 300,
        "今天天气很好。",
        "。",
    ]
)
SAID = st.lists(st.tuples(TIMES, TIMES, TEXTS, st.sampled_from(["", "b"])), max_size=8)


def written(path: Path, name: str, finals: list[Final | Gap]) -> None:
    """Let subtitles hear finals, as a run does."""
    output = Subtitles(LineWriter(str(path)), name, CaptionLayout())
    for event in [Began("a", "m", "t", 0), *finals]:
        output.handle(event, Transcript())
    output.close()


def read(path: Path) -> list[tuple[int, int, str]]:
    """Begin, end and text of each caption, as FFmpeg reads them."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.subtitles
        ms = (stream.time_base or Fraction(1, 1000)) * 1000
        spans = [(p.pts or 0, p.duration or 0, bytes(p).decode()) for p in container.demux(stream) if p.size]
        return [(round(begin * ms), round((begin + length) * ms), text) for begin, length, text in spans]


@pytest.mark.parametrize("name", FORMATS)
def test_short_sentences_never_push_later_ones(tmp_path: Path, name: str) -> None:
    """Five minutes of yes and no: each stands when it is said, until the next one, and none over another."""
    finals: list[Final | Gap] = [Final(str(k), k * 600, k * 600 + 500, f"line {k}") for k in range(500)]
    finals.append(Final("500", 302_000, 304_000, "line 500"))
    written(tmp_path / f"a.{name}", name, finals)
    found = read(tmp_path / f"a.{name}")
    assert [begin for begin, _, _ in found] == [final.begin_ms for final in finals if isinstance(final, Final)]
    assert [end for _, end, _ in found[:499]] == [begin for begin, _, _ in found[1:500]]
    assert found[499][1] == 499 * 600 + 1000  # nothing follows soon: it stands as long as it can be read
    assert found[500][:2] == (302_000, 304_000)


@pytest.mark.parametrize("name", FORMATS)
def test_hours_take_as_many_digits_as_they_need(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """After 10 and 100 hours the times are right, and nothing is said of it on the screen."""
    begins = [9 * HOUR_MS, 10 * HOUR_MS + 5, 99 * HOUR_MS + 59_990, 123 * HOUR_MS + 4560]
    written(tmp_path / "a", name, [Final(str(ms), ms, ms + 2000, f"at {ms}") for ms in begins])
    hours = {"srt": "123:00:04,560 --> 123:00:06,560", "vtt": "123:00:04.560 --> 123:00:06.560"}
    assert hours.get(name, "Dialogue: 0,123:00:04.56,123:00:06.56,") in (tmp_path / "a").read_text()
    (tmp_path / "a").rename(tmp_path / f"a.{name}")
    assert [round(begin / 10) for begin, _, _ in read(tmp_path / f"a.{name}")[:2]] == [ms // 10 for ms in begins[:2]]
    assert capfd.readouterr() == ("", "")


@settings(max_examples=120, deadline=None)
@given(name=st.sampled_from(FORMATS), said=SAID)
def test_no_time_and_no_text_breaks_a_file(
    tmp_path_factory: pytest.TempPathFactory, name: str, said: list[tuple[int, int, str, str]]
) -> None:
    """Overlaps, reversed and wild times, markup, what looks like a caption: each is read back, none is empty."""
    path = tmp_path_factory.mktemp("x") / f"a.{name}"
    words = (Word("one", 90_000, 91_000), Word("x", 50, -5))
    written(path, name, [Final(str(n), b, e, text, words, speaker=who) for n, (b, e, text, who) in enumerate(said)])
    found = read(path) if said else []
    assert len(found) >= len(said)
    assert all(begin >= 0 and end > begin and text.strip() for begin, end, text in found)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("who", [["", "", ""], ["", "b", "", "b", ""]])
def test_the_same_words_at_the_same_time_are_read_back_as_often_as_they_were_said(
    tmp_path: Path, name: str, who: list[str]
) -> None:
    """Also by a speaker whose times jump far ahead and back, over and over: readers drop what is the same twice."""
    path = tmp_path / f"a.{name}"
    times = [at for _ in range(4) for at in (0, 100 * HOUR_MS)]
    written(path, name, [Final("", at, at, "one", speaker=speaker) for at in times for speaker in who])
    assert len(read(path)) == len(times) * len(who)


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(-500, 6000), TEXTS), max_size=20))
def test_captions_follow_each_other(steps: list[tuple[int, int, str]]) -> None:
    """Of sentences in order each begins at its time, or its turn after one that began with it; none overlap."""
    at_ms = 0
    finals: list[Final] = []
    for step_ms, length_ms, _ in steps:
        at_ms += step_ms
        finals.append(Final(str(len(finals)), at_ms, at_ms + length_ms, "yes"))
    lines = Kept()
    output = Subtitles(cast("LineWriter", lines), "srt", CaptionLayout())
    for final in finals:
        output.handle(final, Transcript())
    output.close()
    shown = lines.times()
    assert all(end - begin >= LEAST_MS for begin, end in shown)
    assert all(before[1] <= after[0] for before, after in pairwise(shown))
    for (before, _), (begin, _), final in zip([(0, 0), *shown], shown, finals, strict=False):
        assert begin <= max(final.begin_ms, before + TURN_MS)


class Kept:
    """Lines that are kept, and that nothing can be rewritten in."""

    amendable = False

    def __init__(self) -> None:
        self.text = ""

    def write(self, line: str) -> None:
        """Keep one."""
        self.text += line + "\n"

    def closed_after(self) -> AbstractContextManager[None]:
        """Nothing to end."""
        return nullcontext()

    def times(self) -> list[tuple[int, int]]:
        """Begin and end of each caption."""
        spans = [line.split(" --> ") for line in self.text.split("\n") if " --> " in line]
        return [(_ms(begin), _ms(end)) for begin, end in spans]


def _ms(text: str) -> int:
    clock, rest = text.split(",")
    hours, minutes, seconds = map(int, clock.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(rest)


def test_a_caption_is_in_the_file_as_soon_as_its_sentence_is_final(tmp_path: Path) -> None:
    """A run that is killed loses none; the next one cuts it where they would stand over each other."""
    output = Subtitles(LineWriter(str(tmp_path / "a.srt")), "srt", CaptionLayout())
    part = tmp_path / "a.srt.part"
    output.handle(Final("1", 0, 300, "one"), Transcript())
    assert part.read_text() == "1\n00:00:00,000 --> 00:00:01,000\none\n\n"
    output.handle(Final("2", 400, 3000, "two"), Transcript())
    assert part.read_text() == "1\n00:00:00,000 --> 00:00:00,400\none\n\n2\n00:00:00,400 --> 00:00:03,000\ntwo\n\n"
    output.close()


def test_speakers_do_not_yield_to_each_other(tmp_path: Path) -> None:
    """They may speak at once; but neither stands in the way of what they say next themselves."""
    finals = [Final(str(k), k * 500, k * 500 + 400, f"line {k}", speaker="ab"[k % 2]) for k in range(100)]
    written(tmp_path / "a.srt", "srt", [*finals])
    assert [begin for begin, _, _ in read(tmp_path / "a.srt")] == [final.begin_ms for final in finals]


def test_in_a_pipe_captions_yield_too(tmp_path: Path) -> None:
    """There a caption waits for the next one, and the last one for the end."""
    script = tmp_path / "script.jsonl"
    rows = [{"begin_ms": k * 200, "end_ms": k * 200 + 150, "text": f"line {k}"} for k in range(10)]
    script.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with serving("--engine", "scripted", "--script", script) as (address, _):
        done = asr("file", wav(tmp_path / "a.wav", tone(3000)), "--url", address, "--pace", "max", "-f", "srt")
    (tmp_path / "a.srt").write_text(done.stdout)
    assert [begin for begin, _, _ in read(tmp_path / "a.srt")] == [k * 200 for k in range(10)]
    assert done.stdout.startswith("1\n00:00:00,000 --> 00:00:00,200\nline 0\n\n2\n")
