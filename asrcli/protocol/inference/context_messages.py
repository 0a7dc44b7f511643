"""Context as the inference wire carries it: a list of messages with text, written and read. No I/O."""

from asrcli.core.errors import ProtocolError
from asrcli.protocol.json_messages import Json, text


def write_context(texts: tuple[str, ...]) -> Json:
    """The fields of `payload.input` that carry these texts. No texts make an empty list, which clears the context."""
    messages = [{"role": "user", "content": [{"type": "input_text", "text": passage}]} for passage in texts]
    return {"context": messages}


def read_context(fields: Json) -> tuple[str, ...]:
    """The texts in `payload.input`, in order; parts without text are skipped.

    Raises:
        ProtocolError: `context` is neither a list nor null.
    """
    messages = fields.get("context")
    if not isinstance(messages, list | None):
        raise ProtocolError("field context has the wrong type")
    texts: list[str] = []
    for message in messages or ():
        parts = message.get("content") if isinstance(message, dict) else None
        if isinstance(parts, list):
            texts += [text(part, "text") for part in parts if isinstance(part, dict) and text(part, "text")]
    return tuple(texts)
