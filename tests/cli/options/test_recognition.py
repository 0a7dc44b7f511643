"""What the options of a model come to: text from the command line and from files, and what is refused of it."""

from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.options.recognition import RecognitionOptions
from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.model_selection import find_model
from asrcli.dashscope.preparation import fit_context
from asrcli.protocol.registry import OMNI, REALTIME

QWEN = find_model("qwen-audio-3.1-asr-flash-streaming")


def asked(name: str = QWEN.name, **options: Any) -> RecognitionSettings:
    """What the options come to."""
    return RecognitionOptions(**options).recognition(find_model(name), vad=True, heartbeat=None)


@pytest.mark.parametrize(
    "options",
    [
        {"vocabulary_id": ""}, {"phrase_id": " "}, {"vad_model": ""}, {"translate": ""}, {"prompt": "\n"},
        {"language": ["zh", ""]}, {"hotwords": [""]}, {"context": ["a", " "]},
    ],
)  # fmt: skip
def test_what_is_given_and_empty_is_refused(options: dict[str, Any]) -> None:
    """A command that should have filled it in may have failed: nothing is paid for without it."""
    with pytest.raises(UsageError, match=r"--[a-z-]+ is empty"):
        RecognitionOptions(**options)


@pytest.mark.parametrize("given", [["auto"], ["AUTO "], ["auto", "Auto"]])
def test_a_language_that_is_to_be_detected_is_none(given: list[str]) -> None:
    """Other programs have that word for what a model does without --language; a setting can be taken back so, too."""
    assert RecognitionOptions(language=given).language is None
    assert asked(language=given).languages == ()
    with pytest.raises(UsageError, match="--language auto with another language"):
        RecognitionOptions(language=[*given, "zh"])


def test_hot_words_are_read_value_by_value_in_any_form(tmp_path: Path) -> None:
    """By commas of any script, from files of lines or of JSON, each with its weight."""
    lines, table = tmp_path / "words.txt", tmp_path / "words.json"
    lines.write_text("# names\nAda Lovelace:5\n梯度：2\n", encoding="utf-8")
    table.write_text('{"Kubernetes": 50}', encoding="utf-8")
    words = asked(hotwords=["a:1，b", f"@{lines}", f"@{table}", '{"c": 3}']).hotwords
    assert words == (("a", 1), ("b", 4), ("Ada Lovelace", 5), ("梯度", 2), ("Kubernetes", 50), ("c", 3))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("a:6", "weight"), ("x" * 3 + "字" * 13, "characters"), ("one two three four five six seven eight", "parts"),
        ("a\t4\ten", "only a word of a list can be of one language"), ("#", "names no word"),
    ],
)  # fmt: skip
def test_hot_words_beyond_a_limit_are_refused(words: str, problem: str) -> None:
    """By name; one illegal weight makes the service drop the whole table."""
    with pytest.raises(UsageError, match=problem):
        asked(hotwords=[words])


def test_a_model_of_next_year_takes_super_hot_words() -> None:
    """The service decides."""
    assert asked("qwen-audio-3.9-asr-flash-streaming", hotwords=["a:50"]).hotwords == (("a", 50),)


def test_words_to_filter_are_listed_once_each(tmp_path: Path) -> None:
    """By commas of any script, from a file too."""
    file = tmp_path / "words"
    file.write_text("damn\nblast\n")
    both = asked(filter_words=["damn，heck", f"@{file}"], drop_words=["嗯、呃；um"])
    assert (both.masked, both.dropped) == (("damn", "heck", "blast"), ("嗯", "呃", "um"))


def test_parameters_of_one_s_own_are_json_or_a_bare_word() -> None:
    """What is neither NAME=VALUE is refused."""
    extra = asked(param=["a=1", "b=[true, null]", "c=word", "d=x=y"]).extra
    assert extra == (("a", 1), ("b", [True, None]), ("c", "word"), ("d", "x=y"))
    for wrong in ("a", "=1"):
        with pytest.raises(UsageError, match="not KEY=JSON"):
            asked(param=[wrong])


def test_a_file_that_is_not_there_or_empty_is_named(tmp_path: Path) -> None:
    """With the option."""
    (tmp_path / "empty").write_text("\n")
    for option in ({"context": [f"@{tmp_path}/none"]}, {"prompt": f"@{tmp_path}/none"}):
        with pytest.raises(UsageError, match=r"--(context|prompt) @.*none: No such file"):
            asked(**option)
    with pytest.raises(UsageError, match=r"--hotwords @.*empty: is empty"):
        asked(hotwords=[f"@{tmp_path}/empty"])


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if "context" in model.takes])
def test_context_is_fitted_as_the_wire_carries_it(name: str) -> None:
    """As messages, or as one text; what is remembered of the talk gets its place beforehand."""
    model, text = MODELS[name], "字" * 3000
    fit, told = fit_context(model, RecognitionSettings(name, context=(text,)), uses_transcript_context=False)
    if model.wire in {REALTIME, OMNI}:
        assert (fit.context, told) == ((text,), "")
        with pytest.raises(UsageError, match="context_from_transcript has no effect"):
            fit_context(model, fit, uses_transcript_context=True)
        return
    assert ([len(each) for each in fit.context], "2,000 of 3,000" in told) == ([400] * 5, True)
    kept, told = fit_context(model, RecognitionSettings(name, context=(text,)), uses_transcript_context=True)
    assert ([len(each) for each in kept.context], "1,200 of 3,000" in told) == ([400] * 3, True)
