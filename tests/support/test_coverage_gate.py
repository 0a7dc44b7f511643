"""The gate lets through what is covered, and says what is not."""

import pytest

from tests.support.coverage_gate import problems, pure_files
from tests.support.source_files import PACKAGE


@pytest.mark.parametrize(
    ("pure", "whole", "failing"),
    [(100.0, 90.0, []), (99.99, 95.0, ["99.99 %"]), (100.0, 89.99, ["89.99 %"]), (0.0, 0.0, ["0.00 %", "0.00 %"])],
)
def test_pure_layers_and_all_files_must_be_covered(pure: float, whole: float, failing: list[str]) -> None:
    """Nothing is rounded up."""
    found = problems(pure, whole, 90.0)
    assert len(found) == len(failing)
    assert all(figure in problem for figure, problem in zip(failing, found, strict=True))


def test_the_pure_files_are_those_of_the_pure_layers() -> None:
    """One table says which they are."""
    files = set(pure_files())
    assert str(PACKAGE / "core" / "errors.py") in files
    assert str(PACKAGE / "protocol" / "omni" / "turns.py") in files
    assert not any("/engine/" in file for file in files)
