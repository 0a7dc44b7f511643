"""Files beside the transcript that lack something: the run ends with that too, whatever else it ends with."""

import pytest

from asrcli.cli.app import exit_code
from asrcli.cli.builders.open_outputs import failures_at_end
from asrcli.core.errors import AsrError, AudioLost, MultipleErrors, OutputClosed, OutputError, SourceError

FULL = OutputError("a.wav", "no space left on device")
GONE = SourceError("mic", "is gone")


def ended(error: BaseException | None, *failures: OutputError) -> None:
    """A run that ends with an error or without one; what its files lack is known only then."""
    known: list[OutputError] = []
    with failures_at_end(lambda: known):
        known += failures
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("error", "code", "sentences"),
    [
        (None, 2, [str(FULL)]),
        (AudioLost(100), 6, [str(AudioLost(100)), str(FULL)]),
        (MultipleErrors([GONE, AudioLost(100)]), 6, [str(GONE), str(AudioLost(100)), str(FULL)]),
    ],
)
def test_what_lacks_something_is_named_with_all_else(error: AsrError | None, code: int, sentences: list[str]) -> None:
    """The exit code is the highest, and no error takes the place of another one."""
    with pytest.raises(AsrError) as raised:
        ended(error, FULL)
    found = raised.value
    errors = found.errors if isinstance(found, MultipleErrors) else [found]
    assert ([str(each) for each in errors], exit_code(found)) == (sentences, code)


@pytest.mark.parametrize("leaving", [KeyboardInterrupt(), OutputClosed()])
def test_whoever_leaves_at_once_has_been_warned(leaving: BaseException) -> None:
    """The exit code says that the user left, or that the reader of the pipe has had enough."""
    with pytest.raises(type(leaving)) as raised:
        ended(leaving, FULL)
    assert raised.value is leaving


def test_nothing_is_said_where_nothing_is_lacking() -> None:
    """Neither after a block in order nor after an error."""
    ended(None)
    with pytest.raises(SourceError) as raised:
        ended(GONE)
    assert raised.value is GONE
