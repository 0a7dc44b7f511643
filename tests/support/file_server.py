"""A web server on this machine with one file, which cuts connections, changes the file or lies about it when told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class ServedFile:
    """What is served, and what was asked for.

    Attributes:
        content: The file.
        etag: Its validator; empty for none.
        cuts: After how many bytes the next connections are cut, one entry each.
        statuses: With what the next requests are refused, one entry each.
        location: Where requests are redirected to, if anywhere.
        ranges: The Range header of each request.
        asked: Released once for each request.
    """

    content: bytes
    etag: str = '"1"'
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    location: str = ""
    ranges: list[str | None] = field(default_factory=list)
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@contextmanager
def serving_file(file: ServedFile) -> Iterator[str]:
    """The address of the file while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            file.ranges.append(asked)
            file.asked.release()
            if file.location or file.statuses:
                self.send_response(302 if file.location else file.statuses.pop(0))
                self.send_header("Location", file.location)
                self.end_headers()
                return
            start = 0
            if asked and self.headers.get("If-Range") == file.etag:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(file.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(file.content)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(file.content) - 1}/{len(file.content)}")
            self.send_header("Content-Length", str(len(file.content) - start))
            if file.etag:
                self.send_header("ETag", file.etag)
            self.end_headers()
            end = start + file.cuts.pop(0) if file.cuts else len(file.content)
            self.wfile.write(file.content[start:end])

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tiny.tar.bz2"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
