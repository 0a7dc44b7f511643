"""The common part of the client codecs of both FunASR servers: addresses, errors, no usage, no names."""

from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.events import Event, Usage
from asrcli.core.message import Message
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.json_messages import Json, read, text, word
from asrcli.protocol.nameless_sentences import NamelessSentences


class FunAsrClientBase(NamelessSentences):
    """The part of a client codec that does not depend on the server. Each task has its own connection."""

    task_id: str
    must_wait = False

    @property
    def usage(self) -> Usage:
        """Nothing: these servers count no usage."""
        return Usage()

    def url(self, base: str) -> str:
        """The address of a server, which takes any path."""
        return endpoint(base, "/")

    def pending_messages(self) -> list[Message]:
        """Nothing: no message of the server asks for an answer."""
        return []

    def receive(self, message: Message) -> list[Event]:
        """The events in a message. An unreadable message gives a notice only.

        Raises:
            ServiceRefused: the server reports an error.
        """
        try:
            value = read(message)
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]
        if problem := refusal(value, self.task_id):
            raise problem
        return self._events(value)

    def _events(self, value: Json) -> list[Event]:
        """The events in a message that reports no error."""
        raise NotImplementedError  # pragma: no cover  each codec has its own


def refusal(value: Json, task_id: str) -> ServiceRefused | None:
    """The error that a message of such a server reports, in any of its forms; None if it reports none."""
    error = value.get("error") or value.get("error_msg")
    if text(value, "event") == "error":
        error = error or value.get("message") or "no reason given"
    if not error:
        return None
    if not isinstance(error, dict):
        return ServiceRefused(word(value, "code") or "error", str(error), task_id)
    return ServiceRefused(word(error, "code") or "error", text(error, "message"), task_id)
