"""The pages in a real browser: captions that are painted at once, and a transcript that plays its words."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from asrcli.core.events import Began, Event, Final, Gap, Partial, Reconnecting, Word
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.caption_page import CaptionPage
from asrcli.outputs.html.heard_audio import HeardAudio
from asrcli.outputs.html.transcript_page import TranscriptPage
from asrcli.outputs.line_writer import LineWriter
from asrcli.server.captions.caption_history import KEPT_LINES
from asrcli.server.captions.caption_server import CaptionServer
from asrcli.sources.file import FileSource
from asrcli.sources.opus_copy import COPY_FORMAT, opus_copy
from tests.support.browser import Browser, Page, browser, missing
from tests.support.command import serving, started, stopped
from tests.support.requirements import skip_or_fail
from tests.support.tone import tone, wav

PAINTED_MS = 200
EVIL = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>&lt;b&gt;"
# Notes when each text of the open sentence was painted: a task after the next frame runs when that frame is drawn.
WATCH = """
window.painted = {};
new MutationObserver(() => {
  const text = open.textContent;
  requestAnimationFrame(() => setTimeout(() => { painted[text] ??= Date.now(); }, 0));
}).observe(open, { childList: true, subtree: true });
"""

# The time when the next frame is drawn.
FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(Date.now()), 0)))"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser. In continuous integration its absence is a failure."""
    if reason := missing():
        skip_or_fail(reason)
    with browser() as started:
        yield started


@contextmanager
def captioned() -> Iterator[tuple[str, Callable[[Event], None]]]:
    """The address of a captions page, and a function that gives it an event."""
    server, transcript = CaptionServer(0), Transcript()
    url = server.start()
    page = CaptionPage(server.publish)

    def emit(event: Event) -> None:
        nonlocal transcript
        transcript = fold(transcript, event)
        page.handle(event, transcript)

    emit(Began("talk.wav", "m", "t", 0))
    try:
        yield url, emit
    finally:
        page.close()
        server.close()


def check_delays(page: Page, emit: Callable[[Event], None], name: str) -> None:
    """Hold the time from each of some events to its paint against the promise: without what any frame takes here.

    Other programs may keep a busy machine from some of them. One is emitted when the one before is painted.
    """
    delays_ms = []
    for number in range(12):
        at_ms = time.time() * 1000
        frame_ms = page.run(FRAME) - at_ms
        text = f"{name} {number}"
        at_ms = time.time() * 1000
        emit(Partial("p", 0, name, f" {number}"))
        delays_ms.append(page.wait(f"painted[{json.dumps(text)}]") - at_ms - frame_ms)
    assert sorted(delays_ms)[3] <= PAINTED_MS, delays_ms


def test_captions_are_painted_at_once_and_stay_smooth(chromium: Browser) -> None:
    """Within 200 ms from the event, also after 5,000 lines; old lines are removed, the newest one is in view."""
    with captioned() as (url, emit), chromium.page(url) as page:
        page.wait("connected")
        page.run(WATCH)
        check_delays(page, emit, "early")
        page.run("window.frames = 0; (function next() { frames += 1; requestAnimationFrame(next); })(); 0")
        for number in range(5000):
            emit(Final(f"f{number}", number, number + 1, f"This is line {number} of a talk that goes on and on"))
            if number % 50 == 0:
                time.sleep(0.01)
        page.wait("lines.lastElementChild.textContent.includes('line 4999 ')")
        frames = page.run("frames")
        check_delays(page, emit, "late")
        assert frames > 10  # in a second or more; a slow machine takes longer for as many
        assert page.run("lines.childElementCount") == KEPT_LINES
        assert page.run("open.getBoundingClientRect().bottom <= innerHeight")


def test_a_lost_connection_costs_no_line_and_doubles_none(chromium: Browser) -> None:
    """The page comes back by itself, says so meanwhile, and joins late with the last lines."""
    with captioned() as (url, emit):
        emit(Final("0", 0, 1, "line 0"))
        with chromium.page(url) as page:
            page.wait("lines.childElementCount === 1")
            for number in range(1, 4):
                page.run("socket.close()")
                emit(Final(str(number), 0, 1, f"line {number}"))
                page.wait(f"lines.textContent.includes('line {number}')")
            assert page.run("[...lines.children].map((line) => line.textContent)") == [f"line {n}" for n in range(4)]
            emit(Reconnecting(1, 5, "the network is gone"))
            page.wait("state.textContent === 'connecting again: the network is gone'")
            with chromium.page(url) as late:
                late.wait("lines.childElementCount === 4")


def test_words_speakers_gaps_and_markup(chromium: Browser) -> None:
    """Settled and unsettled words differ, speakers have labels, and text is never markup."""
    with captioned() as (url, emit), chromium.page(f"{url}?theme=dark") as page:
        emit(Final("1", 0, 1, EVIL, speaker=EVIL, translation=EVIL, translated_into='de" onload="x'))
        emit(Gap(1000, 2000, EVIL))
        emit(Partial("2", 0, EVIL, "unsettled", speaker="guest", translation="übersetzt", translated_into="de"))
        page.wait("open.childElementCount")
        assert page.run("[...lines.querySelectorAll('.final > :not(.who)')].map((e) => e.textContent)") == [EVIL] * 2
        assert page.run("document.querySelectorAll('img').length + document.scripts.length") == 1
        assert page.run("window.hacked") is None
        kinds = "['.settled', '.unsettled', '.who']"
        colours = page.run(f"{kinds}.map((kind) => getComputedStyle(open.querySelector(kind)).color)")
        assert len(set(colours)) == 3
        assert page.run("open.querySelector('.translation').lang + lines.querySelector('.translation').lang") == "de"
        assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(12, 12, 16)"
        assert page.run("lines.querySelector('.gap').textContent").startswith("00:01 – 00:02 <img")


def test_parameters_in_the_address(chromium: Browser) -> None:
    """For a projector and for OBS; what is no parameter is named on the page and not ignored."""
    with (
        captioned() as (url, emit),
        chromium.page(f"{url}?transparent=1&lines=2&size=40&speakers=0&align=center") as page,
    ):
        for number in range(9):
            emit(Final(str(number), 0, 1, f"line {number} " * 9, speaker="me"))
        page.wait("lines.childElementCount === 9")
        assert (
            page.run("[document.body, captions].map((e) => getComputedStyle(e).backgroundColor)")
            == ["rgba(0, 0, 0, 0)"] * 2
        )
        assert page.run("[captions.clientHeight, getComputedStyle(document.body).fontSize]") == [108, "40px"]
        assert page.run("getComputedStyle(lines.querySelector('.who')).display") == "none"
        assert page.run("getComputedStyle(state).display") == "none"
        page.go(f"{url}?siez=40&lines=0&theme=pink&translation=only&unsettled=0&state=1")
        page.wait(
            "state.textContent.includes('siez is no parameter') && state.textContent.includes('lines=0 is no value')"
        )
        assert page.run("state.textContent.includes('theme=pink is no value')")


def test_a_run_is_followed_to_its_end(chromium: Browser, tmp_path: Path) -> None:
    """The real command with --captions: its words are on the page, and the page says when it has ended."""
    sound = wav(tmp_path / "a.wav", tone(2000))
    with serving("--engine", "scripted") as (url, server), ExitStack() as stack:
        with stopped(server):  # until the page is there
            asked = ("file", sound, "--url", url, "--connect-timeout", 60, "--captions", 0, "--no-journal")
            process = stack.enter_context(started(*asked, "--pace", 1.5))
            line = process.stderr.readline()
            assert line.startswith("asr: captions at http://127.0.0.1:")
            page = stack.enter_context(chromium.page(line.split()[-1]))
            page.wait("connected")
        page.wait("!connected && state.textContent === 'the run has ended'")
        assert page.run("[...lines.children].map((e) => e.textContent)")[:2] == ["sentence 1", "sentence 2"]
        assert "captured 2.00 s" in page.run("lines.querySelector('.end').textContent")
        assert process.wait(60) == 0


@pytest.mark.parametrize("carried", [False, True])
def test_a_transcript_plays_its_words(chromium: Browser, tmp_path: Path, carried: bool) -> None:
    """From the file beside it and from inside the page; a search finds; no text is markup."""
    sound, out = wav(tmp_path / "a #1.wav", tone(6000)), tmp_path / "out.html"
    opus = (lambda: opus_copy(FileSource(str(sound), COPY_FORMAT))) if carried else None
    output = TranscriptPage(LineWriter(str(out)), lambda _: HeardAudio(sound, lambda ms: ms, opus), tmp_path)
    for event in (
        Began(EVIL, EVIL, "t", 0), Final("1", 5000, 5900, "hello again"), Final("2", 1000, 2000, EVIL, speaker=EVIL),
        Final("0", 2000, 4000, "hello there", (Word("hello", 2000, 2500), Word("there", 3000, 3500)), speaker="b"),
        Gap(4100, 4200, EVIL),
    ):  # fmt: skip
        output.handle(event, Transcript())
    output.close()
    with chromium.page(out.as_uri()) as page:
        page.wait("players.length === 1 && players[0].readyState > 0")
        assert page.run("Math.round(players[0].duration)") == 6
        order = page.run("[...main.querySelectorAll('.line .time')].map((e) => e.textContent)")
        assert order == ["00:01", "00:02", "00:05"]
        page.click(".w:nth-child(2)")
        page.wait("!players[0].paused && players[0].currentTime >= 3 && players[0].currentTime < 5")
        assert page.run("main.querySelector('.now')?.textContent") in {"there", None}
        page.click("main p:last-child .text")
        page.wait("players[0].currentTime >= 5")
        assert page.run("[document.querySelectorAll('img').length, window.hacked ?? 0]") == [0, 0]
        page.run("search.value = 'HELLO'; search.dispatchEvent(new Event('input')); 0")
        assert page.run("[count.value, CSS.highlights.get('found').size]") == ["in 2 places", 2]
