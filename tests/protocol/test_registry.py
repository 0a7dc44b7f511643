"""The registry: each row is whole, its parts belong together, and no other file chooses a wire."""

import ast
import json
import re
from pathlib import Path

import pytest

import asrcli
from asrcli.cli.commands.ws_raw import WireChoice
from asrcli.core.client_commands import Command, StartTask
from asrcli.core.message import Text
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL, RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.context import TranscriptMemory
from asrcli.protocol.omni.codec import OmniServer
from asrcli.protocol.realtime.server_codec import RealtimeServer
from asrcli.protocol.registry import (
    FUNASR,
    INFERENCE_PATH,
    OMNI,
    PATHS,
    REALTIME_PATH,
    WIRES,
    Wire,
    wire_of_model,
)
from tests.support.pair import counting

PACKAGE = Path(asrcli.__file__).parent
SERVED = [row for row in WIRES.values() if row.served]


def model_on(wire: Wire) -> str:
    """The first model of the catalogue that speaks this wire; without one, the default of the wire."""
    return next((model.name for model in MODELS.values() if model.wire == wire.name), wire.default_model)


@pytest.mark.parametrize("wire", SERVED, ids=lambda row: row.name)
def test_the_codecs_of_a_row_understand_each_other(wire: Wire) -> None:
    """What the client codec sends first starts a task of the server codec, for the model that was asked for."""
    model = model_on(wire)
    client = wire.client_codec(RecognitionSettings(model), counting())
    server = wire.server_codec(counting(), model)
    commands: list[Command] = [command for message in client.start() for command in server.receive(message)]
    started = [command.recognition.model for command in commands if isinstance(command, StartTask)]
    # The server of an Omni model answers a session.update itself, and starts with the first audio.
    assert started in ([model], [])
    assert bool(server.greet()) is (not wire.has_header)


@pytest.mark.parametrize("wire", SERVED, ids=lambda row: row.name)
def test_a_row_says_what_its_codecs_say(wire: Wire) -> None:
    """The path and the form of a failure are needed without a codec."""
    model = model_on(wire)
    server = wire.server_codec(counting(), model)
    assert server.path == wire.path
    (failure,) = server.fail("code", "problem")
    assert isinstance(failure, Text)
    assert ("header" in json.loads(failure.data)) is wire.has_header
    assert (wire.failure_close_code == 1000) is server.fatal_errors


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
def test_a_row_says_what_its_client_codec_says(wire: Wire) -> None:
    """The path, the times of words and the manual mode; only what other servers speak has no server here."""
    client = wire.client_codec(RecognitionSettings(model_on(wire), vad=not wire.manual_mode), counting())
    assert client.url("ws://h").partition("?")[0] == f"ws://h{wire.path}"
    assert client.word_times is wire.word_times
    assert client.manual is wire.manual_mode
    assert client.started() == [] or wire.name == FUNASR
    assert (wire.server == "") is (not wire.served)
    assert wire.served or wire.elsewhere


@pytest.mark.parametrize("wire", [row for row in WIRES.values() if row.raw_exchange], ids=lambda row: row.name)
def test_a_raw_exchange_opens_as_the_client_codec_does(wire: Wire) -> None:
    """The first messages are those of the codec; what is audio is carried as the codec carries it."""
    recognition = RecognitionSettings(wire.default_model)
    exchange = wire.make_raw_exchange(recognition, counting(), None, None)
    codec = wire.client_codec(recognition, counting())
    assert list(exchange.first) == codec.start()
    assert bool(exchange.ready) is not bool(codec.started())
    assert exchange.over or exchange.silence_ends
    assert wire.elsewhere or wire_of_model(wire.default_model) is wire


def test_every_wire_with_a_raw_exchange_can_be_chosen() -> None:
    """`asr ws-raw --wire` offers these wires, and none at all."""
    assert set(WireChoice) == {row.name for row in WIRES.values() if row.raw_exchange} | {"none"}


def test_the_name_of_each_model_suggests_its_wire() -> None:
    """A new model that nobody has put into the catalogue is spoken to on the wire of its relatives."""
    for model in MODELS.values():
        assert wire_of_model(model.name).name == model.wire, model.name


def test_the_model_in_the_address_says_which_server_answers() -> None:
    """Two wires share a path; a model that is not named there, or not known, is one of the more common wire."""
    for path in PATHS:
        assert wire_of_model("", path).path == path
    assert isinstance(wire_of_model("", REALTIME_PATH).server_codec(counting(), ""), RealtimeServer)
    for model in (model_on(WIRES[OMNI]), "qwen3.8-omni-flash-realtime"):
        assert isinstance(wire_of_model(model, REALTIME_PATH).server_codec(counting(), model), OmniServer)


def test_addresses_are_those_of_the_wires() -> None:
    """The model is part of the address on the realtime path only."""
    assert WIRES["inference"].url("ws://h", "m") == f"ws://h{INFERENCE_PATH}"
    assert WIRES["realtime"].url("ws://h", "m") == f"ws://h{REALTIME_PATH}?model=m"


def names_a_wire(node: ast.AST) -> bool:
    """Whether an expression is the name of a wire: its text, or the constant of the registry."""
    if isinstance(node, ast.Constant):
        return node.value in set(WIRES)
    name = getattr(node, "id", getattr(node, "attr", ""))
    return bool(name) and name.lower() in WIRES and name.isupper()


def test_no_other_file_compares_the_name_of_a_wire() -> None:
    """Whoever has to choose a wire asks the registry."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare):
                assert not any(map(names_a_wire, (node.left, *node.comparators))), f"{path}:{node.lineno}"


def test_the_default_models_have_one_owner() -> None:
    """Their names stand in the settings; the catalogue has their rows."""
    assert {DEFAULT_MODEL, DEFAULT_MANUAL_MODEL} <= set(MODELS)
    literal = re.compile(rf'"{re.escape(DEFAULT_MODEL)}"')
    users = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if literal.search(path.read_text())}
    assert users == {"core/settings.py", "dashscope/catalogue.py"}


@pytest.mark.parametrize("wire", [row for row in WIRES.values() if row.context_messages], ids=lambda row: row.name)
def test_a_memory_is_sent_as_context(wire: Wire) -> None:
    """The last sentences open the next task, on a wire that carries them."""
    memory = TranscriptMemory(())
    memory.remember("good morning")
    codec = wire.client_codec(RecognitionSettings(wire.default_model), counting(), memory)
    assert "good morning" in "".join(str(message) for message in codec.start())


@pytest.mark.parametrize("wire", [row for row in WIRES.values() if row.raw_exchange], ids=lambda row: row.name)
def test_a_raw_exchange_begins_and_ends_with_the_messages_of_the_user(wire: Wire) -> None:
    """In place of those of the wire."""
    exchange = wire.make_raw_exchange(RecognitionSettings(wire.default_model), counting(), '{"a": 1}', '{"b": 2}')
    sent = [message.data for message in (*exchange.first, *exchange.last) if isinstance(message, Text)]
    assert [json.loads(data) for data in sent] == [{"a": 1}, {"b": 2}]
