"""Hot words as people write them: every form is read, and every limit of the service is reported before it is met."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import UsageError
from asrcli.dashscope.hotwords import (
    HotWord,
    HotWordLimits,
    check_hotwords,
    check_prefix,
    limits_of,
    parse_hotwords,
    prefix_of,
)

MANY, NEWEST = HotWordLimits(2000), HotWordLimits(2000, 50)

WRITTEN = {
    "Kubernetes": [HotWord("Kubernetes")],
    "Kubernetes:5": [HotWord("Kubernetes", 5)],
    "Kubernetes : 5": [HotWord("Kubernetes", 5)],
    "梯度：3": [HotWord("梯度", 3)],
    "梯度:3, 热词：5": [HotWord("梯度", 3), HotWord("热词", 5)],
    "a，b、c;d；e\nf": [HotWord(text) for text in "abcdef"],
    "New York:2": [HotWord("New York", 2)],
    "ratio 3:4:5": [HotWord("ratio 3:4", 5)],
    "std::vector": [HotWord("std::vector")],
    "std::vector:5": [HotWord("std::vector", 5)],
    "a:": [HotWord("a:")],
    ":5": [HotWord("", 5)],
    "a:-1": [HotWord("a", -1)],
    "a,,b,": [HotWord("a"), HotWord("b")],
    "\ufeffa\r\nb\r\n": [HotWord("a"), HotWord("b")],
    "# words\na # one\n\nC#:5\n  # two\n": [HotWord("a"), HotWord("C#", 5)],
    "Kubernetes\t5\ten": [HotWord("Kubernetes", 5, "en")],
    "Wien, Stadt\t5\tde\nb": [HotWord("Wien, Stadt", 5, "de"), HotWord("b")],
    "梯度\t3": [HotWord("梯度", 3)],
    "梯度\t\tzh": [HotWord("梯度", 4, "zh")],
    "梯度\t": [HotWord("梯度")],
    "": [],
    " \n": [],
    '["a", {"text": "b", "weight": 2, "lang": "en"}]': [HotWord("a"), HotWord("b", 2, "en")],
    '[{"text": "b", "lang": null}]': [HotWord("b")],
    ' {"梯度": 5, "b": 1}': [HotWord("梯度", 5), HotWord("b", 1)],
    '{"id": "vocab-a-0", "words": [{"text": "b", "weight": 2}]}': [HotWord("b", 2)],
    "[]": [],
}


@pytest.mark.parametrize(("text", "words"), WRITTEN.items())
def test_each_way_to_write_words_is_read(text: str, words: list[HotWord]) -> None:
    """On the command line and in files, with ASCII and full-width marks."""
    assert parse_hotwords(text) == tuple(words)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "begin like JSON and are not JSON"),
        ('{"a": }', "begin like JSON and are not JSON"),
        ("[" * 100_000, "begin like JSON and are not JSON"),
        ("[1]", r"not a hot word: 1; in JSON it is \{"),
        ('[{"weight": 1}]', "not a hot word"),
        ('{"a": "5"}', "not a hot word"),
        ('{"a": true}', "not a hot word"),
        ('[{"text": "a", "weight": 1.5}]', "not a hot word"),
        ("a\tmuch", "hot word a: weight much is not a number"),
        ("a:1.5", "hot word a: weight 1.5 is not a whole number"),
    ],
)
def test_what_cannot_be_read_is_shown(text: str, problem: str) -> None:
    """With the forms that there are, and shortly."""
    with pytest.raises(UsageError, match=problem) as caught:
        parse_hotwords(text)
    assert len(str(caught.value)) < 300


@given(st.text())
def test_any_text_is_read_or_refused_as_usage(text: str) -> None:
    """Nothing else comes of what somebody wrote."""
    try:
        words = parse_hotwords(text)
    except UsageError:
        return
    assert all(isinstance(word.text, str) and isinstance(word.weight, int) for word in words)


@given(st.lists(st.builds(HotWord, st.text(min_size=1).map(str.strip), st.integers(1, 5), st.sampled_from(("", "zh")))))
def test_words_written_as_json_are_read_as_they_were(words: list[HotWord]) -> None:
    """Whatever is in them."""
    text = json.dumps([{"text": word.text, "weight": word.weight, "lang": word.language} for word in words])
    assert parse_hotwords(text) == tuple(words)


@given(st.lists(st.builds(HotWord, st.text("ab梯度 ,:", min_size=1).map(str.strip).filter(bool), st.integers(1, 5))))
def test_words_written_in_lines_with_tabs_are_read_as_they_were(words: list[HotWord]) -> None:
    """With commas and colons in them, as asr vocab show puts them out."""
    assert parse_hotwords("\n".join(f"{word.text}\t{word.weight}" for word in words)) == tuple(words)


LONG = "词" * 15
REFUSED = {
    "weight 0": ([HotWord("a", 0)], MANY, r"hot word a: weight 0; a weight is from 1 to 5$"),
    "weight 6": ([HotWord("a", 6)], NEWEST, r"hot word a: weight 6; a weight is from 1 to 5, or 50$"),
    "super elsewhere": ([HotWord("a", 50)], MANY, "hot word a: only qwen-audio-3.x models take weight 50; give it"),
    "too many super": (
        [HotWord(f"a{n}", 50) for n in range(51)],
        NEWEST,
        "51 hot words of weight 50: a list holds 50; give 1 of them",
    ),
    "16 characters": ([HotWord(LONG + "a")], MANY, f"hot word {LONG}a: 16 characters; shorten it to 15"),
    "8 parts": ([HotWord("a b c d e f g h")], MANY, "8 parts, counted at spaces; shorten it to 7"),
    "empty": ([HotWord("")], MANY, "a hot word without text"),
    "blank": ([HotWord(" ")], MANY, "a hot word without text"),
    "control": ([HotWord("a\nb")], MANY, "a control character"),
    "contradiction": ([HotWord("a", 3), HotWord("a", 4)], MANY, "hot word a has the weights 3 and 4; keep one"),
    "none": ([], MANY, "no hot words"),
    "too many": (
        [HotWord(f"a{n}") for n in range(503)],
        HotWordLimits(500),
        "503 hot words: a list .* 500; leave out 3",
    ),
}


@pytest.mark.parametrize(("words", "limits", "problem"), REFUSED.values(), ids=REFUSED)
def test_each_limit_is_named_with_the_word_and_what_to_do(
    words: list[HotWord], limits: HotWordLimits, problem: str
) -> None:
    """The service drops a list silently for one such word."""
    with pytest.raises(UsageError, match=problem):
        check_hotwords(words, limits)


def test_what_just_keeps_the_limits_is_taken() -> None:
    """The last that is allowed on each scale; long ASCII words are counted in parts alone."""
    words = [HotWord(LONG, 1), HotWord("a b c d e f g", 5), HotWord("x" * 100)]
    assert check_hotwords(words, HotWordLimits(3)) == tuple(words)
    supers = [HotWord(f"a{n}", 50) for n in range(50)]
    assert check_hotwords(supers, NEWEST) == tuple(supers)


def test_a_word_said_twice_counts_once() -> None:
    """Unless it is another language's."""
    words = [HotWord("a"), HotWord("b"), HotWord("a"), HotWord("a", 5, "en")]
    assert check_hotwords(words, HotWordLimits(3)) == (HotWord("a"), HotWord("b"), HotWord("a", 5, "en"))


@pytest.mark.parametrize(
    ("model", "limits"),
    [
        ("qwen-audio-3.1-asr-flash-streaming", NEWEST),
        ("fun-asr-realtime", MANY),
        ("fun-asr-realtime-2025-11-07", MANY),
        ("fun-asr-realtime-2025-09-15", HotWordLimits(500)),
        ("paraformer-realtime-v2", HotWordLimits(500)),
    ],
)
def test_limits_depend_on_the_model(model: str, limits: HotWordLimits) -> None:
    """As the documentation has them."""
    assert limits_of(model) == limits


def test_a_model_that_takes_no_lists_gets_none_and_a_new_one_the_benefit_of_the_doubt() -> None:
    """Before anything is made."""
    with pytest.raises(UsageError, match="qwen3-asr-flash-realtime takes no hot-word lists"):
        limits_of("qwen3-asr-flash-realtime")
    assert limits_of("fun-asr-of-next-year") == NEWEST


@pytest.mark.parametrize("prefix", ["", "A", "a-b", "热词", "a" * 10, "a b", "a\n"])
def test_a_prefix_the_service_would_refuse_is_refused_here(prefix: str) -> None:
    """With what it may be."""
    with pytest.raises(UsageError, match="1 to 9 digits and lower-case letters"):
        check_prefix(prefix)


def test_a_name_becomes_the_prefix_one_expects() -> None:
    """Capitals and marks go; what is too long, or has nothing to keep, stays apart from its like."""
    assert [prefix_of(name) for name in ("words", "My_Words", "2026")] == ["words", "mywords", "2026"]
    assert prefix_of("meeting-notes-a") != prefix_of("meeting-notes-b")
    assert prefix_of("热词") != prefix_of("名字")


@given(st.text())
def test_any_name_becomes_a_prefix_the_service_takes(name: str) -> None:
    """And always the same."""
    assert check_prefix(prefix_of(name)) == prefix_of(name)
