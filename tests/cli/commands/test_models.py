"""`asr models`: the catalogue for people, pipes and programs."""

import json

import pytest

from asrcli.dashscope.catalogue import MODELS
from tests.support.command import asr


def test_every_model_is_listed_with_its_price() -> None:
    """In a pipe a line each, with tabs between."""
    done = asr("models")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == list(MODELS)
    assert {len(row) for row in rows} == {6}
    fun = dict(zip((row[0] for row in rows), rows, strict=True))["fun-asr-realtime"]
    assert fun[4:] == ["cn-beijing ap-southeast-1", "0.00033 CNY a second"]


@pytest.mark.parametrize("name", MODELS)
def test_a_sheet_holds_all_that_is_known_of_one(name: str) -> None:
    """Also where it is offered, and every option that it takes."""
    text = asr("models", name).stdout
    model = MODELS[name]
    assert text.startswith(f"{name}\n")
    assert all(region in text for region in model.prices)
    assert ("retired" in text) == model.retiring
    assert ("--hotwords" in text) == ("hotwords" in model.takes)


def test_programs_get_it_as_json() -> None:
    """Numbers as numbers; of one as of all."""
    rows = json.loads(asr("models", "--json").stdout)
    assert [row["name"] for row in rows] == list(MODELS)
    (fun,) = json.loads(asr("models", "fun-asr-realtime", "--json").stdout)
    assert fun["cny"]["cn-beijing"]["second"] == 0.00033
    assert (fun["context"], fun["hotwords"], fun["hotword_list_words"]) == (True, False, 2000)


def test_a_part_of_a_name_finds_some_and_nonsense_none() -> None:
    """With a word on what to do."""
    assert [line.split("\t")[0] for line in asr("models", "gummy").stdout.splitlines()] == [
        "gummy-realtime-v1",
        "gummy-chat-v1",
    ]
    none = asr("models", "whisper")
    assert (none.returncode, none.stdout) == (2, "")
    assert "no model whisper; asr models lists them" in none.stderr
    assert "did you mean fun-asr-realtime?" in asr("models", "Fun-ASR-Realtme").stderr
