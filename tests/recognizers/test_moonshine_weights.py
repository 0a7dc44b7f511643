"""The files of the model: found without their package, checked, and made fit for the library that reads them."""

import base64
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import EngineUnavailable
from asrcli.recognizers import moonshine_weights as weights
from tests.support.required_engines import need_moonshine


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the model in a package that is not the right version of it."""
    spec = ModuleSpec(weights.PACKAGE, None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(weights, "find_spec", lambda _: spec)
    folder = tmp_path / "assets" / "tiny-en"
    folder.mkdir(parents=True)
    return folder


def test_a_version_without_the_model_is_not_ready(package: Path) -> None:
    """Later versions carry the tokenizer alone."""
    (package / weights.TOKENIZER).write_bytes(b"x")
    assert "has no encoder_model.ort" in weights.missing()
    with pytest.raises(EngineUnavailable, match=r"encoder_model.ort cannot be read"):
        weights.checked_files()


def test_a_file_that_is_another_one_never_reaches_the_library(package: Path) -> None:
    """It would end the whole process."""
    for name in weights.SHA256:
        (package / name).write_bytes(b"damaged")
    assert weights.missing() == ""
    with pytest.raises(EngineUnavailable, match=r"is not the file of version 0\.0\.73"):
        weights.checked_files()


def test_the_files_of_the_wheel_are_those_that_were_measured() -> None:
    """All three, and the tokens are as many as the model has."""
    need_moonshine()
    files = weights.checked_files()
    assert len(weights.token_lines(files[weights.TOKENIZER].read_bytes())) == 32768


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=20))
def test_each_token_becomes_a_line_with_its_number(tokens: list[bytes]) -> None:
    """Short and long ones, of any bytes."""
    packed = b"".join(
        (bytes([len(token)]) if len(token) < 128 else bytes([len(token) % 128 + 128, len(token) // 128])) + token
        for token in tokens
    )
    expected = [f"{base64.b64encode(token).decode()} {number}\n" for number, token in enumerate(tokens)]
    assert weights.token_lines(packed) == expected
