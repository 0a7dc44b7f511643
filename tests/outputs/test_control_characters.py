"""Text from outside with all kinds of control characters, at every boundary."""

import json
import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import UsageError, bare_url, without_secrets
from asrcli.core.events import Began, Final, Gap, Notice, Partial, Reconnecting, Resumed, Word
from asrcli.core.message import Text
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.event_log import OneLineFormatter
from asrcli.outputs.formatting import as_json, block, pause, reconnecting, reported
from asrcli.outputs.jsonl import JsonLines
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.plain_text import PlainText
from asrcli.outputs.raw_messages import RawMessages
from asrcli.outputs.subtitles import lrc, template, tsv_output
from tests.support.control_characters import EVIL, is_harmless

if TYPE_CHECKING:
    from asrcli.core.interfaces import Output


@given(st.text() | st.just(EVIL))
def test_harmless_text_is_one_line_that_no_terminal_obeys(text: str) -> None:
    """Of any text, and again of its own result."""
    assert is_harmless(harmless(text), line_ends="")
    assert harmless(harmless(text)) == harmless(text)


@given(
    st.recursive(
        st.text() | st.just(EVIL) | st.floats() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_json_is_one_line_and_means_what_was_meant(value: object) -> None:
    """All but half characters and what is no number comes back as it was."""
    written = as_json(value)
    assert is_harmless(written, line_ends="")
    expected = as_json(json.loads(written))
    assert written == expected
    if "nan" not in repr(value) and "inf" not in repr(value) and "\\ud" not in repr(value):
        assert json.loads(written) == json.loads(json.dumps(value))


def spoken() -> list[Final | Gap | Partial | Notice | Reconnecting]:
    """Events whose every text is evil."""
    return [
        Partial("1", 0, EVIL, EVIL, (Word(EVIL, 0, 1, EVIL),), EVIL, EVIL, EVIL, EVIL, EVIL),
        Final("1", 0, 900, EVIL, (Word(EVIL, 0, 1, EVIL),), EVIL, EVIL, EVIL, EVIL, EVIL, EVIL),
        Gap(900, 1000, EVIL, EVIL),
        Notice("warning", EVIL),
        Reconnecting(1, 5, EVIL, EVIL),
    ]


FIELDS = ["text", "speaker", "language", "emotion", "translation", "translated_into", "heard"]


def test_every_output_is_harmless(tmp_path: Path) -> None:
    """Text, templates of every field, tables, lyrics and JSON Lines, of a text in every place where one can be."""
    outputs: dict[str, Output] = {
        "text": PlainText(LineWriter(str(tmp_path / "text")), lambda event, _: block(event, None), partials=True),
        "template": PlainText(
            LineWriter(str(tmp_path / "template")), template("".join(f"{{{name}}}" for name in FIELDS))
        ),
        "lrc": PlainText(LineWriter(str(tmp_path / "lrc")), lrc),
        "jsonl": JsonLines(LineWriter(str(tmp_path / "jsonl")), partials=True),
    }
    for name, output in outputs.items():
        transcript = Transcript()
        for event in [Began(EVIL, EVIL, EVIL, 0, speaker=EVIL), *spoken()]:
            transcript = fold(transcript, event)
            output.handle(event, transcript)
        output.close()
        assert is_harmless((tmp_path / name).read_bytes().decode()), name
    rows = LineWriter(str(tmp_path / "tsv"))
    tsv = tsv_output(rows, translated=True)
    tsv.handle(spoken()[1], fold(Transcript(), spoken()[1]))
    tsv.close()
    assert is_harmless((tmp_path / "tsv").read_text().replace("\t", " "))
    assert is_harmless(pause(Resumed(0, 1, speaker=EVIL), None) + reconnecting(Reconnecting(1, 1, EVIL, EVIL)))


def test_the_log_cannot_be_forged() -> None:
    """A record is one line; what stands in a traceback is indented; no secret is in either."""
    logger, lines = logging.Logger("forged"), []
    handler = logging.Handler()
    handler.setFormatter(OneLineFormatter("%(levelname)s %(message)s"))
    handler.emit = lambda record: lines.extend(handler.format(record).split("\n"))  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        raise ValueError(f"{EVIL}\nINFO forged http://me:pw@there/x?token=abc")
    except ValueError:
        logger.exception("%s\nINFO forged http://me:pw@there/x?token=abc", EVIL)
    assert [line.startswith("ERROR ") for line in lines] == [True, *[False] * (len(lines) - 1)]
    assert all(line.startswith("    ") for line in lines[1:])
    assert is_harmless("\n".join(lines))
    assert not {"pw", "token", "abc"} & set("\n".join(lines).replace("/", " ").replace("=", " ").split())


@pytest.mark.parametrize("data", ['{"a": "x\x9b31m\u2028y"}', EVIL, '{"a":\n"b\x85"}', "\x1b[2J"])
def test_messages_are_shown_as_they_came_but_harmless(tmp_path: Path, data: str) -> None:
    """JSON with controls in it is written so that it means the same; other text becomes a JSON string."""
    path = tmp_path / "x"
    lines = LineWriter(str(path))
    RawMessages(lines, lambda: 0.0, stamp=False, sent=False, to_screen=False).show(Text(data), sent=False)
    lines.close()
    written = path.read_bytes().decode()
    assert is_harmless(written)
    try:
        meant = json.loads(data)
    except ValueError:
        meant = data.replace("\ud83d", "?")
    assert json.loads(written) == meant


@pytest.mark.parametrize(
    "text",
    ["{text:>999999999}", "{begin_ms:{end_ms}}", "{begin_ms:c}", "{begin_ms:.99999f}", "{text.__class__}", "{text[0]}"],
)
def test_a_template_is_bounded(text: str) -> None:
    """No width that fills the memory, none that comes from the text, no character by its number."""
    with pytest.raises(UsageError, match=r"^template: "):
        template(text)
    assert template("{begin_ms:>9} {text:<20}|")(Final("", 5, 9, "x"), 1) == "        5 x                   |"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://u:p@h:80/x?token=1#f", "http://h:80/x"),
        ("rtsp://u:pa/ss@h/x", "rtsp://h/x"),
        ("rtsp://u:p#ss@h/x?t=1", "rtsp://h/x"),
        ("rtsp://u:p?ss@h/x", "rtsp://h/x"),
        ("http://u:p@ss/w@h/x", "http://h/x"),
        ("http://u:p@[::1/x?t=1", "http://[::1/x"),
        ("http://h/@me/x", "http://h/@me/x"),
        ("ws://[::1]:80/a?c=u@d", "ws://[::1]:80/a"),
        ("talk?.wav", "talk?.wav"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """Also where it is malformed, and in the middle of a sentence."""
    assert bare_url(url) == shown
    assert without_secrets(f"no '{url}' here") == f"no '{shown}' here"


def test_a_key_is_masked_wherever_it_stands() -> None:
    """In an error, in a log, in a traceback; a name that begins alike stays."""
    assert without_secrets("--api-key-file sk-0123456789abcdef0123: no") == "--api-key-file sk-…: no"
    assert without_secrets("Authorization: Bearer xyz") == "Authorization: Bearer …"
    assert without_secrets("sk-interview.wav") == "sk-interview.wav"


_LOGIN = re.compile(r"(?<![^\s:/='\"(])[^\s:/@'\"]+:(?!//)[^\s@'\"]+@(?=[\w\[])")


@given(st.text("ab:/@=( '[", max_size=20))
def test_a_login_is_masked_in_what_is_no_whole_address(text: str) -> None:
    """As a pattern would say it, which is too slow to be used."""
    assert without_secrets(text) == _LOGIN.sub("…@", text)


@pytest.mark.parametrize("unit", ["a:", "=(", "a:b@", "=a:", "x", "sk-", "http://", "\x1b]", " "])
def test_a_long_text_from_outside_takes_no_longer_than_its_length(unit: str) -> None:
    """A message may have 16 MB; a pattern that begins again at each character would work on that for hours."""
    used_s = []
    for size in (100_000, 400_000):
        began_s = time.process_time()
        assert is_harmless(reported(unit * (size // len(unit))))
        used_s.append(time.process_time() - began_s)
    assert used_s[1] < 10 * used_s[0] + 1.0  # sixteen times as much where it grows with the square
