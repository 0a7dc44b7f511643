"""Which format a name stands for, and which names stand for files that are not written here."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.builders.transcript_names import FOREIGN, SUFFIXES, format_of, named_format, with_suffixes
from asrcli.cli.options.output import OutputOptions
from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings


@pytest.mark.parametrize(
    ("name", "nearest"), [("访谈/a.docx", "访谈/a.html"), ("a.XLSX", "a.csv"), ("a.sub", "a.srt"), ("a.wav", "a.txt")]
)
def test_a_file_of_another_program_is_not_written_as_text(name: str, nearest: str) -> None:
    """No program could open it; the error names the format that comes closest."""
    with pytest.raises(
        UsageError, match=f"--output {name}: there is no format for .*; the nearest is -o {nearest}; -f "
    ):
        OutputOptions(output=name).builder(None, RecognitionSettings("m"))


def test_every_other_name_has_its_format() -> None:
    """Also one that says nothing; who names a format may call the file as he likes."""
    recognition = RecognitionSettings("m")
    for options in (
        OutputOptions(output="a.docx", format=[OutputFormat.HTML]),
        OutputOptions(output="a.docx", template="x"),
    ):
        assert options.builder(None, recognition).path == "a.docx"
    assert [named_format(name) for name in ("a", "a.log", "a.2026", ".docx")] == [OutputFormat.TEXT] * 4
    for suffix in SUFFIXES.values():
        assert named_format(f"a{suffix}") == format_of(f"a{suffix}")
    for suffix, form in (
        ("SRT", "srt"),
        ("Vtt", "vtt"),
        ("MD", "md"),
        ("markdown", "md"),
        ("HTM", "html"),
        ("ndjson", "jsonl"),
    ):
        assert named_format(f"a.{suffix}") is OutputFormat(form)
    foreign = [*chain.from_iterable(names.split() for names in FOREIGN.values())]
    assert not set(foreign) & set(SUFFIXES.values())
    assert len(set(foreign)) == len(foreign)


@pytest.mark.parametrize("form", [each for each in OutputFormat if each is not OutputFormat.JSON])
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_the_suffix_of_a_format_needs_no_option(form: OutputFormat, change: Callable[[str], str]) -> None:
    """The suffix that a format adds to a name selects it in any case; .json alone is JSON Lines."""
    assert named_format(f"talk{change(SUFFIXES[form])}") is form
    assert named_format("talk.Json") is OutputFormat.JSONL


@pytest.mark.parametrize("options", [{"append": True}, {"partials": True}, {"timestamps": "clock"}, {"template": "x"}])
@pytest.mark.parametrize("name", ["talk.md", "talk.Markdown"])
def test_what_markdown_does_not_take_is_text(options: dict[str, Any], name: str) -> None:
    """Text under such a name has always been possible. A format that has no such text refuses the option."""
    builder = OutputOptions(output=name, **options).builder(None, RecognitionSettings("m"))
    builder.check_options()
    assert builder.formats == (OutputFormat.TEXT,)
    assert OutputOptions(output=name).builder(None, RecognitionSettings("m")).formats == (OutputFormat.MD,)
    if "template" not in options:
        with pytest.raises(UsageError, match="--format srt"):
            OutputOptions(output="talk.srt", **options).builder(None, RecognitionSettings("m")).check_options()


def test_a_suffix_of_another_spelling_is_not_kept_before_that_of_the_format() -> None:
    """Not talk.htm.html: the name without any suffix of a format is what each format adds its own to."""
    for name in ("talk", "talk.htm", "talk.HTML", "talk.markdown", "talk.srt"):
        assert with_suffixes(name, [OutputFormat.HTML, OutputFormat.MD]) == ["talk.html", "talk.md"]
    assert with_suffixes("talk.mp3", [OutputFormat.HTML, OutputFormat.MD]) == ["talk.mp3.html", "talk.mp3.md"]
    assert with_suffixes("talk", [OutputFormat.SRT]) == ["talk"]


@pytest.mark.parametrize("name", ["talk.txt", "talk.jsonl", "talk.srt"])
@pytest.mark.parametrize("keys", [True, False])
def test_the_transcript_of_an_earlier_talk_is_not_replaced(tmp_path: Path, name: str, keys: bool) -> None:
    """Nobody says it again. The error names what can be done with this format; a file is transcribed again instead."""
    path = tmp_path / name
    recognition = RecognitionSettings("m")
    OutputOptions(output=str(path)).builder(None, recognition, keys=keys).check([])
    path.touch()
    OutputOptions(output=str(path)).builder(None, recognition, keys=keys).check([])
    path.write_text(
        {".srt": "1\n00:00:00,000 --> 00:00:01,000\na\n", ".jsonl": '{"type": "begin"}\n'}.get(path.suffix, "a\n")
    )
    with pytest.raises(UsageError, match=f"{name} exists: .*; (.*), --overwrite replaces it") as caught:
        OutputOptions(output=str(path)).builder(None, recognition, keys=keys).check([])
    assert ("--append" in str(caught.value)) == (path.suffix != ".srt")
    OutputOptions(output=str(path), overwrite=True).builder(None, recognition, keys=keys).check([])
    OutputOptions(output=str(path)).builder(None, recognition).check(["talk.wav"])
    if path.suffix != ".srt":
        OutputOptions(output=str(path), append=True).builder(None, recognition, keys=keys).check([])
    for device in ("-", "/dev/null"):
        OutputOptions(output=device).builder(None, recognition, keys=keys).check([])
