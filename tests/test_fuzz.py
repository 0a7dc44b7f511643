"""`make fuzz` in short: each target takes what is right and what is spoiled, and a crash is told with its input."""

import pytest

from tests.fuzz.__main__ import GROUPS, fuzz


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in GROUPS for name in group.TARGETS])
def test_half_a_second_of_each_target(group: object, name: str) -> None:
    """Seeds as they are, then mutations."""
    target, seeds = group.TARGETS[name], group.seeds()  # type: ignore[attr-defined]
    for seed in seeds:
        target(seed)
    assert fuzz(target, seeds, 0.5) > 0


def test_a_crash_is_told_with_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    """So that it can be tried again."""

    def falls(data: bytes) -> None:
        raise ValueError(data)

    with pytest.raises(ValueError):  # noqa: PT011  whatever the input was
        fuzz(falls, [b"a"], 5)
    assert capsys.readouterr().out.startswith("crashed on b'")
