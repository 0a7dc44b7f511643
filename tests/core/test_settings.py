"""Secrets that do not show."""

import copy
import pickle
import traceback

from asrcli.core.settings import ConnectionSettings, Secret

KEY = "sk-0123456789abcdef"


def test_a_key_shows_in_nothing_that_prints() -> None:
    """Not in str, repr, format, in what holds it, nor in a traceback that shows it."""
    connection = ConnectionSettings(key=Secret(KEY))
    try:
        raise RuntimeError(f"{connection} {connection.key} {connection.key!r}")
    except RuntimeError:
        told = traceback.format_exc()
    assert KEY not in told
    assert "***" in told


def test_a_key_gives_itself_only_when_asked() -> None:
    """To the one place that puts it into a header."""
    assert Secret(KEY).reveal() == KEY
    assert copy.copy(Secret(KEY)) == Secret(KEY)
    assert pickle.loads(pickle.dumps(Secret(KEY))) == Secret(KEY)  # noqa: S301
