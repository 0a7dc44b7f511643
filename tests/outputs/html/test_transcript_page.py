"""The page of a transcript: what is on it, and that no text is more than text."""

import base64
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import OutputError, SourceError
from asrcli.core.events import Began, Ended, Event, Final, Gap, Resumed, Word
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.html import markup
from asrcli.outputs.html.heard_audio import HeardAudio
from asrcli.outputs.html.transcript_page import TranscriptPage
from asrcli.outputs.line_writer import LineWriter

ENDED = Ended(9000, 8000, 1000, 2, 0, None, None, None, 100)


class Elements(HTMLParser):
    """The elements and the text of a page, as a browser reads it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data


def page(path: Path, events: list[Event], audio: HeardAudio | None = None) -> str:
    """The page that is written of events."""
    output, transcript = TranscriptPage(LineWriter(str(path)), lambda _: audio, path.parent), Transcript()
    for event in events:
        transcript = fold(transcript, event)
        output.handle(event, transcript)
    output.close()
    return path.read_text("utf-8")


@given(
    st.text()
    | st.text("<>&\"'/=;!-abp ")
    | st.sampled_from(["<script>x</script>", "</p><img src=x onerror=y>", "\" onclick='z", "&lt;"])
)
def test_no_text_is_markup(text: str) -> None:
    """In each place where text can be, the elements stay ours and the text stays what it was."""
    places = {1000: (0, 1000)}
    words = tuple(Word(word, 1000, 1100) for word in text.split()[:3]) or (Word(text, 1000, 1100),)
    final = Final("1", 1000, 2000, text, words, text, text, text, text, text, text)
    for part, allowed in (
        (markup.sentence(final, places.get, 3), {"p", "button", "b", "span"}),
        (markup.sentence(replace(final, words=()), places.get, 3), {"p", "button", "b", "span"}),
        (markup.gap(Gap(1000, 2000, text, text, text), places.get), {"p", "button", "span"}),
        (markup.stop(Resumed(1000, 2000, speaker=text)), {"p"}),
    ):
        read = Elements(part)
        assert {tag for tag, _ in read.tags} <= allowed
        assert {name for _, attributes in read.tags for name in attributes} <= {
            "class", "data-b", "data-e", "data-a", "data-t", "data-u", "lang", "dir",
        }  # fmt: skip
    assert harmless(text).strip() in Elements(markup.sentence(final, places.get, 0)).text


def test_each_word_has_its_place_in_the_audio() -> None:
    """Words are found in the text however it is written; what is not found stays text, and no word comes twice."""
    words = (Word("hello", 0, 300), Word("i", 350, 400), Word("missing", 400, 500), Word("World", 500, 900, "!"))
    part = markup.sentence(Final("1", 0, 900, "Hello, I see the world!", words), lambda ms: (2, ms + 7), 0)
    found = re.findall(r'<span class="w" data-a="2" data-t="(\d+)" data-u="(\d+)">(\w+)</span>', part)
    assert found == [("7", "300", "Hello"), ("357", "50", "I"), ("507", "400", "world")]
    assert Elements(part).text == "00:00 Hello, I see the world!"
    before = Final("1", 0, 900, "<b> end", (Word("end", 0, 900),))
    assert "&lt;b&gt; <span" in markup.sentence(before, lambda ms: (0, ms), 0)
    assert 'class="w"' not in markup.sentence(Final("1", 0, 900, "İ " * 9, words), lambda _: None, 0)


def test_what_a_page_shows(tmp_path: Path) -> None:
    """Speakers in colours, translations, gaps, pauses, silences, sources and the account; one player for one file."""
    audio = HeardAudio(tmp_path / "a #1%?.wav", lambda ms: ms - 500)
    events: list[Event] = [
        Began("x/talk.wav", "fun-asr", "t", 500, speaker="left"),
        Began("x/talk.wav", "fun-asr", "t", 500, speaker="right"),
        Final("1", 600, 900, "one", speaker="left", translation="eins", translated_into="de", language="zh"),
        Final("2", 700, 900, "two", speaker="right", heard="too"),
        Final("3", 700, 900, " "),
        Final("0", 100, 900, "before its audio", speaker="left"),
        Gap(5000, 6000, "lost", local_text="perhaps"),
        Resumed(6000, 7000, muted=True),
        Began("y/talk2.wav", "fun-asr", "t", 8000),
        ENDED,
    ]
    text = page(tmp_path / "out.html", events, audio)
    read = Elements(text)
    shown = [tag for tag, attributes in read.tags if tag == "audio"]
    assert (len(shown), text.count("<h2 "), text.count("<h1>talk.wav</h1>")) == (1, 1, 1)
    assert 'src="./a%20%231%25%3F.wav"' in text
    for part in (
        '<b class="who s0">left</b>', '<b class="who s1">right</b>', '<span class="text" lang="zh" dir="auto">one',
        '<span class="translation" lang="de" dir="auto">eins', ">too<", "4 s without speech", "muted 00:06.000",
        "heard on this machine only: perhaps", '<p class="gap" data-b="5000"', "captured 9.00 s",
        '<button class="time" data-a="0" data-t="100">00:00</button>', '<span class="time">00:00</span>',
    ):  # fmt: skip
        assert part in text, part
    assert text.startswith('<!doctype html>\n<html class="transcript">')
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=\"?(https?:)?//", text)


@pytest.mark.parametrize("name", [b"caf\xe9.wav", b"\xff%FF.wav", "会议 #1?.wav".encode(), b"a\nb'\".wav", b"a:b.wav"])
def test_a_page_leads_to_a_file_of_any_name(tmp_path: Path, name: bytes) -> None:
    """The address has the bytes of the name, also of a name that is no text; such a page could not be written."""
    shown = os.fsdecode(name)
    events: list[Event] = [Began(shown, "fun-asr", "t", 0), Final("1", 0, 900, "one"), ENDED]
    read = Elements(page(tmp_path / "out.html", events, HeardAudio(tmp_path / "in" / shown, lambda ms: ms)))
    addresses = [attributes["src"] or "" for tag, attributes in read.tags if tag == "audio"]
    assert [b"./in/" + name] == [unquote_to_bytes(address) for address in addresses]


def test_a_page_may_carry_its_audio_and_says_when_it_cannot(tmp_path: Path) -> None:
    """As a data URL in pieces; without it the page is whole all the same and refers to the file."""
    sound = os.urandom(7)
    events: list[Event] = [Began("a.wav", "m", "t", 0), ENDED]
    carried = page(
        tmp_path / "1.html", events, HeardAudio(tmp_path / "a.wav", lambda ms: ms, lambda: [sound[:6], sound[6:]])
    )
    (data,) = re.findall(r'src="data:audio/ogg;base64,([^"]*)"', carried)
    assert base64.b64decode(data.replace("\n", "")) == sound

    def broken() -> Iterator[bytes]:
        raise SourceError("a.wav", "is gone")
        yield b""

    with pytest.raises(OutputError, match="cannot be put into the page"):
        page(tmp_path / "2.html", events, HeardAudio(tmp_path / "a.wav", lambda ms: ms, broken))
    text = (tmp_path / "2.html").read_text()
    assert 'src="./a.wav"' in text
    assert text.endswith("</html>\n")


def test_a_run_that_never_began_leaves_no_page(tmp_path: Path) -> None:
    """As with every other format."""
    output = TranscriptPage(LineWriter(str(tmp_path / "a.html")), lambda _: None, tmp_path)
    output.close()
    assert list(tmp_path.iterdir()) == []
