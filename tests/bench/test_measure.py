"""The bench itself: verdicts, pictures and the page, on figures that are made up."""

import xml.etree.ElementTree as ET
from array import array
from pathlib import Path

import pytest

from tests.bench.__main__ import BEGIN, END, written
from tests.bench.batch_curve import BatchPoint, draw_batch, further
from tests.bench.curves import Point, draw, picture
from tests.bench.load import quantiles
from tests.bench.load_streams import needed_ms
from tests.bench.measure import Limit, Row, in_turns
from tests.bench.served import CURVE_HEAD, Served, draw_served, figures, replaced, table


@pytest.mark.parametrize(
    ("ours", "limits", "kept"),
    [
        ([2, 2, 9], ((Limit(1.0, "bare"),),), True),  # the median of the ratios, not the worst
        ([3, 3, 9], ((Limit(1.0, "bare"),),), False),
        ([3, 3, 9], ((Limit(1.0, "bare"), Limit(0.5, "sdk")),), True),  # one of the two is enough
        ([3, 3, 9], ((Limit(1.0, "bare"),), (Limit(0.5, "sdk"),)), False),  # both are asked for
        ([3, 3, 9], ((Limit(3),),), True),
        ([3, 3, 9], ((Limit(least=3.5),),), False),
    ],
)
def test_a_row_is_kept_where_the_medians_are_within_its_limits(
    ours: list[float], limits: tuple[tuple[Limit, ...], ...], kept: bool
) -> None:
    """The ratio is taken turn by turn."""
    row = Row("work", "s", {"asr": ours, "bare": [2, 2, 9], "sdk": [8, 8, 20]}, limits)
    assert row.kept is kept
    assert row.cells[-1] == ("ok" if kept else "MISSED")


def test_a_small_price_is_missed_only_where_it_is_surely_missed() -> None:
    """The mean of the ratios is above the limit by more than two standard errors; one ratio is sure of nothing."""
    limits = ((Limit(1.05, "plain", sure=True),),)
    plain = [2.0, 2.0, 2.0, 2.0]
    spread = Row("record", "ms/s", {"asr": [2.0, 2.4, 2.0, 2.4], "plain": plain}, limits)
    narrow = Row("record", "ms/s", {"asr": [2.2, 2.2, 2.21, 2.19], "plain": plain}, limits)
    once = Row("record", "ms/s", {"asr": [4.0], "plain": [2.0]}, limits)
    assert [row.kept for row in (spread, narrow, once)] == [True, False, True]
    assert spread.cells[2:4] == ["1.10 × plain, mean 1.100 ± 0.058", "≤ 1.05 × plain (mean − 2 SE)"]


def test_contenders_take_turns_and_the_first_round_does_not_count() -> None:
    """Each has as many figures as there are runs."""
    order: list[str] = []

    def noting(name: str) -> float:
        order.append(name)
        return len(order)

    figures = in_turns({"a": lambda: noting("a"), "b": lambda: noting("b")}, 2)
    assert order == ["a", "b"] * 3
    assert figures == {"a": [3, 5], "b": [4, 6]}


def test_the_page_keeps_its_words_and_gets_the_new_table() -> None:
    """What was measured before is replaced."""
    row = Row("work", "s", {"asr": [1.0]}, ((Limit(2),),))
    page = written(f"words\n{BEGIN}old{END}\nmore", "a machine", [row], 5)
    assert page.startswith(f"words\n{BEGIN}\na machine. 5 runs of each.\n")
    assert "| work, s | asr 1 |  | ≤ 2 | ok |" in page
    assert page.endswith(f"{END}\nmore")
    assert "old" not in page


def test_pictures_are_svg_with_a_line_for_each_figure(tmp_path: Path) -> None:
    """Of one stream, and of values that are all alike too."""
    points = [Point(count, 0.01 * count, 30.0, 3, 1.0, 2.0, 0.0, 0.1) for count in (1, 10, 500)]
    for path in draw(points, tmp_path):
        root = ET.fromstring(path.read_text("utf-8"))  # noqa: S314  our own
        assert root.tag.endswith("svg")
        assert len(root.findall("{*}polyline")) in {1, 2}
    ET.fromstring(picture("one", [1], {"a": [1.0]}))  # noqa: S314  our own


def test_the_curve_of_a_batch_is_drawn_and_says_what_a_further_stream_takes(tmp_path: Path) -> None:
    """Without what the program takes in any case."""
    points = [BatchPoint(1, 0.9, 30.0, 40.0), BatchPoint(11, 10.0, 7.5, 45.0)]
    cpu_ms, memory_mb = further(points)
    assert (round(cpu_ms, 6), round(memory_mb, 6)) == (5.25, 0.5)
    for path in draw_batch(points, tmp_path):
        root = ET.fromstring(path.read_text("utf-8"))  # noqa: S314  our own
        assert len(root.findall("{*}polyline")) == 2


def test_streams_are_carried_where_chunks_and_results_are_on_time_on_one_core() -> None:
    """Each of the three can fail."""
    assert Point(9, 0.9, 30, 3, 1, 4.9, 0.001, 0.1).carried
    assert not Point(9, 1.1, 30, 3, 1, 4.9, 0.001, 0.1).carried
    assert not Point(9, 0.9, 30, 3, 1, 5.1, 0.001, 0.1).carried
    assert not Point(9, 0.9, 30, 3, 1, 4.9, 0.002, 0.1).carried


def test_a_result_is_late_by_the_audio_that_it_needs() -> None:
    """A partial by its last word; a final without words by its own end; a final with words comes after silence."""
    words = [{"end_time": 300}, {"end_time": 540}]
    assert needed_ms({"words": words, "sentence_end": False, "end_time": None}) == 540
    assert needed_ms({"words": [], "sentence_end": True, "end_time": 1000}) == 1000
    assert needed_ms({"words": words, "sentence_end": True, "end_time": 600}) == 0
    assert needed_ms({"words": [], "sentence_end": False, "end_time": None}) == 0


def test_figures_of_delays_are_in_milliseconds() -> None:
    """The worst one is among them."""
    found = quantiles(array("d", [number / 1000 for number in range(100)]))
    assert {name: round(figure) for name, figure in found.items()} == {"p50": 50, "p95": 95, "p99": 99, "max": 99}


def test_the_server_s_pictures_have_three_delays_its_cpu_and_its_memory(tmp_path: Path) -> None:
    """They say that they are about one server."""
    points = [Served(count, 0.001 * count, 40.0, 1.0, 2.0, 3.0, 0.0, 0.5) for count in (1, 10, 900)]
    delay, cpu, memory = (path.read_text("utf-8") for path in draw_served(points, tmp_path))
    assert "streams of one server" in delay
    assert [each.count("<polyline") for each in (delay, cpu, memory)] == [3, 1, 1]


def test_a_table_of_the_server_replaces_the_one_of_its_name() -> None:
    """And no other; all cells of a point are there."""
    marks = "<!-- served curve: begin -->\nold\n<!-- served curve: end -->"
    text = table(CURVE_HEAD, [["900", "0.700", *figures(Served(900, 0.7, 80.4, 1.04, 2.0, 30.0, 0.001, 0.5))]])
    page = replaced(f"a\n{marks}\nb\n", "curve", text)
    assert page.splitlines()[2].count("|") == len(CURVE_HEAD) + 1
    assert page.splitlines()[4] == "| 900 | 0.700 | 80 | 1.0 | 2.0 | 30.0 | 0.1% |"
    assert (page.splitlines()[0], page.splitlines()[-1], "old" in page) == ("a", "b", False)
