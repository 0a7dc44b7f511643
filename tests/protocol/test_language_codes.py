"""Languages by their codes and names."""

import pytest

from asrcli.protocol.language_codes import language_name


@pytest.mark.parametrize(("code", "name"), [("zh", "Chinese"), ("en", "English"), ("xx", "xx")])
def test_a_language_has_an_english_name(code: str, name: str) -> None:
    """An unknown code stands for itself."""
    assert language_name(code) == name
