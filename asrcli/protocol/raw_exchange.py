"""A raw exchange: the messages before and after the audio, and the awaited answers. Pure; knows no wire by name."""

import json
from collections.abc import Callable

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ServiceRefused, SettingError
from asrcli.core.message import Binary, Message, Text
from asrcli.protocol.json_messages import Json, flag, part, text

IS_END = "is_end"


@dataclass(frozen=True)
class RawExchange:
    """The messages of one connection of `asr ws-raw`.

    Attributes:
        first: Messages that are sent at once.
        last: Messages that are sent when the input has ended.
        audio: Gives the messages that carry a piece of audio.
        ready: Name of the answer that audio waits for; empty when audio need not wait.
        over: Name of the answer that ends the exchange; empty when silence ends it.
        failed: Name of the answer that ends the exchange as a refusal; empty when there is none.
        silence_ends: A server may leave out the answer `over`: then silence ends the exchange.
    """

    first: tuple[Message, ...]
    last: tuple[Message, ...]
    audio: Callable[[bytes], list[Message]]
    ready: str = ""
    over: str = ""
    failed: str = ""
    silence_ends: bool = False


def exchange_without_wire(first: str | None, last: str | None) -> RawExchange:
    """The exchange with any WebSocket server: audio as binary messages, text as it is given, silence as the end."""
    opening = (Text(first),) if first else ()
    closing = (Text(last),) if last else ()
    return RawExchange(opening, closing, lambda pcm: [Binary(pcm)])


def message_name(message: Message) -> str:
    """The name of an event on any wire; empty for anything that is not an event.

    Where events have no names, a message is named by its mode, and the one that ends the session by its mark.
    """
    if not isinstance(message, Text):
        return ""
    try:
        value = json.loads(message.data)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    if flag(value, IS_END):
        return IS_END
    header = part(value, "header")
    names = (text(header, "event"), text(header, "action"), *(text(value, key) for key in ("type", "event", "mode")))
    return next(filter(None, names), "")


def message_refusal(message: Message) -> ServiceRefused:
    """The error that an event of a service reports: its code, its message and its task. The event must have a name."""
    assert isinstance(message, Text)  # noqa: S101  only a text message has a name
    value = json.loads(message.data)
    header = part(value, "header")
    error = part(value, "error")
    code = text(header, "error_code") or text(error, "code") or text(value, "code") or message_name(message)
    description = text(header, "error_message") or text(error, "message") or text(value, "error")
    return ServiceRefused(code, description, text(header, "task_id"))


def parsed(setting: str, written: str) -> Json:
    """The JSON object that the user wrote as the value of a setting.

    Raises:
        UsageError: the text is not a JSON object.
    """
    try:
        value = json.loads(written)
    except (ValueError, RecursionError) as exc:
        raise SettingError(setting, f"not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise SettingError(setting, "not a JSON object")
    return value


def user_message(setting: str, written: str) -> Message:
    """The message that the user wrote as the value of a setting, sent exactly as it was written.

    Raises:
        UsageError: the text is not a JSON object.
    """
    parsed(setting, written)
    return Text(written)


def replaced(setting: str, written: str | None, usual: list[Message]) -> tuple[Message, ...]:
    """The message that the user wrote instead of the usual ones; without one, these.

    Raises:
        UsageError: the text is not a JSON object.
    """
    if written:
        return (user_message(setting, written),)
    return tuple(usual)
