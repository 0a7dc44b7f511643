"""A headless Chromium, driven over its DevTools protocol: pages with their scripts and their paint."""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
# A page that shows no text and has no window needs neither a graphics card nor a sandbox of its own in a test as root.
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--remote-debugging-port=0", "--window-size=1280,720",
)  # fmt: skip
WITHIN_S = 60.0  # a hung test fails; a passing one never waits for it


def missing() -> str:
    """Why there is no browser here; empty if there is one."""
    if any(shutil.which(name) for name in NAMES):
        return ""
    return "Chromium is not installed (on Debian: apt-get install chromium)"


class Page:
    """A tab of the browser."""

    def __init__(self, browser: "Browser", session: str, target: str) -> None:
        self._browser = browser
        self._session = session
        self.target = target

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of a DevTools command for this tab."""
        return self._browser.call(method, self._session, **parameters)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are awaited."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str, within_s: float = WITHIN_S) -> Any:
        """The value of an expression as soon as it is true; fails the test if that takes too long."""
        end = monotonic() + within_s
        while not (value := self.run(script)):
            assert monotonic() < end, f"{script} stayed {value!r}: {self.run('document.body.innerText')}"
            sleep(0.02)
        return value

    def go(self, url: str) -> None:
        """Load another page, and wait until it is loaded."""
        self.call("Page.navigate", url=url)
        address = json.dumps(url.split("?", maxsplit=1)[0])
        self.wait(f"location.href.startsWith({address}) && document.readyState === 'complete'")

    def click(self, selector: str) -> None:
        """Click in the middle of the first element of a selector, as a mouse does."""
        x, y = self.run(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self) -> bytes:
        """The page as a PNG."""
        data: str = self.call("Page.captureScreenshot", format="png")["data"]
        return base64.b64decode(data)


class Browser:
    """A running browser."""

    def __init__(self, process: "subprocess.Popen[bytes]", wire: ClientConnection) -> None:
        self.process = process
        self._wire = wire
        self._numbers = count(1)

    def call(self, method: str, session: str = "", **parameters: Any) -> Any:
        """The result of a DevTools command; events are skipped."""
        number = next(self._numbers)
        request: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        self._wire.send(json.dumps(request))
        while True:
            answer = json.loads(self._wire.recv(WITHIN_S))
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    @contextmanager
    def page(self, url: str = "about:blank") -> Iterator[Page]:
        """A new tab with a page in it, until the end of the block."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        page.call("Page.enable")
        if url != "about:blank":
            page.go(url)
        try:
            yield page
        finally:
            self.call("Target.closeTarget", targetId=target)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with an empty profile; all of its processes end with the block."""
    name = next(name for name in NAMES if shutil.which(name))
    folder = tempfile.mkdtemp(prefix="asr-browser.")
    process = subprocess.Popen(
        [name, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        port_file = Path(folder) / "DevToolsActivePort"
        end = monotonic() + WITHIN_S
        while not (port_file.exists() and port_file.read_text().count("\n")):
            assert process.poll() is None, "the browser does not start"
            assert monotonic() < end, "the browser does not listen"
            sleep(0.02)
        port, path = port_file.read_text().splitlines()[:2]
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, compression=None, proxy=None) as wire:
            yield Browser(process, wire)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the group that it leads: itself and the processes that it started
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
