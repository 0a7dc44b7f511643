"""A client that opens a connection five times in a second: `python -m tests.bench.visitor ADDRESS SECONDS`.

    [--client-key KEY]

Prints one JSON object: how many of its handshakes had which status, how many were reset or had no answer in ten
seconds, and how long those took that were answered, in milliseconds.
"""

import argparse
import asyncio
import json
import time
from array import array
from collections import Counter
from contextlib import suppress

from tests.bench.attack_lines import AttackLines
from tests.bench.load import quantiles
from tests.support.raw_websocket import handshake
from tests.support.wire import INFERENCE

EVERY_S, WITHIN_S = 0.2, 10.0


class Visitor(AttackLines):
    """Handshakes, and what became of them."""

    def begin(self) -> None:
        """Begin to count."""
        self.answers: Counter[str] = Counter()
        self.took_s = array("d")

    async def visit(self) -> None:
        """Open a connection and leave."""
        began = time.monotonic()
        how = "reset"
        try:
            async with asyncio.timeout(WITHIN_S), self.line() as (reader, writer):
                writer.write(handshake(f"{self.host}:{self.port}", INFERENCE, *self.headers))
                how = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
                self.took_s.append(time.monotonic() - began)
        except TimeoutError:
            how = "no answer"
        except (OSError, EOFError):
            pass
        self.answers[how] += 1

    async def run(self, seconds: float) -> None:
        """Visit for this long."""
        self.begin()
        end_at = time.monotonic() + seconds
        async with asyncio.TaskGroup() as visits:
            while time.monotonic() < end_at:
                visits.create_task(self.visit())
                await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.visitor")
    parser.add_argument("address")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--client-key", default="")
    asked = parser.parse_args()
    scheme, _, place = asked.address.partition("://")
    visitor = Visitor(place.partition(":")[0], int(place.partition(":")[2]), asked.client_key, tls=scheme == "wss")
    with suppress(KeyboardInterrupt):
        asyncio.run(visitor.run(asked.seconds))
    print(json.dumps(dict(visitor.answers) | {"took": quantiles(visitor.took_s)}))
