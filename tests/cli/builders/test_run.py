"""Keys and logs: what is read from where, and what is never written."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from asrcli.cli.builders.api_key import read_key
from asrcli.cli.builders.log_file import LOG_BYTES, LOG_FILES, log_to
from asrcli.cli.options.values import parse_channel, parse_pace, parse_time
from asrcli.core.errors import OutputError, UsageError

KEY = "sk-0123456789abcdef"


@pytest.fixture(autouse=True)
def _no_key_and_no_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    monkeypatch.setattr("asrcli.cli.builders.api_key.SDK_KEY_FILE", Path("/nowhere"))
    yield
    logger = logging.getLogger("asrcli")
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


def test_a_key_comes_from_the_file_else_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces and line ends around it do not matter."""
    assert read_key(None) is None
    monkeypatch.setenv("DASHSCOPE_API_KEY", f" {KEY}\n")
    found = read_key(None)
    assert found is not None
    assert found.reveal() == KEY
    path = tmp_path / "key"
    path.write_text("sk-other\r\n")
    other = read_key(path)
    assert other is not None
    assert other.reveal() == "sk-other"


@pytest.mark.parametrize("text", ["", " \n", "sk-a\nsk-b", "sk-a sk-b", "sk-é", "sk-\x00", "密钥"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    """The name of the file is enough."""
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_key(path)
    assert str(path) in str(caught.value)
    assert not text.strip() or text.strip() not in str(caught.value)


PASTED = {
    '"{}"': "quotes", "'{}'": "quotes", "`{}`": "quotes", '"{}",': "quotes", "{},": "quotes or commas", "{};": "quotes",
    "Bearer {}": "'Bearer' before", "bearer\t{}": "'Bearer'", "Authorization: Bearer {}": "'Bearer'",
    "Bearer": "'Bearer'",
    "DASHSCOPE_API_KEY={}": "only what comes after the = is", "export KEY={}": "NAME=value", "KEY = {}": "NAME=value",
    "<{}>": "placeholder", "${{}}": "placeholder", "$KEY": "placeholder", "({})": "placeholder",
    "{}\u200b": "not allowed in a key", "\u201c{}\u201d": "quotes",
    "set X={}": "NAME=value", "$env:X={}": "NAME=value", 'A="{}"': "quotes", "A={}\nB={}": "NAME=value",
}  # fmt: skip


@pytest.mark.parametrize(("pasted", "said"), PASTED.items())
def test_what_was_pasted_with_a_key_is_reported_and_not_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pasted: str, said: str
) -> None:
    """From a file and from the environment; the key is not shown."""
    path = tmp_path / "key"
    path.write_text(pasted.replace("{}", KEY))
    monkeypatch.setenv("DASHSCOPE_API_KEY", path.read_text())
    for given in (path, None):
        with pytest.raises(UsageError) as caught:
            read_key(given)
        assert said in str(caught.value)
        assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-a", "st-YWJj==", "a=", "x/y+z=", "bearersome", "sk_a.b~c"])
def test_what_only_looks_so_is_a_key(tmp_path: Path, key: str) -> None:
    """A name of a key with = at its end; and a mark that editors put before a text is none of it."""
    path = tmp_path / "key"
    path.write_bytes(b"\xef\xbb\xbf" + key.encode())
    found = read_key(path)
    assert found is not None
    assert found.reveal() == key


def test_a_key_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A binary, or none at all."""
    path = tmp_path / "key"
    path.write_bytes(b"\xff\xfe\x00")
    for given in (path, tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match="--api-key-file"):
            read_key(given)


@pytest.mark.parametrize(("text", "pace"), [("max", None), ("1", 1.0), ("0.5", 0.5), ("1000", 1000.0)])
def test_a_pace_is_times_real_time_or_max(text: str, pace: float | None) -> None:
    """Half, real, a thousandfold."""
    assert parse_pace(text) == pace


@pytest.mark.parametrize("text", ["0", "-1", "1001", "nan", "inf", "fast", ""])
def test_an_invalid_pace_is_refused(text: str) -> None:
    """With what was written."""
    with pytest.raises(UsageError, match=f"--pace {text}"):
        parse_pace(text)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("90", 90_000),
        ("1:30", 90_000),
        ("1:02:03.5", 3_723_500),
        ("0.25", 250),
        ("61:00", 3_660_000),
        ("90s", 90_000),
        ("1m30s", 90_000),
        ("1h 2m 3.5s", 3_723_500),
        ("1.5h", 5_400_000),
        ("500ms", 500),
        ("1m500ms", 60_500),
        ("00:01:30,500", 90_500),
    ],
)
def test_times_are_written_as_on_a_clock(text: str, ms: int) -> None:
    """Seconds, minutes, hours; with their units too, and as in subtitles."""
    assert parse_time("--start", text) == ms


@pytest.mark.parametrize("text", ["", "-1", "1:", ":30", "1:2:3:4", "30s1m", "1m30", "s", "nan", "1.5:30"])
def test_an_invalid_time_is_refused(text: str) -> None:
    """With the option's name."""
    with pytest.raises(UsageError, match="--end"):
        parse_time("--end", text)


def test_channels_are_named_or_counted_from_one() -> None:
    """As people count them; None mixes all."""
    assert [parse_channel(text) for text in ("mix", "left", "right", "1", "6")] == [None, 0, 1, 0, 5]
    for text in ("0", "-1", "both", "65", ""):
        with pytest.raises(UsageError, match=r"--channel .* to 64"):
            parse_channel(text)


def test_the_log_rotates(tmp_path: Path) -> None:
    """A run of days does not fill a disk."""
    path = tmp_path / "asr.log"
    log_to(path)
    for _ in range(LOG_FILES + 3):
        for _ in range(10):
            logging.getLogger("asrcli.x").info("y" * (LOG_BYTES // 10))
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["asr.log", *(f"asr.log.{number}" for number in range(1, LOG_FILES + 1))]
    assert all(file.stat().st_size <= LOG_BYTES for file in tmp_path.iterdir())


def test_a_library_s_log_of_a_handshake_does_not_reach_ours(tmp_path: Path) -> None:
    """Their debug lines show headers, and a header holds the key."""
    path = tmp_path / "asr.log"
    log_to(path)
    logging.getLogger("websockets.client").debug("> Authorization: Bearer %s", KEY)
    logging.getLogger("asrcli").info("ours")
    assert "ours" in path.read_text()
    assert KEY not in path.read_text()


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Before anything else happens."""
    with pytest.raises(OutputError, match=r"asr\.log"):
        log_to(tmp_path / "no" / "asr.log")
