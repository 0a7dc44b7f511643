"""The two texts of a translated sentence, however a service numbers them: none is lost, each stays with its other."""

from typing import Any

import pytest

from asrcli.core.events import Final, Finished, Notice
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.inference import client, finals, message

SAID = {"one": "uno", "two": "due", "three": "tre"}


def result(text: str, number: Any, *, lang: Any = "", **times: Any) -> Any:
    """One of the texts of a sentence, come to its end."""
    half = {"sentence_id": number, "text": text, "words": [], "sentence_end": True, **times}
    output = {"translations": [half | {"lang": lang}]} if lang else {"transcription": half}
    return message("result-generated", payload={"output": output, "usage": None})


def translating() -> InferenceClient:
    """A client that asks for Italian, and has sent three seconds."""
    return client(translate="it")


NUMBERS = {"zero": [0, 0, 0], "missing": [None] * 3, "texts": ["a", "a", "b"], "used again": [0, 1, 0]}


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("behind", [0, 1, 2])
@pytest.mark.parametrize("timed", [True, False])
def test_numbers_that_are_used_again_join_the_texts_in_their_order(
    numbers: list[Any], behind: int, timed: bool
) -> None:
    """Also where the translations come a sentence or two later."""
    codec, messages = translating(), list[Any]()
    pairs = list(zip(SAID.items(), numbers, range(0, 3000, 1000), strict=True))
    for at in range(3 + behind):
        if at < 3:
            (said, _), number, begin = pairs[at]
            times = {"begin_time": begin, "end_time": begin + 900} if timed else {}
            messages.append(result(said, number, **times))
        if at >= behind:
            (_, translated), number, begin = pairs[at - behind]
            times = {"begin_time": begin, "end_time": begin + 900} if timed else {}
            messages.append(result(translated, number, lang="it", **times))
    heard = finals(codec, *messages, message("task-finished"))
    assert [(final.text, final.translation) for final in heard] == list(SAID.items())
    assert len({final.key for final in heard}) == 3
    assert all(0 <= final.begin_ms <= final.end_ms <= 3000 for final in heard)


def test_a_text_that_is_said_twice_is_written_once_and_that_is_reported() -> None:
    """In either language: same number, same text, same times."""
    codec, times = translating(), {"begin_time": 0, "end_time": 900}
    both = [result("one", 0, **times), result("uno", 0, lang="it", **times)]
    assert [(final.text, final.translation) for final in finals(codec, *both)] == [("one", "uno")]
    for again in both:
        (notice,) = codec.receive(again)
        assert isinstance(notice, Notice)
    assert codec.dropped == 2


def test_a_text_after_its_translation_that_could_not_wait_is_a_sentence_of_its_own() -> None:
    """When sentences pile up the oldest goes out as it is; what was said in it is no less text for coming late."""
    codec = translating()
    early = [result(f"uno {number}", number, lang="it", begin_time=0, end_time=900) for number in range(6)]
    assert [final.text for final in finals(codec, *early)] == ["uno 0", "uno 1"]
    late = finals(codec, result("one 0", 0, begin_time=0, end_time=900), message("task-finished"))
    assert "one 0" in [final.text for final in late]
    assert codec.dropped == 0
    assert codec.receive(message("task-finished")) == [Finished()]
    assert all(isinstance(final, Final) for final in late)
