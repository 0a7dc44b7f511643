"""Context as the inference wire carries it: a list of messages with text, written and read. No I/O."""

from asrcli.core.errors import ProtocolError
from asrcli.protocol.json_messages import Json, objects, text


def write_context(texts: tuple[str, ...]) -> Json:
    """The fields of `payload.input` that carry these texts. No texts make an empty list, which clears the context."""
    messages = [{"role": "user", "content": [{"type": "input_text", "text": passage}]} for passage in texts]
    return {"context": messages}


def read_context(fields: Json) -> tuple[str, ...]:
    """The texts in `payload.input`, in order; parts without text are skipped.

    Raises:
        ProtocolError: `context` is neither a list nor null.
    """
    if not isinstance(fields.get("context"), list | None):
        raise ProtocolError("field context has the wrong type")
    texts: list[str] = []
    for message in objects(fields, "context"):
        texts += [text(passage, "text") for passage in objects(message, "content") if text(passage, "text")]
    return tuple(texts)
