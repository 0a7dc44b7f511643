"""A last sentence that was written and not recorded is found in any transcript, and nothing else is ever cut."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.cli.builders.output_formats import FORMATS
from asrcli.cli.builders.outputs import OutputBuilder
from asrcli.cli.builders.sessions.recorded_length import recorded_bytes
from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import OutputError
from asrcli.core.events import Began, Event, Final, Gap, Partial
from asrcli.core.transcript import Sentence, Transcript, fold
from asrcli.journal.journal_part import JournalPart
from asrcli.journal.reading import Journal
from asrcli.outputs.capitalization import CapitalizedOutput
from asrcli.outputs.formatting import clock, wall_clock
from asrcli.outputs.line_writer import LineWriter
from tests.support.journals import HEADER

if TYPE_CHECKING:
    from asrcli.core.interfaces import Output

Stamp = Callable[[int], str] | None
BUILDERS = [
    OutputBuilder((OutputFormat.JSONL,)),
    OutputBuilder((OutputFormat.JSONL,), partials=True),
    OutputBuilder(),
    OutputBuilder(partials=True),
    OutputBuilder(capitalize=True),
    OutputBuilder(template="{speaker}: {text} ({sentence})"),
]
TEXTS = ["yes.", "no", "天气很好。", "→ there", "", "heard: it", "a\nb"]


def named(builder: OutputBuilder) -> str:
    """What a builder does, as the name of a test."""
    return f"{builder.formats[0]} {builder.partials} {builder.capitalize} {builder.template}"


sentences = st.lists(
    st.builds(
        lambda text, speaker, into: Final("", 0, 0, text, speaker=speaker, translation=into),
        st.sampled_from(TEXTS),
        st.sampled_from(["", "A", "天"]),
        st.sampled_from(["", "oui"]),
    ),
    min_size=1,
    max_size=6,
)


def gap(end_ms: int) -> Gap:
    """Something lost just before a time."""
    return Gap(end_ms - 50, end_ms, "lost")


def written(
    path: Path, builder: OutputBuilder, finals: Sequence[Final], stamp: Stamp
) -> tuple[list[Sentence], list[int]]:
    """Write a part; return its sentences, and how long it was before each of them."""
    (name,) = builder.formats
    lines = LineWriter(str(path))
    output: Output = FORMATS[name].make(builder, lines, stamp)
    if builder.capitalize:
        output = CapitalizedOutput(output)
    transcript, found, before = Transcript(), [], 0
    befores: list[int] = []
    output.handle(Began("a.wav", "m", "t", 0), transcript)
    for number, final in enumerate(finals):
        begin_ms, key = number * 1000, str(number)
        heard = replace(final, key=key, begin_ms=begin_ms, end_ms=begin_ms + 900)
        events: list[Event] = [gap(begin_ms), Partial(key, begin_ms, "w", "ell"), heard]
        for event in events:
            part = path.with_name("a.part")
            if part.exists():  # not before the first line after its head
                before = part.stat().st_size
            transcript = fold(transcript, event)
            output.handle(event, transcript)
        if final.text.strip():
            assert transcript.latest is not None
            found.append(transcript.latest)
            befores.append(before)
    lines.leave()
    output.close()
    return found, befores


def recorded(sentences: list[Sentence], *, shared: bool = False, **more: object) -> Journal:
    """A journal that knows these; of a run that appended to a file, if it is `shared`."""
    gaps = [gap(number * 1000) for number in range(9)]
    parts = [JournalPart(sentences=sentences)]
    header = replace(HEADER, showing={"append": shared})
    return Journal(Path("session"), header, (), parts=parts, gaps=gaps, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("stamp", [None, clock, wall_clock(datetime(2026, 11, 29, 3, 4, 5, 678))])
@pytest.mark.parametrize("builder", BUILDERS, ids=named)
@given(finals=sentences)
@settings(max_examples=25)
def test_only_last_sentences_that_were_not_recorded_are_cut(
    builder: OutputBuilder, stamp: Stamp, finals: list[Final]
) -> None:
    """All recorded: nothing is cut. All but the last ones: they are, whatever their text looks like."""
    with TemporaryDirectory() as folder:
        found, befores = written(Path(folder) / "a", builder, finals, stamp)
        part = Path(folder) / "a.part"
        assert recorded_bytes(part, builder, recorded(found)) is None
        for number, before in enumerate(befores):
            assert recorded_bytes(part, builder, recorded(found[:number])) == before
        assert recorded_bytes(part, builder, recorded(found[:-1], damages=["a line"])) is None
        assert recorded_bytes(part, builder, recorded(found[:-1], redone_from_ms={"": 0})) is None


@pytest.mark.parametrize("builder", BUILDERS, ids=named)
@given(finals=sentences)
@settings(max_examples=25)
def test_in_a_file_that_runs_share_only_what_is_surely_of_this_run_is_cut(
    builder: OutputBuilder, finals: list[Final]
) -> None:
    """Lines of JSON have numbers that go on after the recorded ones; of text it is at most one sentence."""
    with TemporaryDirectory() as folder:
        found, befores = written(Path(folder) / "a", builder, finals, None)
        part = Path(folder) / "a.part"
        assert recorded_bytes(part, builder, recorded(found, shared=True)) is None
        if finals[-1].text.strip() and "\n" not in finals[-1].text:
            assert recorded_bytes(part, builder, recorded(found[:-1], shared=True)) == befores[-1]
        numbered = builder.formats == (OutputFormat.JSONL,)
        for number in range(len(found) - 1):
            kept = recorded_bytes(part, builder, recorded(found[:number], shared=True))
            assert kept == (befores[number] if numbered and number else None)


def test_sentences_may_end_in_another_order_than_they_began(tmp_path: Path) -> None:
    """Those of two speakers, whose numbers follow their begins; the last one was not recorded."""
    part = tmp_path / "a.part"
    lines = [f'{{"type": "final", "sentence": {number}}}\n' for number in (2, 1, 3)]
    part.write_text("".join(lines))
    known = [Sentence(number, Final("", 0, 900, "yes.")) for number in (2, 1)]
    assert recorded_bytes(part, BUILDERS[0], recorded(known)) == len(lines[0] + lines[1])


@pytest.mark.parametrize("builder", BUILDERS[:3], ids=named)
def test_what_is_no_transcript_of_the_journal_stays(builder: OutputBuilder, tmp_path: Path) -> None:
    """Somebody has edited it, or it holds damaged lines."""
    part = tmp_path / "a.part"
    part.write_bytes(b"another\n\xff\n[]\n{'final'}\n" + b'"final"\n{"type": "final", "sentence": [1]}\n')
    assert recorded_bytes(part, builder, recorded([Sentence(1, Final("", 0, 900, "yes."))])) is None
    with pytest.raises(OutputError, match="no such file"):
        recorded_bytes(tmp_path / "gone", builder, recorded([]))
