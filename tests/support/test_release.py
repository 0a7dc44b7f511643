"""A release moves what is unreleased, and refuses what it could not undo."""

from datetime import date

import pytest

from tests.support.release import NotReleasable, check_clone, released, versioned

LOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [0.9.0] - 2026-01-01\n\n- Old.\n"


def test_what_is_unreleased_gets_its_version() -> None:
    """An empty section stays above it, older ones below."""
    text = released(LOG, "1.0.0", date(2026, 12, 1))
    assert text == (
        "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-12-01\n\n### Added\n\n- A thing.\n\n"
        "## [0.9.0] - 2026-01-01\n\n- Old.\n"
    )
    with pytest.raises(NotReleasable, match="nothing under Unreleased"):
        released(text, "1.0.1", date(2026, 12, 1))
    with pytest.raises(NotReleasable, match=r"a section 0\.9\.0 already"):
        released(LOG, "0.9.0", date(2026, 12, 1))


def test_the_version_of_the_package_is_replaced() -> None:
    """And nothing else of it."""
    text = '"""Text."""\n\n__version__ = "0.1.0"\n__all__ = []\n'
    assert versioned(text, "1.0.0rc1") == text.replace("0.1.0", "1.0.0rc1")


@pytest.mark.parametrize("version", ["", "1.2", "v1.2.3", "1.2.3; rm"])
def test_what_is_no_version_is_refused(version: str) -> None:
    """Before anything is looked at."""
    with pytest.raises(NotReleasable, match=r"1\.2\.3"):
        check_clone(version)
