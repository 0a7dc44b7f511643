"""The report of an evaluation as one HTML page that needs nothing else: table, plots and alignments. Pure."""

from collections.abc import Iterator, Sequence
from html import escape

from asrcli.evaluation.aligned_text import MarkedWords, aligned_lines
from asrcli.evaluation.comparison import Comparison, Offset, Total
from asrcli.evaluation.scores import Counts

MARKER = '<meta name="generator" content="asr eval">'
WIDTH, HEIGHT, EDGE = 720, 180, 40  # of a plot, in pixels
MOST_BARS = 200
_STYLE = """
:root{color-scheme:light dark;--ink:#1d2430;--paper:#fff;--line:#c9d0da;--sub:#a15c00;--del:#b3261e;--ins:#1b6e3a}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--paper:#14181f;--line:#3a4350;--sub:#f0b35c;
--del:#ff8a80;--ins:#7fd69b}}
body{font:16px/1.6 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;
padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:right}
th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}tfoot td{font-weight:600}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:var(--ink)}
.axis{stroke:var(--line)}.bar{fill:var(--sub)}.dot{fill:var(--ins);fill-opacity:.7}
del{color:var(--del)}ins{color:var(--ins);text-decoration:none;border-bottom:2px solid}
ruby{color:var(--sub)}rt{font-size:.75em}.line{margin:.2rem 0;overflow-wrap:anywhere}
"""


def report_page(comparisons: Sequence[Comparison], total: Total, normalization: str) -> str:
    """Return the page. All text from files is escaped; it runs no script and loads nothing."""
    return "\n".join(_page(comparisons, total, normalization))


def percent(rate: float | None) -> str:
    """Return a rate as a percentage with one decimal, or a dash if there is none."""
    if rate is None:
        return "–"
    return f"{rate * 100:.1f} %"


def _page(comparisons: Sequence[Comparison], total: Total, normalization: str) -> Iterator[str]:
    yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{MARKER}'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width">\n<title>Transcripts against references</title>'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Transcripts against references</h1>"
    yield f"<p>Word error rate <strong>{percent(total.words.rate)}</strong>{_within(total)}, character error rate "
    yield f"{percent(total.characters.rate)}. Made equal before the comparison: {escape(normalization)}. Where "
    yield "a script has no spaces, each character counts as a word.</p>"
    yield from _table(comparisons, total)
    yield from _plots(comparisons)
    yield "<h2>Alignment</h2>\n<p><del>missing</del> · <ins>added</ins> · <ruby>transcript<rt>reference</rt></ruby></p>"
    for comparison in comparisons:
        yield f"<h3>{escape(comparison.name)}</h3>"
        for line in aligned_lines(comparison):
            yield f'<p class="line">{" ".join(map(_marked, line))}</p>'
    yield "</body>\n</html>"


def _within(total: Total) -> str:
    if total.interval is None:
        return ""
    low, high = total.interval
    return f" (95 % interval {percent(low)} to {percent(high)})"


def _table(comparisons: Sequence[Comparison], total: Total) -> Iterator[str]:
    yield "<table>\n<thead><tr><th>File<th>Words<th>Substituted<th>Deleted<th>Inserted<th>WER<th>CER</thead>\n<tbody>"
    for comparison in comparisons:
        name = comparison.name
        if comparison.missing:
            name += " (no transcript)"
        yield _row(name, comparison.words, comparison.characters)
    yield f"</tbody>\n<tfoot>{_row('Total', total.words, total.characters)}</tfoot>\n</table>"


def _row(name: str, words: Counts, characters: Counts) -> str:
    numbers = (words.reference, words.substituted, words.deleted, words.inserted)
    cells = [escape(name), *map(str, numbers), percent(words.rate), percent(characters.rate)]
    return f"<tr>{''.join(f'<td>{cell}' for cell in cells)}</tr>"


def _plots(comparisons: Sequence[Comparison]) -> Iterator[str]:
    if len(comparisons) > 1:
        rated = [(comparison.name, comparison.words.rate or 0.0) for comparison in comparisons]
        rated.sort(key=lambda pair: pair[1], reverse=True)
        title = "Word error rate of each file"
        if len(rated) > MOST_BARS:
            title = f"Word error rate of the {MOST_BARS} worst files"
        yield from _bars(title, rated[:MOST_BARS])
    else:
        segments = [counts for counts in comparisons[0].segments if counts.reference]
        rated = [(f"segment {number}", counts.rate or 0.0) for number, counts in enumerate(segments, 1)]
        if len(rated) > 1:
            yield from _bars("Word error rate over the course of the file", _averaged(rated))
    offsets = [offset for comparison in comparisons for offset in comparison.begins]
    if offsets:
        yield from _scatter("Begins of captions: how much later than in the reference", offsets)


def _averaged(rated: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return at most MOST_BARS values, each the mean of neighbours."""
    size = -(-len(rated) // MOST_BARS)
    groups = [rated[at : at + size] for at in range(0, len(rated), size)]
    return [(group[0][0], sum(value for _, value in group) / len(group)) for group in groups]


def _bars(title: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
    highest = max([0.01, *(value for _, value in values)])
    step = (WIDTH - EDGE) / len(values)
    yield f"<h2>{escape(title)}</h2>\n{_frame(percent(highest), percent(0.0))}"
    for number, (name, value) in enumerate(values):
        height = (HEIGHT - EDGE) * value / highest
        place = f'x="{EDGE + number * step:.1f}" y="{HEIGHT - EDGE / 2 - height:.1f}"'
        size = f'width="{max(step - 1, 0.5):.1f}" height="{height:.1f}"'
        yield f'<rect class="bar" {place} {size}><title>{escape(name)}: {percent(value)}</title></rect>'
    yield "</svg>"


def _scatter(title: str, offsets: Sequence[Offset]) -> Iterator[str]:
    last = max(1, *(offset.at_ms for offset in offsets), 1)
    low = min(0, *(offset.offset_ms for offset in offsets), 0)
    high = max(1, *(offset.offset_ms for offset in offsets), 1)
    yield f"<h2>{escape(title)}</h2>\n{_frame(f'{high / 1000:.2f} s', f'{low / 1000:.2f} s')}"
    for offset in offsets:
        right = EDGE + (WIDTH - EDGE) * max(0, offset.at_ms) / last
        down = EDGE / 2 + (HEIGHT - EDGE) * (high - offset.offset_ms) / (high - low)
        label = f"{offset.at_ms / 1000:.1f} s: {offset.offset_ms / 1000:+.2f} s"
        yield f'<circle class="dot" cx="{right:.1f}" cy="{down:.1f}" r="3"><title>{label}</title></circle>'
    yield "</svg>"


def _frame(top: str, bottom: str) -> str:
    """Return the beginning of a plot: its two axes and the values at both ends of the upright one."""
    floor = HEIGHT - EDGE // 2
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f'<path class="axis" fill="none" d="M{EDGE} {EDGE // 2}V{floor}H{WIDTH}"/>'
        f'<text x="0" y="{EDGE // 2 + 4}">{top}</text><text x="0" y="{floor + 4}">{bottom}</text>'
    )


def _marked(words: MarkedWords) -> str:
    if words.kind == "delete":
        return f"<del>{escape(words.reference)}</del>"
    if words.kind == "insert":
        return f"<ins>{escape(words.hypothesis)}</ins>"
    if words.kind == "substitute":
        return f"<ruby>{escape(words.hypothesis)}<rt>{escape(words.reference)}</rt></ruby>"
    return escape(words.hypothesis)
