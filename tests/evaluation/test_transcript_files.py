"""What is read of transcripts: the words and times of each format, and one line about what cannot be read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import SourceError, UsageError
from asrcli.evaluation.pairing import Pair, find_pairs
from asrcli.evaluation.transcript_files import READERS, Segment, read_transcript
from tests.support.unreadable_folder import refuse_to_read

FILES = {
    "plain.txt": ("one two\n\n今天\n", [Segment("one two"), Segment("今天")]),
    "stamped.txt": (
        (
            "[00:01.000 → 00:02.500] one\n                          → eins\n[gap 00:02.500 → 00:03.000: lost]\n"
            "[Anna paused 00:03.000 → 00:04.000]\n[1:00:03.000 → 1:00:04.000] two [sic]\n"
        ),
        [Segment("one"), Segment("two [sic]")],
    ),
    "arrows.txt": ("→ this way\n", [Segment("→ this way")]),
    "a.srt": (
        "1\n00:00:01,000 --> 00:00:02,500\none\ntwo\n\n2\n00:00:03,000 --> 00:00:04,000\n[gap: lost]\n",
        [Segment("one two", 1000, 2500)],
    ),
    "a.vtt": ("WEBVTT\n\n00:01.000 --> 00:02.500\n<v Anna>one &amp; two\n", [Segment("one & two", 1000, 2500)]),
    "a.lrc": (
        "[ar:Anna]\n[00:01.50]one\n[01:02.5]two\nthree\n",
        [Segment("one", 1500), Segment("two", 62500), Segment("three")],
    ),
    "a.tsv": (
        "start\tend\ttext\n1000\t2500\tone two\n\n3000\t\tthree\n",
        [Segment("one two", 1000, 2500), Segment("three", 3000)],
    ),
    "a.jsonl": (
        (
            '{"type":"begin"}\n{"type":"partial","text":"o"}\n{"type":"final","text":"one","begin_ms":5,"end_ms":9}\n'
            '{"type":"gap","begin_ms":9,"end_ms":12}\n{"text":"two"}\n'
        ),
        [Segment("one", 5, 9), Segment("two")],
    ),
    "a.json": ('{"segments":[{"start":1.5,"end":2,"text":" one"}]}', [Segment(" one", 1500, 2000)]),
    "b.json": ('{"text":"one"}', [Segment("one")]),
    "c.json": ('[{"text":"one","begin_ms":7}]', [Segment("one", 7)]),
    "d.json": (
        (
            '{"type":"transcript","version":1,"entries":[\n{"type":"final","text":"one","begin_ms":5,"end_ms":9}\n'
            ',{"type":"gap","begin_ms":9,"end_ms":12}\n],"sources":[],"end":{}}\n'
        ),
        [Segment("one", 5, 9)],
    ),
    "lines.json": ('\n{"type":"begin"}\n{"text":"one","begin_ms":5}\n', [Segment("one", 5)]),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_words_and_times_of_each_format_are_read(tmp_path: Path, name: str, encoding: str) -> None:
    """Without gaps, pauses, translations and tags; whether lines end as on Unix or as on Windows."""
    text, segments = FILES[name]
    for written in (text, text.replace("\n", "\r\n")):
        path = tmp_path / name
        path.write_bytes(written.encode(encoding))
        assert [Segment(one.text.rstrip(), one.begin_ms, one.end_ms) for one in read_transcript(path)] == segments


SOLID = "会议的预算，是十二万。请看《表》！ありがとう「はい」ขอบคุณ"


@given(pieces=st.lists(st.text(SOLID, min_size=1, max_size=9), min_size=1, max_size=4))
def test_the_lines_of_a_caption_get_no_space_where_the_script_has_none(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    """What is exported as subtitles, corrected and imported is the same text: a caption breaks Chinese anywhere."""
    path = tmp_path_factory.mktemp("captions") / "a.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\n" + "\n".join(pieces) + "\n", "utf-8")
    assert [segment.text for segment in read_transcript(path)] == ["".join(pieces)]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("他说：\n“好”\n再见", "他说：“好”再见"),
        ("你好，世界。\nHello, world.", "你好，世界。 Hello, world."),  # two languages
        ("- 你好。\n- 再见。", "- 你好。 - 再见。"),  # two people
        ("He said “yes”\n“No”", "He said “yes” “No”"),
        ("안녕하세요\n여러분", "안녕하세요 여러분"),
    ],
)
def test_the_lines_of_a_caption_are_words_apart_elsewhere(tmp_path: Path, lines: str, text: str) -> None:
    """Korean has spaces between words, and so have two languages and two people in one caption."""
    path = tmp_path / "a.srt"
    path.write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{lines}\n", "utf-8")
    assert [segment.text for segment in read_transcript(path)] == [text]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.wav", b"RIFF", "is not a transcript that can be read: .ass, .json"),
        ("a.txt", b"\xff\xfe\xfd\x00\xd8", "is not text in UTF-8 or UTF-16: save it in UTF-8"),
        ("a.srt", b"just words\n", "is not a readable subtitle file"),
        ("a.tsv", b"a\tb\n", "has no column 'text'"),
        ("a.tsv", b"start\tend\ttext\n1\t2\n", "line 2: 2 columns instead of 3"),
        ("a.jsonl", b'{"text":"x"}\n{oops\n', "line 2: is no JSON"),
        ("a.jsonl", b"7\n", "line 1: is no JSON object"),
        ("a.jsonl", b'{"type":"final"}\n', "line 1: has no 'text'"),
        ("a.json", b"[" * 100_000, "is no JSON"),
        ("a.json", b'{"text":\n"x"', "is no JSON"),
        ("a.json", b'{"text":"x"}\n{oops\n', "line 2: is no JSON"),
        ("a.json", b'{"segments":7}', "has no list of segments"),
        ("a.json", b"[7]", "segment 1: is no JSON object"),
        ("a.json", b'[{"text":["x"]}]', "segment 1: has no 'text'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_name_and_line(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    """In one line."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as raised:
        read_transcript(path)
    assert str(raised.value).startswith(f"{path}: {problem}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("suffix", READERS)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_content_is_an_internal_error(tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes) -> None:
    """Whatever is in a file, it is read or refused."""
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    try:
        segments = read_transcript(path)
    except SourceError:
        return
    assert all(segment.text.strip() for segment in segments)


def test_a_file_that_is_missing_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason."""
    with pytest.raises(SourceError, match="No such file"):
        read_transcript(tmp_path / "none.txt")
    monkeypatch.setattr("asrcli.evaluation.transcript_files.MOST_BYTES", 0)
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(SourceError, match="has more than 0 MB"):
        read_transcript(tmp_path / "a.txt")


def test_folders_are_paired_by_name(tmp_path: Path) -> None:
    """With their folders; of several transcripts the one that says most; what has no partner is named."""
    for place in (
        "hyp/a.txt",
        "hyp/a.jsonl",
        "hyp/in/b.srt",
        "hyp/c.txt",
        "ref/a.txt",
        "ref/in/b.txt",
        "ref/d.txt",
        "ref/a.wav",
        "hyp/.asr-batch/work/events.jsonl",
        "ref/.d.txt",
    ):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    hyp, ref = tmp_path / "hyp", tmp_path / "ref"
    pairs, alone = find_pairs(hyp, ref)
    assert pairs == [
        Pair("a", ref / "a.txt", hyp / "a.jsonl"),
        Pair("d", ref / "d.txt", None),
        Pair("in/b", ref / "in/b.txt", hyp / "in/b.srt"),
    ]
    assert alone == ["c"]
    assert find_pairs(hyp / "a.txt", ref / "d.txt") == ([Pair("a.txt", ref / "d.txt", hyp / "a.txt")], [])
    with pytest.raises(UsageError, match="one is a folder, the other a file"):
        find_pairs(hyp, ref / "a.txt")
    pairs, alone = find_pairs(ref / "in", ref)  # transcripts in a folder among their references
    assert [pair.name for pair in pairs] == ["a", "d"]
    assert alone == ["b"]
    assert [pair.hypothesis for pair in find_pairs(ref, ref)[0]] == [ref / "a.txt", ref / "d.txt", ref / "in/b.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no reference in"):
        find_pairs(hyp, tmp_path / "empty")
    with pytest.raises(SourceError, match="no such file or folder"):
        find_pairs(hyp, tmp_path / "none")


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one below that of the transcripts: they must not count as missing."""
    below = tmp_path / "hyp" / "below"
    for path in (tmp_path / "hyp" / "a.txt", below / "b.txt", tmp_path / "ref" / "a.txt"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    refuse_to_read(below, monkeypatch)
    with pytest.raises(SourceError, match="below: Permission denied"):
        find_pairs(tmp_path / "hyp", tmp_path / "ref")
