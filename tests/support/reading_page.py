"""A page of captions without a browser: it puts together what it reads from the server."""

import json
from typing import Any


class ReadingPage:
    """What a page does with its messages."""

    def __init__(self) -> None:
        self.run = ""
        self.last = 0
        self.texts: list[str] = []
        self.begun = 0  # how often it started again

    def take(self, data: bytes) -> None:
        """Show a message."""
        message: dict[str, Any] = json.loads(data)
        if message.get("reset") or message["run"] != self.run:
            self.run, self.last, self.texts = message["run"], 0, []
            self.begun += 1
        for line in message["lines"]:
            if line["n"] > self.last:
                self.last = line["n"]
                self.texts.append(line["text"])
        self.last = max(self.last, message["last"])
