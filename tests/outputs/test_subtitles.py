"""Subtitle files as players read them, tables, and templates."""

from dataclasses import replace
from pathlib import Path

import pysubs2
import pytest

from asrcli.core.errors import UsageError
from asrcli.core.events import Began, Ended, Event, Final, Finished, Gap, Partial, Word
from asrcli.outputs.capitalization import CapitalizedOutput, capitalize
from asrcli.outputs.caption_lines import CaptionLayout, captions
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.plain_text import PlainText
from asrcli.outputs.subtitles import TSV_HEAD, Subtitles, lrc, template, tsv
from tests.support.listener import Listener, send_events

BEGAN, ENDED = Began("a", "m", "t", 0), Ended(0, 0, 0, 0, 0, None, None, None, 0)
SAID: list[Event] = [
    BEGAN,
    Partial("1", 700, "", "the"),
    Final("1", 700, 3800, "the meeting {will} <begin> & end"),
    Gap(4000, 5000, "the connection broke"),
    Final("2", 3_605_100, 3_608_000, "欢迎大家"),
    Final("3", 3_609_000, 3_609_500, "  "),
    Finished(),
    ENDED,
]


def written(path: Path, name: str, events: list[Event]) -> str:
    """The file that these events make."""
    send_events(Subtitles(LineWriter(str(path)), name, CaptionLayout()), events)
    return path.read_text("utf-8")


def test_srt_is_as_players_want_it(tmp_path: Path) -> None:
    """Numbered from 1, commas in times, nothing that a player would take for markup."""
    assert written(tmp_path / "a.srt", "srt", SAID) == (
        "1\n00:00:00,700 --> 00:00:03,800\nthe meeting (will) ‹begin› & end\n\n"
        "2\n00:00:04,000 --> 00:00:05,000\n[gap: the connection broke]\n\n"
        "3\n01:00:05,100 --> 01:00:08,000\n欢迎大家\n\n"
    )


def test_webvtt_escapes_what_it_must(tmp_path: Path) -> None:
    """Its head, dots in times, entities for markup."""
    text = written(tmp_path / "a.vtt", "vtt", SAID)
    assert text.startswith(
        "WEBVTT\n\n1\n00:00:00.700 --> 00:00:03.800\nthe meeting (will) &lt;begin&gt; &amp; end\n\n2\n"
    )


@pytest.mark.parametrize("name", ["srt", "vtt", "ass"])
def test_what_is_written_can_be_read_again(tmp_path: Path, name: str) -> None:
    """By the library that others use too: as many captions, at their times."""
    text = written(tmp_path / "a", name, SAID)
    read = pysubs2.SSAFile.from_string(text, format_=name)
    assert [(event.start, event.end) for event in read] == [(700, 3800), (4000, 5000), (3_605_100, 3_608_000)]
    assert read[2].plaintext == "欢迎大家"


def test_captions_of_a_sentence_change_where_its_words_were_said(tmp_path: Path) -> None:
    """With a speaker the label in front of the text is no word, so the times are in proportion to the text."""
    said = [("now", 0, 400), *((f"word{number}", 8000 + 100 * number, 8090 + 100 * number) for number in range(20))]
    words = tuple(Word(text, begin_ms, end_ms) for text, begin_ms, end_ms in said)
    final = Final("1", 0, 10_000, " ".join(word.text for word in words), words)

    def begins(one: Final) -> list[int]:
        read = pysubs2.SSAFile.from_string(written(tmp_path / "a.srt", "srt", [BEGAN, one, Finished(), ENDED]))
        (tmp_path / "a.srt").unlink()
        return [event.start for event in read]

    shown = begins(final)
    assert shown == [caption.begin_ms for caption in captions(final, CaptionLayout())]
    assert shown != begins(replace(final, words=()))
    assert begins(replace(final, speaker="Anna")) == begins(replace(final, speaker="Anna", words=()))


@pytest.mark.parametrize("piped", [True, False])
def test_a_gap_that_is_known_late_moves_no_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], piped: bool
) -> None:
    """Its caption has its own time, up to the sentence after it, and that sentence keeps its times."""
    events: list[Event] = [
        BEGAN,
        Final("1", 3000, 6000, "words"),
        Gap(1000, 9000, "no text"),
        Final("2", 6100, 8000, "more"),
        ENDED,
    ]
    if piped:
        send_events(Subtitles(LineWriter(None), "srt", CaptionLayout()), events)
        text = capsys.readouterr().out
    else:
        text = written(tmp_path / "a", "srt", events)
    read = pysubs2.SSAFile.from_string(text, format_="srt")
    assert sorted((event.start, event.end) for event in read) == [(1000, 3000), (3000, 6000), (6100, 8000)]
    assert [line for line in text.splitlines() if line.isdigit()] == ["1", "2", "3"]


@pytest.mark.parametrize("name", ["srt", "vtt", "ass"])
def test_a_run_without_a_word_leaves_an_empty_file_and_not_none(tmp_path: Path, name: str) -> None:
    """Whoever reads it next finds it; a run that never began leaves nothing."""
    text = written(tmp_path / "a", name, [BEGAN, Finished(), ENDED])
    assert len(pysubs2.SSAFile.from_string(text, format_=name) if text else []) == 0
    send_events(Subtitles(LineWriter(str(tmp_path / "b")), name, CaptionLayout()), [])
    assert not (tmp_path / "b").exists()


def test_captions_are_there_while_the_run_goes_on(tmp_path: Path) -> None:
    """Each as soon as its sentence is final."""
    output, listener = Subtitles(LineWriter(str(tmp_path / "a.srt")), "srt", CaptionLayout()), Listener()
    for event in SAID[:3]:
        output.handle(event, listener.transcript)
    assert "the meeting" in (tmp_path / "a.srt.part").read_text("utf-8")
    output.close()


def test_tables_and_lyrics_have_a_line_a_sentence(tmp_path: Path) -> None:
    """Milliseconds and tabs; minutes, seconds and hundredths."""
    send_events(PlainText(LineWriter(str(tmp_path / "a.tsv")), tsv, head=TSV_HEAD), SAID)
    assert (tmp_path / "a.tsv").read_text("utf-8").splitlines() == [
        "start\tend\ttext",
        "700\t3800\tthe meeting {will} <begin> & end",
        "4000\t5000\t[gap: the connection broke]",
        "3605100\t3608000\t欢迎大家",
    ]
    send_events(PlainText(LineWriter(str(tmp_path / "a.lrc")), lrc), SAID)
    assert (tmp_path / "a.lrc").read_text("utf-8").splitlines()[::2] == [
        "[00:00.70]the meeting {will} <begin> & end",
        "[60:05.10]欢迎大家",
    ]


def test_a_template_has_every_field(tmp_path: Path) -> None:
    """Tabs may be written as a shell passes them on."""
    render = template(r"{sentence}\t{begin}-{end} {begin_ms:>6}{end_ms:>6} {language}{emotion}: {text}")
    send_events(
        PlainText(LineWriter(str(tmp_path / "a.txt")), render), [BEGAN, Final("1", 700, 3800, "hi", (), "en", "happy")]
    )
    assert (tmp_path / "a.txt").read_text() == "1\t00:00.700-00:03.800    700  3800 enhappy: hi\n"


@pytest.mark.parametrize(
    "text", ["{txt}", "{}", "{0}", "{text.__class__}", "{text[0]}", "{text", "}", "{text:d}", "{begin_ms:q}"]
)
def test_a_template_that_cannot_be_filled_is_refused_at_once(text: str) -> None:
    """With the fields that there are."""
    with pytest.raises(UsageError, match="fields are sentence, begin, end"):
        template(text)


@pytest.mark.parametrize(
    ("text", "polished"),
    [
        ("the meeting will begin", "The meeting will begin."),
        ("well i think i'm right", "Well I think I'm right."),
        ("Already done.", "Already done."),
        ("is it?", "Is it?"),
        ('"quoted"', '"Quoted"'),
        ("欢迎大家", "欢迎大家"),
        ("42 days", "42 days"),
        ("été", "Été."),
    ],
)
def test_capitals_and_full_stops(text: str, polished: str) -> None:
    """For recognizers that give none; twice is as once; scripts without capitals stay."""
    assert capitalize(text) == polished
    assert capitalize(polished) == polished


def test_only_finals_are_capitalized() -> None:
    """All else is handed on as it is."""
    listener = Listener()
    send_events(CapitalizedOutput(listener), [Partial("1", 0, "a"), Final("1", 0, 9, "ab", (), "it"), Gap(0, 1, "x")])
    assert listener.events == [Partial("1", 0, "a"), Final("1", 0, 9, "Ab.", (), "it"), Gap(0, 1, "x")]
