"""A pipe without a reader ends the run, unless the run is ending already: then its last words are saved."""

import pytest

from asrcli.core.errors import OutputClosed
from asrcli.core.events import Event, Final, Gap, Partial
from asrcli.core.transcript import Transcript
from asrcli.outputs.broken_pipe import PipelineOutput


class Pipe:
    """An Output that breaks with the sentence "break"."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.closed = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Keep it, or break."""
        del transcript
        if isinstance(event, Final) and event.text == "break":
            raise OutputClosed
        self.heard.append(event)

    def close(self) -> None:
        """Closed."""
        self.closed = True


def final(text: str) -> Final:
    """A sentence."""
    return Final("1", 0, 1000, text)


@pytest.mark.parametrize("asked", [True, False])
def test_what_a_dead_reader_cannot_take_is_reported(asked: bool) -> None:
    """Sentences and gaps, once each; without a request for the end a closed pipe ends the run as it always did."""
    pipe = Pipe()
    told: list[str] = []
    closed: list[bool] = []
    output = PipelineOutput(pipe, lambda: asked, lambda: closed.append(True), told.append, None)
    output.handle(final("before"), Transcript())
    if not asked:
        with pytest.raises(OutputClosed):
            output.handle(final("break"), Transcript())
        assert (told, closed) == ([], [])
        return
    rest = final("break"), Partial("2", 0, "", "not yet"), final("last words"), Gap(0, 1000, "gone"), final(" ")
    for event in rest:
        output.handle(event, Transcript())
    output.close()
    assert told == ["break", "last words", "[gap 00:00.000 → 00:01.000: gone]"]
    assert (closed, pipe.heard, pipe.closed) == ([True], [final("before")], False)


def test_a_pipe_that_has_its_reader_is_closed_at_the_end() -> None:
    """Nothing is reported: the reader has all of it."""
    pipe = Pipe()
    told: list[str] = []
    output = PipelineOutput(pipe, lambda: True, lambda: None, told.append, None)
    output.handle(final("before"), Transcript())
    output.close()
    assert (told, pipe.heard, pipe.closed) == ([], [final("before")], True)


@pytest.mark.parametrize("accepts_delay", [True, False, None])
def test_it_accepts_a_delay_as_the_output_in_it_does(*, accepts_delay: bool | None) -> None:
    """One that wants each partial as it comes gets it; one that says nothing is taken for that."""
    pipe = Pipe()
    if accepts_delay is not None:
        pipe.accepts_delay = accepts_delay  # type: ignore[attr-defined]
    assert PipelineOutput(pipe, lambda: True, lambda: None, lambda _: None, None).accepts_delay is bool(accepts_delay)
