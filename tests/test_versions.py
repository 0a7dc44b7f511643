"""What earlier versions left on a user's disk is read by this one."""

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from asrcli.outputs.jsonl_schema import SCHEMA
from tests.support.command import asr, lines
from tests.support.kept_version import FILE, JOURNAL, TALK, VERSIONS

KEPT = sorted(VERSIONS.iterdir())


@pytest.fixture(params=KEPT, ids=[version.name for version in KEPT])
def version(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a version left, with the permissions that it gave its journal."""
    folder = tmp_path / "kept"
    shutil.copytree(request.param, folder)
    for path in (folder / JOURNAL, *(folder / JOURNAL).rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return folder


def test_the_files_of_a_version_are_kept() -> None:
    """A folder that is empty would make the other tests pass without a question."""
    assert KEPT


def test_its_json_lines_have_the_shape_that_is_published_now(version: Path) -> None:
    """A reader that follows the schema of today reads the transcripts of then."""
    schema = Draft202012Validator(SCHEMA)
    for name in (FILE, TALK):
        kept = lines((version / name).read_text("utf-8"))
        assert [error.message for line in kept for error in schema.iter_errors(line)] == []
        assert [line["text"] for line in kept if line["type"] == "final"] == ["sentence 1", "sentence 2"]
    kept = lines((version / FILE).read_text("utf-8"))
    assert [(line["begin_ms"], line["end_ms"]) for line in kept if line["type"] == "gap"] == [(2000, 5000)]
    assert kept[-1]["lost_ms"] == 3000


def test_its_journal_is_listed_verified_and_resumed(version: Path, scripted: str) -> None:
    """The talk that was cut off goes on after its last sentence, in the transcript that it had begun."""
    journal = ("--journal", version / JOURNAL)
    (listed,) = json.loads(asr("sessions", "--json", *journal).stdout)
    assert (listed["state"], listed["sentences"]) == ("interrupted", 2)
    assert asr("verify", listed["id"], *journal).returncode == 6  # the end has no text yet
    _move_outputs(version)
    done = asr("resume", "--last", "--yes", "--url", scripted, *journal)
    assert done.returncode == 0, done.stderr
    kept = lines((version / TALK.removesuffix(".part")).read_text("utf-8"))
    finals = [line for line in kept if line["type"] == "final"]
    assert [line["text"] for line in finals][:2] == ["sentence 1", "sentence 2"]
    assert finals[-1]["end_ms"] >= 2500
    assert asr("verify", listed["id"], *journal).returncode == 0


def _move_outputs(version: Path) -> None:
    """Let the session name the transcript in this copy, and not the one in a folder that is gone."""
    (events,) = (version / JOURNAL).glob("*/events.jsonl")
    text = events.read_text("utf-8")
    (folder,) = {Path(path).parent for path in lines(text)[0]["showing"]["paths"]}
    events.write_text(text.replace(str(folder), str(version)), "utf-8")
