"""Files of several speakers have the order of the times, although sentences end in another one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from asrcli.core.events import Began, Event, Final, Gap
from asrcli.core.interfaces import Output
from asrcli.outputs.caption_lines import CaptionLayout
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.markdown import MarkdownTranscript
from asrcli.outputs.subtitles import Subtitles
from tests.support.listener import send_events

BEGAN = Began("talk", "m", "t", 0)
ANNA = Final("1", 1000, 9000, "woods of the old place " * 5, speaker="Anna")
CALL = Final("2", 3000, 5000, "I have been waiting", speaker="Call")
LATER = Final("3", 9500, 9900, "then it rained", speaker="Anna")
TIME = re.compile(r"(?m)^`?(?:\d+\n|Dialogue: 0,|> \*\*)?(\d+:[\d:]+[.,]\d+)")


def subtitles(name: str) -> Callable[[LineWriter], Output]:
    """Makes subtitles of that name."""
    return lambda lines: Subtitles(lines, name, CaptionLayout())


FORMATS: dict[str, Callable[[LineWriter], Output]] = {
    "srt": subtitles("srt"), "vtt": subtitles("vtt"), "ass": subtitles("ass"), "md": MarkdownTranscript,
}  # fmt: skip


def written(path: Path, name: str, events: list[Event]) -> str:
    """The file that these events make."""
    path.unlink(missing_ok=True)
    send_events(FORMATS[name](LineWriter(str(path))), [BEGAN, *events])
    return path.read_text("utf-8")


# Few characters over a long time: each of them is a caption.
@example(events=[Final("1", 0, 14_002, "你好，世界。")])
@pytest.mark.parametrize("name", FORMATS)
@given(
    events=st.lists(
        st.builds(
            lambda begin, length, text, who: Final(f"{begin}{who}", begin, begin + length, text, speaker=who),
            st.integers(0, 60_000), st.integers(0, 20_000), st.sampled_from(["你好，世界。", "so be it " * 12, "a\nb"]),
            st.sampled_from(["", "Anna", "Call", "Ödön"]),
        )
        | st.builds(lambda begin: Gap(begin, begin + 700, "gone", speaker="Anna"), st.integers(0, 60_000)),
        max_size=12,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_has_the_order_of_its_times(tmp_path: Path, name: str, events: list[Event]) -> None:
    """Nothing is left out, nothing comes twice, and numbers count from 1."""
    text = written(tmp_path / "a", name, events)
    times = TIME.findall(text)
    assert times == sorted(times)
    assert len(times) >= len(events)
    said = sum(len(re.findall("你|so|a|gone", event.text if isinstance(event, Final) else "gone")) for event in events)
    shown = text.replace("Anna", "").replace("Call", "").replace("[gap: ", "").partition("[Events]")[2] or text
    assert said <= len(re.findall("你|so|a|gone", shown))
    if name in {"srt", "vtt"}:
        numbers = [line for line in text.split("\n") if line.isdigit()]
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("name", FORMATS)
def test_the_blocks_are_those_of_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Only their order, and the numbers, are others: in a pipe it is the order in which the sentences ended."""
    text = written(tmp_path / "a", name, [CALL, ANNA, LATER])
    send_events(FORMATS[name](LineWriter(None)), [BEGAN, CALL, ANNA, LATER])
    piped = capsys.readouterr().out
    unnumbered = [re.sub(r"(?m)^\d+$", "", each) for each in (text, piped)]
    assert sorted(unnumbered[0].splitlines()) == sorted(unnumbered[1].splitlines())
    assert text.index("woods") < text.index("waiting") < text.index("rained")
    assert piped.index("waiting") < piped.index("woods") < piped.index("rained")


def test_a_file_that_cannot_be_put_into_order_stays_whole(tmp_path: Path) -> None:
    """As where the disk has no room for a second one."""
    path = tmp_path / "a.srt"
    (tmp_path / "a.srt.part.new").mkdir()
    text = written(path, "srt", [CALL, ANNA])
    assert text.index("waiting") < text.index("woods")
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["a.srt"]


def test_a_file_in_order_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ordinary case."""
    monkeypatch.setattr(LineWriter, "rearrange", lambda *_: pytest.fail("it is in order"))
    assert "rained" in written(tmp_path / "a.srt", "srt", [ANNA, LATER])
