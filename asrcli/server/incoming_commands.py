"""The commands in the messages of a client; those that take long come in parts, while others are served."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from asrcli.core.client_commands import Command, SendAudio, SendLongAudio
from asrcli.core.errors import ProtocolError
from asrcli.core.interfaces import ServerCodec
from asrcli.core.message import Binary, Text
from asrcli.protocol.long_text import LongText, check_values, long_text, values_in
from asrcli.protocol.realtime.session_config import decoded_pieces
from asrcli.server.large_messages import LargeMessage
from asrcli.server.log_filter import log

UNREADABLE = "the message cannot be read"
PIECE_BYTES = 32 << 10  # of audio
AUDIO = "audio"  # the field of audio in a message of any wire that has it in base64
MANY_VALUES = 400  # to read more takes a good part of a millisecond


def takes_long(codec: ServerCodec, data: str | bytes | LargeMessage) -> bool:
    """Whether a message is large, or has so many values that only one of its kind is read in a turn of the loop."""
    if isinstance(data, LargeMessage):
        return True
    if isinstance(data, bytes):
        return not codec.binary_audio and values_in(str(data, "latin-1")) > MANY_VALUES
    return values_in(data) > MANY_VALUES


def commands_in(codec: ServerCodec, data: str | bytes) -> list[Command]:
    """Return the commands in a message that does not take long.

    Raises:
        ProtocolError: the message is unreadable, or not allowed at this point.
    """
    if isinstance(data, str):
        return codec.receive(Text(data))
    return codec.receive(Binary(data))


async def commands_in_turn(
    codec: ServerCodec, data: str | bytes | LargeMessage, turn: asyncio.Lock
) -> AsyncIterator[Command]:
    """Yield the commands in a message that takes long. Of all such messages one part is read in a turn of the loop.

    Its audio is decoded twice, at first only to know that all of it is audio: a codec takes a whole message or nothing.

    Raises:
        ProtocolError: the message is unreadable, or not allowed at this point, or its audio is not base64.
    """
    if isinstance(data, LargeMessage) and codec.binary_audio and not data.is_text:
        for begin in range(0, data.size, PIECE_BYTES):
            await asyncio.sleep(0)
            for command in codec.receive(Binary(bytes(data.data[begin : begin + PIECE_BYTES]))):
                yield command
        return
    async with turn:
        await asyncio.sleep(0)
        message = _text(data)
    if isinstance(message.data, LongText) and message.data.field == AUDIO:
        async for _ in _decoded(decoded_pieces(message.data), turn):
            pass
    async with turn:
        commands = codec.receive(message)
    for command in commands:
        if isinstance(command, SendLongAudio):
            async for audio in _decoded(command.pieces, turn):
                yield audio
        else:
            yield command


def problem_with(exc: Exception) -> tuple[str, str]:
    """Return what a client is told about a message that cannot be used, and what the log says of it.

    The log quotes no message: it may contain words of a transcript, as context, or audio.
    """
    if isinstance(exc, ProtocolError):
        return str(exc), exc.problem
    log.exception("a message that the codec cannot read")
    return UNREADABLE, UNREADABLE


def _text(data: str | bytes | LargeMessage) -> Text:
    try:
        if isinstance(data, LargeMessage):
            data = long_text(data.data, data.span)
        elif isinstance(data, bytes):
            data = data.decode()
    except UnicodeDecodeError as exc:
        raise ProtocolError("a binary message instead of a text message") from exc
    check_values(data)
    return Text(data)


async def _decoded(pieces: Iterator[bytes], turn: asyncio.Lock) -> AsyncIterator[SendAudio]:
    while True:
        async with turn:
            await asyncio.sleep(0)
            piece = next(pieces, None)
        if piece is None:
            return
        yield SendAudio(piece)
