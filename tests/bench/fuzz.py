"""Whatever clients send: `make fuzz [FUZZ_SECONDS=600]`, so long for each target. No crash, and no growth.

    python -m tests.bench.fuzz --seconds 60 --only codecs

The targets are those of the local server: both wires' server codecs, single requests over HTTP, lists of hot words and
WAV headers. They are guided by coverage with atheris where that is installed (it has no wheel everywhere), and else by
hypothesis. What crashes is printed with its input.
"""

import argparse
import importlib
import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import count
from typing import Any

from psutil import Process

from asrcli.errors import ProtocolError, UsageError
from asrcli.message import Binary, Text
from asrcli.protocol import customization, inference, omni, realtime
from asrcli.request import Start
from asrcli.seams import ServerCodec
from asrcli.server.callers import Callers, origin
from asrcli.server.desk import Desk, Received
from asrcli.server.gate import Gate
from asrcli.server.patience import absurdity
from asrcli.server.vocabularies import Vocabularies
from asrcli.server.watch import Past, Watch
from asrcli.server.waves import Waves
from tests.support.wire import finish_task, run_task

GROWTH_MB = 32
Target = Callable[[bytes], None]
_ids = count()


def new_id() -> str:
    """An id."""
    return f"{next(_ids):032x}"


MAKERS: tuple[Callable[[], ServerCodec], ...] = (
    lambda: inference.Server(new_id),
    lambda: realtime.Server(new_id, "m"),
    lambda: omni.realtime_server(new_id, "qwen3-omni-flash-realtime"),
)


def codecs(data: bytes) -> None:
    """A conversation: messages between line ends, the first byte says on which wire."""
    codec = MAKERS[data[0] % len(MAKERS) if data else 0]()
    watch = Watch((), codec.path, Past())
    codec.greet()
    for line in data[1:].split(b"\n")[:50]:
        text = line.decode("utf-8", "surrogateescape")
        watch.heard(text)
        try:
            requests = codec.receive(Binary(line[1:]) if line.startswith(b"\0") else Text(text))
        except ProtocolError as exc:
            codec.fail("InvalidParameter", str(exc))
            continue
        for request in requests:
            codec.acknowledge(request)
            if isinstance(request, Start):
                absurdity(request.recognition)


def _desk() -> Desk:
    gate = Gate(frozenset({inference.PATH}), None, 1, callers=Callers("127.0.0.1", ["https://a"]))
    return Desk(gate, Vocabularies(lambda: datetime(2026, 1, 1, tzinfo=UTC), new_id), new_id)


def requests(data: bytes) -> None:
    """A single request: method, target and headers in lines, then the body; and the same body as a list."""
    head, _, body = data.partition(b"\n\n")
    method, target, *lines = [*head.decode("latin-1").split("\n"), "", ""][:20]
    headers = tuple((line.partition(":")[0].lower(), line.partition(":")[2].strip()) for line in lines)
    desk = _desk()
    for asked in (Received(method, target, headers, body), Received("POST", customization.PATH, (), data)):
        status, answer = desk.answer(asked)
        json.dumps(answer)
        if status >= 500:
            raise AssertionError(answer)


def waves(data: bytes) -> None:
    """Audio with something like a header, in pieces."""
    heard = Waves()
    for at in range(0, len(data), 7):
        heard.pcm(data[at : at + 7])
    heard.rest()


def origins(data: bytes) -> None:
    """Names of pages and hosts."""
    text = data.decode("latin-1")
    Callers("127.0.0.1").stranger(text, text)
    try:
        origin(text)
    except UsageError:
        return


TARGETS: dict[str, Target] = {"codecs": codecs, "requests": requests, "waves": waves, "origins": origins}


def seeds() -> list[bytes]:
    """Where it begins: messages as they should be."""
    run, words = run_task(vocabulary={"a": 4}, language_hints=["en"]), [{"text": "a", "weight": 4, "lang": "en"}]
    run["payload"]["input"] = {"context": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]}
    lists = ({"action": "create_vocabulary", "target_model": "m", "prefix": "p", "vocabulary": words},
        {"action": "list_vocabulary", "prefix": "p", "page_index": 0, "page_size": 10},
        {"action": "query_vocabulary", "vocabulary_id": "v"})  # fmt: skip
    session = {"turn_detection": None, "sample_rate": 8000, "input_audio_transcription": {"language": "en"}}
    update = {"type": "session.update", "session": session}
    append = {"type": "input_audio_buffer.append", "audio": "AAAA"}
    others = [{"type": f"input_audio_buffer.{name}"} for name in ("commit", "clear")]
    lines = [b"\0\0\0", *(json.dumps(each).encode() for each in (run, finish_task()))]
    items = [json.dumps(each).encode() for each in (update, append, *others, {"type": "session.finish"})]
    bodies = [json.dumps({"model": "speech-biasing", "input": each}).encode() for each in lists]
    heads = [b"POST\n/api/v1/tokens?expire_in_seconds=9\nHost:localhost\nOrigin:https://a\n\n"]
    riff = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"LIST\0\0\0\0data\0\0\0\0abcd"
    wires = [b"\0" + b"\n".join(lines), b"\1" + b"\n".join(items), b"\2" + b"\n".join(items)]
    return [*wires, *bodies, *(heads[0] + body for body in bodies), riff, b"https://a.example:1", b"[::1]:80"]


PIECES = (b"null", b"1e400", b"-1", b"true", b"[]", b"{}", b'"\\ud800"', b"9" * 400, b"\n", b"\0", b'":', b"\xff", b"")


ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    5,
    10**400,
    1e300,
    float("nan"),
    "",
    "x",
    "\ud800",
    "9" * 400,
    [],
    [5],
    {},
    {"a": 1},
)


def odd(value: Any, lots: random.Random) -> Any:
    """The value with something else somewhere in it."""
    if isinstance(value, dict) and value and lots.random() < 0.9:
        key = lots.choice(list(value))
        return (
            {**value, key: odd(value[key], lots)}
            if lots.random() < 0.9
            else {k: v for k, v in value.items() if k != key}
        )
    if isinstance(value, list) and value and lots.random() < 0.6:
        at = lots.randrange(len(value))
        return [*value[:at], odd(value[at], lots), *value[at + 1 :]]
    return lots.choice(ODD)


def mutated(data: bytes, lots: random.Random) -> bytes:
    """Something like it: values of JSON put in the place of others; or pieces replaced, doubled, left out."""
    begin = data.find(b"{")
    if begin >= 0 and lots.random() < 0.5:
        lines = data[begin:].split(b"\n")
        at = lots.randrange(len(lines))
        with suppress(ValueError, RecursionError):
            lines[at] = json.dumps(odd(json.loads(lines[at]), lots)).encode()
        return data[:begin] + b"\n".join(lines)
    for _ in range(lots.randint(1, 6)):
        at = lots.randint(0, len(data))
        end = min(len(data), at + lots.choice((0, 1, 1, 4, 16)))
        marks = [n for n, byte in enumerate(data) if byte in b':,{}[]"']
        if marks and lots.random() < 0.6:  # between two marks is a value, as a rule
            at = lots.choice(marks) + 1
            end = next((mark for mark in marks if mark >= at), len(data))
        data = data[:at] + lots.choice((*PIECES, lots.randbytes(lots.randint(1, 4)), data[at:end] * 3)) + data[end:]
    return data[: 1 << 14]


def by_lot(target: Target, seconds: float) -> int:
    """Without atheris: mutations of what is right, and hypothesis's JSON; how many there were."""
    hypothesis = importlib.import_module("hypothesis")
    st = importlib.import_module("hypothesis.strategies")
    lots, ends, done = random.Random(0), time.monotonic() + seconds, 0
    pool = seeds()
    while time.monotonic() < ends - seconds / 4:
        data = mutated(lots.choice(pool), lots)
        _try(target, data)
        done += 1
        if done % 100 == 0 and len(pool) < 500:
            pool.append(data)
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    value = st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
    settings: dict[str, Any] = {"max_examples": 200, "deadline": None, "database": None}

    @hypothesis.settings(**settings)  # type: ignore[untyped-decorator]
    @hypothesis.given(value, st.binary())  # type: ignore[untyped-decorator]
    def one(said: object, raw: bytes) -> None:
        _try(target, b"\0" + json.dumps(said).encode() + b"\n" + raw)

    while time.monotonic() < ends:
        one()
        done += 200
    return done


def by_coverage(atheris: Any, name: str, seconds: float) -> None:
    """With atheris, which ends the process itself: 0 when nothing was found."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="asr-fuzz.") as corpus:
        for number, seed in enumerate(seeds()):
            Path(corpus, str(number)).write_bytes(seed)
        arguments = (f"-max_total_time={max(1, round(seconds))}", "-max_len=16384", "-rss_limit_mb=1024", "-timeout=20")
        atheris.Setup([name, *arguments, corpus], lambda data: _try(TARGETS[name], data))
        atheris.Fuzz()


def _try(target: Target, data: bytes) -> None:
    try:
        target(data)
    except BaseException:
        print(f"crashed on {data!r}", flush=True)
        raise


def main() -> int:
    """Run the targets one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fuzz")
    parser.add_argument("--seconds", type=float, default=600, help="for each target")
    parser.add_argument("--only", choices=TARGETS, help="this target alone")
    asked = parser.parse_args()
    if find_spec("atheris") is not None:
        return _each_by_coverage(asked.seconds, [asked.only] if asked.only else list(TARGETS))
    wrong = 0
    for name in [asked.only] if asked.only else TARGETS:
        by_lot(TARGETS[name], asked.seconds / 10)  # what is loaded once
        before = Process().memory_info().rss
        done = by_lot(TARGETS[name], asked.seconds * 9 / 10)
        grown = (Process().memory_info().rss - before) / 2**20
        print(f"{name}: {done} inputs, no crash, memory {grown:+.1f} MB", flush=True)
        wrong += grown > GROWTH_MB
    return bool(wrong)


def _each_by_coverage(seconds: float, names: list[str]) -> int:
    """Each in a process of its own, which libFuzzer ends."""
    import subprocess

    guided = (sys.executable, "-m", "tests.bench.guided")
    return max(subprocess.run([*guided, name, str(seconds)], check=False).returncode for name in names)


if __name__ == "__main__":
    sys.exit(main())
