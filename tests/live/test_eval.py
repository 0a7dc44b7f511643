"""`asr eval` as people run it: tables, JSON, pages, limits, and what is wrong with the files."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from asrcli.core.install_advice import install_extra
from asrcli.evaluation.report_page import MARKER
from tests.support.command import asr


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Transcripts and references: a right one, a wrong one, one that is missing, one without a reference."""
    first, second = "1\n00:00:01,{}00 --> 00:00:02,000\n{}\n\n", "2\n00:00:03,{}00 --> 00:00:04,000\n{}\n"
    files = {
        "hyp/right.txt": "今天 天气 很好",
        "ref/right.txt": "今天天气很好。",
        "hyp/wrong.srt": first.format(2, "The <b>quick</b> fox") + second.format(0, "ran & ran"),
        "ref/wrong.srt": first.format(0, "the quick <i>red</i> fox") + second.format(1, "ran, ran"),
        "ref/missing.txt": "not there",
        "hyp/extra.txt": "nobody asked",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def test_folders_are_compared_file_by_file(folders: Path) -> None:
    """Each file has a row, and the total counts each word once; a missing transcript is counted, an extra one named."""
    done = asr("eval", folders / "hyp", folders / "ref", COLUMNS="100")
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["right", "6", "0", "0", "0", "0.0", "%", "0.0", "%"] in rows
    assert ["missing", "(no", "transcript)", "2", "0", "2", "0", "100.0", "%", "100.0", "%"] in rows
    assert ["3", "files", "14", "0", "3", "0", "21.4", "%", "32.4", "%"] in rows
    assert "captions begin -0.10 s from the reference (median of 2), 95 % within 0.20 s" in done.stdout
    assert "made equal before the comparison: width, case, punctuation" in done.stdout
    assert done.stderr == "asr: extra: no reference, so it is not counted\n"


def test_json_has_the_same_figures(folders: Path) -> None:
    """For programs."""
    value = json.loads(asr("eval", folders / "hyp", folders / "ref", "--json").stdout)
    assert (value["words"], value["deleted"], value["without_reference"]) == (14, 3, ["extra"])
    assert value["wer"] == round(3 / 14, 6)
    files = {file["name"]: file for file in value["files"]}
    assert files["missing"]["missing"]
    assert files["wrong"]["begin"] == {"captions": 2, "median_ms": -100, "p95_ms": 200}


def test_the_alignment_marks_each_kind_of_error(tmp_path: Path) -> None:
    """So that it can be read without colours, on a narrow terminal, and beside the table."""
    (tmp_path / "h.txt").write_text("the quack fox 很 好 and \x1b[31mmore", "utf-8")
    (tmp_path / "r.txt").write_text("the quick brown fox\n真好", "utf-8")
    done = asr("eval", tmp_path / "h.txt", tmp_path / "r.txt", "--alignment", COLUMNS="60")
    assert "the {quick→quack} [-brown-] fox" in done.stdout
    assert "{真→很} 好 {+and 31mmore+}" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(("limit", "code"), [("21.5", 0), ("21", 8), ("0", 8)])
def test_the_limit_sets_the_exit_code(folders: Path, limit: str, code: int) -> None:
    """The table is printed all the same, and the reason is one line."""
    done = asr("eval", folders / "hyp", folders / "ref", "--max-wer", limit)
    assert done.returncode == code
    assert "3 files" in done.stdout
    said = f"asr: the word error rate of 21.43% is above the limit of {float(limit):.2f}%"
    assert (said in done.stderr) == (code == 8)


def test_without_words_a_limit_cannot_be_held(tmp_path: Path) -> None:
    """A reference without words must not pass for a perfect transcript."""
    (tmp_path / "empty.txt").touch()
    done = asr("eval", tmp_path / "empty.txt", tmp_path / "empty.txt", "--max-wer", "5")
    assert (done.returncode, done.stderr) == (8, "asr: the references have no words, so there is no error rate\n")


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Keep its name."""
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def test_the_page_stands_alone_and_runs_nothing(folders: Path) -> None:
    """Its text is escaped, its plots have a mark for each file and caption, and it is written as a whole."""
    (folders / "hyp/<script>x.txt").write_text("<script>alert(1)</script>")
    (folders / "ref/<script>x.txt").write_text("<b>alert(1)</b>")
    path = folders / "report.html"
    assert asr("eval", folders / "hyp", folders / "ref", "--html", path, "--normalize", "case").returncode == 0
    page = Page(path.read_text("utf-8"))
    assert not {"script", "b", "img", "link", "iframe"} & set(page.tags)
    assert page.tags.count("rect") == 4
    assert page.tags.count("circle") == 1
    assert "<script>alert(1)</script>" in page.text
    assert [file.name for file in folders.glob("report*")] == ["report.html"]
    again = asr("eval", folders / "hyp/right.txt", folders / "ref/right.txt", "--html", path)
    assert again.returncode == 0
    assert Page(path.read_text("utf-8")).tags.count("rect") == 0


def test_a_long_file_is_plotted_over_its_course(tmp_path: Path) -> None:
    """With at most 200 bars."""
    lines = [f"line number {number}" for number in range(450)]
    (tmp_path / "r.txt").write_text("\n".join(lines))
    (tmp_path / "h.txt").write_text("\n".join(lines[:300]))
    assert asr("eval", tmp_path / "h.txt", tmp_path / "r.txt", "--html", tmp_path / "x.html").returncode == 0
    assert Page((tmp_path / "x.html").read_text()).tags.count("rect") == 150


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["none.txt", "ref/right.txt"], 3, "none.txt: no such file or folder"),
        (["hyp", "ref/right.txt"], 2, "one is a folder, the other a file"),
        (
            ["hyp/right.txt", "ref/right.txt", "--normalize", "case,speed"],
            2,
            "there is no 'speed'; name some of width, case",
        ),
        (["hyp/right.txt", "ref/right.txt", "--json", "--alignment"], 2, "--alignment and --json are both given"),
        (["hyp/right.txt", "ref/right.txt", "--html", "ref/right.txt"], 2, "--html ref/right.txt is an input"),
        (["hyp", "ref", "--html", "hyp/right.txt", "--overwrite"], 2, "hyp/right.txt is in hyp, a folder whose"),
        (["hyp/right.txt", "ref/right.txt", "--html", "notes.html"], 2, "exists, but is not a report of asr eval"),
        (["hyp/right.txt", "ref/right.txt", "--html", "ref"], 2, "cannot write ref: is a folder"),
        (["hyp/right.txt", "ref/right.txt", "--html", "none/x.html"], 2, "cannot write none/x.html"),
    ],
)
def test_a_mistake_is_one_line(
    folders: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, problem: str
) -> None:
    """And no file is changed by it."""
    monkeypatch.chdir(folders)
    Path("notes.html").write_text("mine")
    before = {path: path.read_bytes() for path in folders.rglob("*") if path.is_file()}
    done = asr("eval", *arguments)
    assert done.returncode == code
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in folders.rglob("*") if path.is_file()} == before


def test_overwrite_replaces_what_is_no_report(folders: Path) -> None:
    """Because it was asked for."""
    path = folders / "notes.html"
    path.write_text("mine")
    files = [folders / "hyp/right.txt", folders / "ref/right.txt"]
    assert asr("eval", *files, "--html", path, "--overwrite").returncode == 0
    assert MARKER in path.read_text("utf-8")


def test_without_jiwer_it_says_how_to_get_it(folders: Path, tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / "jiwer.py").write_text("raise ImportError('none')")
    done = asr("eval", folders / "hyp/right.txt", folders / "ref/right.txt", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, f"asr: the comparison needs jiwer; {install_extra('eval')}\n")
