"""Prints a constraints file for pip: each dependency in the lowest version that pyproject.toml allows on this machine.

python -m tests.support.lowest_versions
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
AT_LEAST = (">=", "==")


def constraints(project: dict[str, Any]) -> Iterator[str]:
    """The lowest version of each dependency and of each extra that is needed here, as lines of a constraints file.

    Args:
        project: The table `project` of a pyproject.toml.

    Raises:
        ValueError: a dependency names no lowest version.
    """
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    lowest: dict[str, str] = {}
    for requirement in map(Requirement, [*project["dependencies"], *extras]):
        if requirement.name == project["name"] or (requirement.marker and not requirement.marker.evaluate()):
            continue
        versions = [each.version for each in requirement.specifier if each.operator in AT_LEAST]
        if len(versions) != 1:
            raise ValueError(f"{requirement}: name one lowest version")
        lowest.setdefault(requirement.name, versions[0])
    for name, version in lowest.items():
        yield f"{name}=={version}"


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in constraints(tomllib.loads(PROJECT.read_text("utf-8"))["project"])))
