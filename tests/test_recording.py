"""The picture of the README: a real run, in a form that browsers show."""

from xml.etree import ElementTree as ET

from tests.support.recording import COMMAND, FILE, Shot, drawn

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_shows_a_whole_run() -> None:
    """From words that may still change to the account; the last frame is seen where nothing moves."""
    root = ET.fromstring(FILE.read_text("utf-8"))  # noqa: S314  our own file
    frames = [group for group in root.iter(f"{SVG}g") if group.find(f"{SVG}animate") is not None]
    texts = ["\n".join("".join(row.itertext()) for row in frame.iter(f"{SVG}text")) for frame in frames]
    assert COMMAND in "".join(root.itertext())
    assert len(frames) > 10
    assert [frame.get("visibility") for frame in frames] == ["hidden"] * (len(frames) - 1) + ["visible"]
    assert "captured 18.18 s" in texts[-1]
    assert "lost 0.00 s" in texts[-1]
    said = {line for text in texts for line in text.splitlines() if line.startswith("[00:")}
    assert len(said) == 4
    assert any(frame.find(f".//{SVG}tspan") is not None for frame in frames[:-1])


def test_frames_follow_each_other_without_a_hole() -> None:
    """Each is seen from its time to that of the next one; what markup is made of is text."""
    first, second = ((("<", False), ("&", True)),), ((("b", False),),)
    root = ET.fromstring(drawn([Shot(0.0, first), Shot(4.0, second)]))  # noqa: S314  as above
    times = [each.get("keyTimes") for each in root.iter(f"{SVG}animate")]
    assert times == ["0;0.0000;0.5000", "0;0.5000"]
    assert "<&" in ["".join(row.itertext()) for row in root.iter(f"{SVG}text")]
