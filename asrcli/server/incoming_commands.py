"""The commands in the messages of a client; those in large messages come piece by piece, while others are served."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from asrcli.core.client_commands import Command, SendAudio, SendLongAudio
from asrcli.core.errors import ProtocolError
from asrcli.core.interfaces import ServerCodec
from asrcli.core.message import Binary, Message, Text
from asrcli.protocol.long_text import check_values, long_text
from asrcli.server.large_messages import LargeMessage

PIECE_BYTES = 32 << 10  # of audio


def commands_in(codec: ServerCodec, data: str | bytes) -> list[Command]:
    """Return the commands in a message that is not large.

    Raises:
        ProtocolError: the message is unreadable, or not allowed at this point.
    """
    if isinstance(data, str):
        check_values(data)
        return codec.receive(Text(data))
    if not codec.binary_audio:
        check_values(str(data, "latin-1"))
    return codec.receive(Binary(data))


async def commands_in_large(codec: ServerCodec, message: LargeMessage, turn: asyncio.Lock) -> AsyncIterator[Command]:
    """Yield the commands in a large message. Of all such messages one piece is decoded in a turn of the loop.

    Raises:
        ProtocolError: the message is unreadable, or not allowed at this point; or its audio is none from here on.
    """
    if codec.binary_audio and not message.is_text:
        for begin in range(0, message.size, PIECE_BYTES):
            await asyncio.sleep(0)
            for command in codec.receive(Binary(bytes(message.data[begin : begin + PIECE_BYTES]))):
                yield command
        return
    async with turn:
        await asyncio.sleep(0)
        commands = codec.receive(_text(message))
    for command in commands:
        if isinstance(command, SendLongAudio):
            async for audio in _decoded(command.pieces, turn):
                yield audio
        else:
            yield command


def _text(message: LargeMessage) -> Message:
    try:
        text = long_text(message.data, message.span)
    except UnicodeDecodeError as exc:
        raise ProtocolError("a binary message where text is due") from exc
    check_values(text)
    return Text(text)


async def _decoded(pieces: Iterator[bytes], turn: asyncio.Lock) -> AsyncIterator[SendAudio]:
    while True:
        async with turn:
            await asyncio.sleep(0)
            piece = next(pieces, None)
        if piece is None:
            return
        yield SendAudio(piece)
