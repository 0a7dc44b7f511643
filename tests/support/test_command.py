"""A started command: nothing of its output is lost on the way to the test."""

import subprocess
import sys

from tests.support.command import Running

TWO_LINES = "import sys; print('one'); print('two'); print('first\\nsecond', file=sys.stderr)"


def test_what_came_together_with_a_line_that_was_read_is_still_there() -> None:
    """On both streams, whatever a stream has read ahead."""
    command = [sys.executable, "-c", TWO_LINES]
    with Running(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.wait(60)
        assert (process.stdout.readline(), process.stderr.readline()) == ("one\n", "first\n")
        assert process.communicate(timeout=60) == ("two\n", "second\n")
