"""Whatever comes in, in whatever order, a codec answers with events or with one of our errors."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.config import Recognition
from asrcli.errors import AsrError, ProtocolError, UsageError
from asrcli.message import Binary, Message, Text
from asrcli.protocol import inference, omni, realtime
from asrcli.seams import ClientCodec, ServerCodec
from asrcli.server.recognizers.scripted import read_script
from asrcli.transcript import Transcript, fold
from tests.support.pair import counting

GOLDEN = [
    message
    for wire in ("inference", "gummy", "realtime", "omni")
    for message in json.loads(Path(__file__).with_name("golden").joinpath(f"{wire}.json").read_text("utf-8")).values()
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def spoiled(message: object, path: list[int], junk: object) -> object:
    """The message with the field at a path, taken by its number at each level, replaced by junk."""
    if not path or not isinstance(message, dict) or not message:
        return junk
    key = sorted(message)[path[0] % len(message)]
    return message | {key: spoiled(message[key], path[1:], junk)}


MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.text(max_size=30).map(Text),
    st.binary(max_size=30).map(Binary),
    ANYTHING.map(json.dumps).map(Text),
    st.sampled_from(GOLDEN).map(json.dumps).map(Text),
    st.builds(spoiled, st.sampled_from(GOLDEN), st.lists(st.integers(0, 9), min_size=1, max_size=5), ANYTHING)
    .map(json.dumps)
    .map(Text),
)


def clients() -> list[ClientCodec]:
    """A fresh client codec of each kind."""
    asked = Recognition("m")
    return [
        inference.Client(asked, counting("task-")),
        inference.Client(Recognition("m", translate="en"), counting("task-")),
        realtime.Client(asked, counting("c")),
        realtime.Client(Recognition("m", vad=False), counting("c")),
        omni.Client(Recognition("m", side_transcript=True), counting("c")),
        begun(omni.Client(Recognition("m", vad=False), counting("c"))),
    ]


def begun(codec: ClientCodec) -> ClientCodec:
    """The codec in the middle of its second utterance, behind a first that is committed."""
    for messages in (codec.audio(bytes(3200)), codec.commit(), codec.audio(bytes(3200))):
        assert messages
    return codec


def servers() -> list[ServerCodec]:
    """A fresh server codec of each kind."""
    return [inference.Server(counting()), realtime.Server(counting(), "m"), omni.Server(counting(), "m")]


@pytest.mark.parametrize("which", range(len(clients())))
@given(messages=st.lists(MESSAGES, max_size=12))
def test_a_client_survives_any_service(which: int, messages: list[Message]) -> None:
    """Only our own errors come out, and whatever events do can be folded into a transcript."""
    codec, transcript = clients()[which], Transcript()
    for message in messages:
        with contextlib.suppress(AsrError):
            for event in codec.receive(message):
                transcript = fold(transcript, event)
            codec.owed()


@pytest.mark.parametrize("which", range(len(servers())))
@given(messages=st.lists(MESSAGES, max_size=12))
def test_a_server_survives_any_client(which: int, messages: list[Message]) -> None:
    """Every mistake is a ProtocolError, so that the client can be told."""
    codec = servers()[which]
    for message in messages:
        with contextlib.suppress(ProtocolError):
            for request in codec.receive(message):
                codec.acknowledge(request)


@given(lines=st.lists(ANYTHING.map(json.dumps) | st.text(max_size=20), max_size=5))
def test_a_script_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """A file that is no script ends in one line and not in a traceback."""
    path = tmp_path_factory.mktemp("script") / "s.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    with contextlib.suppress(UsageError):
        read_script(path)
