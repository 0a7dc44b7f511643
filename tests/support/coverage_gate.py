"""The gate of `make check`: every line and branch of the pure layers was executed, and of all files enough."""

import sys

from tests.support.source_files import FILES, LAYERS, path_in_package


def pure_files() -> list[str]:
    """The files that know no thread, clock, socket, chance or file: nothing keeps a test from reaching all of them."""
    return [str(path) for path in FILES if LAYERS.get(path_in_package(path).split("/")[0], 9) <= 2]


def problems(pure_percent: float, percent: float, least: float) -> list[str]:
    """What fails, in words; nothing where both are covered well enough."""
    found = []
    if pure_percent < 100:
        found.append(f"coverage of the pure layers is {pure_percent:.2f} %, and must be 100 %: test what is missing")
    if percent < least:
        found.append(f"coverage is {percent:.2f} %, and must be {least:g} % (fail_under in pyproject.toml)")
    return found


def main() -> int:
    """Report what `coverage combine` has left. Returns the exit code."""
    from coverage import Coverage  # only the checks install it

    measured = Coverage()
    measured.load()
    percent = measured.report()
    pure_percent = measured.report(include=pure_files())
    found = problems(pure_percent, percent, float(measured.get_option("report:fail_under") or 0))  # type: ignore[arg-type]
    sys.stderr.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
