"""What the documents point at is there: links, headings, and paths of this repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md"])
# Where a path that a document names may begin; `core/audio.py` is short for `asrcli/core/audio.py`.
BEGINNINGS = ("", "asrcli/", "docs/")
TOP = {path.name for folder in (ROOT, ROOT / "asrcli") for path in folder.iterdir() if path.is_dir()}
MADE = {".venv", "dist"}  # what a command makes
PLACEHOLDER = re.compile(r"[A-Z]{3,}|[*<{$~]")


def prose(text: str) -> str:
    """The document without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The headings of a document as links name them."""
    titles = re.findall(r"^#+ (.+)$", prose(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """To a file of this repository, and to a heading that it has."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text("utf-8"))):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        if heading:
            assert heading in anchors(target.read_text("utf-8")), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_of_this_repository_are_there(document: Path) -> None:
    """Whatever stands in backquotes, begins with a folder of ours and has a slash."""
    for named in re.findall(r"`([\w./-]+/[\w./-]*)`", prose(document.read_text("utf-8"))):
        first = named.split("/")[0]
        if first not in TOP - MADE or PLACEHOLDER.search(named):
            continue
        assert any((ROOT / f"{beginning}{named}").exists() for beginning in BEGINNINGS), named


def test_the_architecture_names_what_the_code_has() -> None:
    """Each name in backquotes occurs in the code; `Class.name` in the file that defines the class."""
    text = prose((ROOT / "docs" / "architecture.md").read_text("utf-8"))
    words: set[str] = set()
    beside: dict[str, set[str]] = {}  # the words of the file that defines a class
    for path in [each for top in ("asrcli", "tests") for each in (ROOT / top).rglob("*.py")]:
        source = path.read_text("utf-8")
        found = set(re.findall(r"\w+", source))
        words |= found
        for name in re.findall(r"^class (\w+)", source, re.MULTILINE):
            beside[name] = beside.get(name, set()) | found
    missing = []
    for named in re.findall(r"`([A-Za-z_][\w.]*)(?:\([^`]*\))?`", text):
        first, *rest = named.split(".")
        if first not in words or not beside.get(first, words).issuperset(rest):
            missing.append(named)
    assert missing == []


def test_the_readme_leads_to_every_document() -> None:
    """Who reads only that, and follows its links, finds the others; so does who begins with the Chinese one."""
    for first in ("README.md", "README.zh-CN.md"):
        reached, waiting = {ROOT / first}, [ROOT / first]
        while waiting:
            page = waiting.pop()
            for link in re.findall(r"\]\(([^)\s#]+\.md)(?:#[^)]*)?\)", page.read_text("utf-8")):
                target = (page.parent / link).resolve()
                if target not in reached and target.is_file():
                    reached.add(target)
                    waiting.append(target)
        assert [document for document in DOCUMENTS if document not in reached] == []


def test_the_architecture_names_every_folder() -> None:
    """The table of floors is the tree."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    folders = {path.name for path in (ROOT / "asrcli").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert [name for name in sorted(folders) if f"`{name}`" not in text] == []
