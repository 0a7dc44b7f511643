"""What transcripts of a batch are called: no two inputs write one file, and nothing is written elsewhere."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.causes import Cause
from asrcli.core.errors import UsageError
from asrcli.runs.batch.manifest import BatchInput
from asrcli.runs.batch.output_names import check_template, folded_name, output_names, unusable


def one(path: str, name: str = "") -> BatchInput:
    """An input as it is found on the disk."""
    parts = PurePosixPath(path)
    return BatchInput(path, f"/{path}", parts.name, parts.parent.name, parts.parent.as_posix(), name)


def test_names_follow_the_rule_of_asr_file_and_the_template() -> None:
    """NAME for NAME.mp3; both whole names where only the suffixes differ; folders on request."""
    inputs = [one("x/a.wav"), one("x/b.mp3"), one("x/b.wav"), one("x/noise", name="sub/n")]
    assert output_names(inputs) == (["a", "b.mp3", "b.wav", "sub/n"], {})
    assert output_names(inputs[:1], "{folder}/{name}.en")[0] == ["x/a.wav.en"]
    assert output_names([one("x/y/a.wav"), one("x/z/a.wav")], "{parent}/{stem}") == (["y/a", "z/a"], {})


def test_two_inputs_with_one_name_are_both_refused_and_others_are_not() -> None:
    """It would depend on chance whose text the file holds. Case and Unicode forms make no other file everywhere."""
    inputs = [one("x/a.wav"), one("y/A.wav"), one("y/c.wav")]
    names, problems = output_names(inputs, "{stem}")
    assert names[2] == "c"
    assert list(map(str, problems.values())) == [
        "x/a.wav: its transcript a.wav would also be that of y/A.wav",
        "y/A.wav: its transcript A.wav would also be that of x/a.wav",
    ]
    assert {problem.cause for problem in problems.values()} == {Cause.SAME_TRANSCRIPT}  # of which --name is the advice


def test_names_of_earlier_runs_stay() -> None:
    """A second recording of the same name does not rename the first transcript, and does not take its place."""
    kept = {"/x/a.wav": "a", "/gone.wav": "gone"}
    assert output_names([one("x/a.wav"), one("x/a.mp3")], kept=kept) == (["a", "a.mp3"], {})
    _, problems = output_names([one("x/a.wav"), one("y/gone.wav")], kept=kept)
    assert list(map(str, problems.values())) == ["y/gone.wav: its transcript gone would replace that of /gone.wav"]


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a//b", "C:a", "..", ".hidden", "a\\..\\..\\b", "x" * 300])
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    """A manifest may come from somebody else."""
    _, problems = output_names([one("a.wav", name=name)])
    assert list(problems) == [0]


@pytest.mark.parametrize("template", ["{stem", "{stam}", "fixed", "{parent}", "{stem}}", "{}"])
def test_a_template_that_names_no_files_is_refused(template: str) -> None:
    """At once, not after a thousand recordings."""
    with pytest.raises(UsageError):
        check_template(template)
    assert check_template("{parent}/{stem}") == "{parent}/{stem}"


@given(paths=st.lists(st.from_regex(r"\A[a-c]/[aA]{1,2}\.(wav|mp3)\Z"), unique=True, max_size=8))
@pytest.mark.parametrize("template", ["{stem}", "{parent}/{stem}", "{folder}/{name}"])
def test_no_two_inputs_write_one_file(template: str, paths: list[str]) -> None:
    """Whatever is named."""
    names, problems = output_names([one(path) for path in paths], template)
    written = [folded_name(name) for number, name in enumerate(names) if number not in problems]
    assert len(set(written)) == len(written)
    assert not any(map(unusable, written))
