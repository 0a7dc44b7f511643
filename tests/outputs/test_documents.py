"""The formats for people and for other programs: csv, md and json."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from asrcli.core.events import Began, Ended, Event, Final, Gap, Notice, Partial, Paused, Resumed, Word
from asrcli.core.interfaces import Output
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.csv_table import COLUMNS, HEAD, cell, csv_row
from asrcli.outputs.json_document import JsonDocument
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.markdown import MarkdownTranscript, plain

ENDED = Ended(9000, 8000, 1000, 2, 0, None, None, None, 100)
EVENTS: list[Event] = [
    Began("talk*.wav", "fun-asr", "t", 0, speaker="left"),
    Began("talk*.wav", "fun-asr", "t", 0, speaker="right"),
    Partial("1", 0, "he"),
    Final("1", 0, 900, "hello, \"you\"", (Word("hello", 0, 400, ","),), "en", speaker="left", translation="=1+1"),
    Gap(900, 1900, "lost <b>"),
    Paused(2000),
    Resumed(2000, 3000),
    Notice("warning", "not for a transcript"),
    Final("2", 3000, 4000, "@me *now*", heard="me_now"),
    Final("3", 4000, 4100, "  "),
    Began("other.wav", "fun-asr", "t", 5000),
    Final("4", 5000, 6000, "more"),
    ENDED,
]  # fmt: skip


def written(output: Output, events: list[Event], path: Path) -> str:
    """What an output writes of events."""
    transcript = Transcript()
    for event in events:
        transcript = fold(transcript, event)
        output.handle(event, transcript)
    output.close()
    return path.read_text("utf-8") if path.exists() else ""


@given(st.text(), st.text(), st.sampled_from("=+-@＝\t"), st.integers(0, 10**9))
def test_a_row_is_read_back_as_it_was_and_is_never_a_formula(text: str, speaker: str, sign: str, begin_ms: int) -> None:
    """By any reader of CSV; an apostrophe keeps a spreadsheet from computing."""
    for text_given in (text, sign + text):
        event = Final("1", begin_ms, begin_ms + 5, text_given, speaker=speaker, translation=text_given)
        ((head, row)) = list(csv.reader(io.StringIO(f"{HEAD}\n{csv_row(event, 7)}\n")))
        found = dict(zip(head, row, strict=True))
        assert (tuple(head), found["begin_ms"], found["sentence"]) == (COLUMNS, str(begin_ms), "7")
        for name, was in (("text", text_given), ("translation", text_given), ("speaker", speaker)):
            assert found[name].removeprefix("'") == harmless(was).strip().removeprefix("'")
            assert found[name][:1] not in {*"=+-@＝"}
    assert cell("=1") == "'=1"


def test_a_gap_is_a_row_of_its_own_kind() -> None:
    """With the reason, or with what this machine has heard, in the place of the text."""
    assert csv_row(Gap(5, 9, "lost", "mic"), 0) == "gap,,5,9,mic,,[gap: lost],"
    assert "heard on this machine only: so" in csv_row(Gap(5, 9, "lost", local_text="so"), 0)


@given(
    st.text() | st.text('\\`*_{}[]()<>#+-.!|~&$^=ab1:/;\n" ') | st.sampled_from(["*a*", "<b>", "&lt;", "[a](b)", "`a`"])
)
def test_no_text_is_markup_in_markdown(text: str) -> None:
    """A reader of Markdown finds one paragraph with exactly this text, whatever stands in it."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"`0:00` {plain(text)}")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    inline = [token for token in tokens[1].children or [] if token.type != "code_inline"]
    assert {token.type for token in inline} <= {"text", "text_special"}
    assert "".join(token.content for token in inline).strip() == harmless(text).strip()


def test_markdown_has_headings_times_and_gaps(tmp_path: Path) -> None:
    """Sources at once share a heading; a later one gets its own; the first line says what the file is."""
    text = written(MarkdownTranscript(LineWriter(str(tmp_path / "a"))), EVENTS, tmp_path / "a")
    assert text.startswith("<!-- transcript -->\n\n# talk\\*.wav\n\nfun-asr\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## other.wav"]
    assert '`00:00.000` **left:** hello, "you"\n\n> → \\=1\\+1\n' in text
    assert "> **00:00.900 → 00:01.900** \\[gap: lost \\<b\\>\\]\n" in text
    assert "> \\[paused 00:02.000 → 00:03.000\\]\n" in text
    assert "> heard: me\\_now\n" in text
    assert "not for" not in text


def test_json_is_one_document_with_the_shapes_of_json_lines(tmp_path: Path) -> None:
    """Finals, gaps and pauses in their order, then the sources and the account."""
    document = json.loads(written(JsonDocument(LineWriter(str(tmp_path / "a"))), EVENTS, tmp_path / "a"))
    assert (document["type"], document["version"]) == ("transcript", 1)
    assert [entry["type"] for entry in document["entries"]] == ["final", "gap", "pause", "final", "final"]
    assert document["entries"][0]["words"] == [{"text": "hello", "begin_ms": 0, "end_ms": 400, "punctuation": ","}]
    assert document["entries"][2] == {"type": "pause", "begin_ms": 2000, "end_ms": 3000, "muted": False, "speaker": ""}
    assert [source["source"] for source in document["sources"]] == ["talk*.wav", "talk*.wav", "other.wav"]
    assert document["end"]["lost_ms"] == 1000


@pytest.mark.parametrize("count", [0, 1, 4])
def test_json_that_ends_early_is_still_a_document(tmp_path: Path, count: int) -> None:
    """Without an account; a run that never began leaves no file."""
    text = written(JsonDocument(LineWriter(str(tmp_path / "a"))), EVENTS[:count], tmp_path / "a")
    assert (json.loads(text)["end"] if count else text) == (None if count else "")
