"""What the clients of both servers of FunASR have in common: no usage, no names, any path, and errors of any form."""

from collections.abc import Mapping

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Usage
from asrcli.core.message import Message
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.discarded_messages import DiscardedMessages
from asrcli.protocol.json_messages import Json, text, word


class FunAsrClientBase:
    """The part of a client codec that does not depend on the server. Each task has its own connection."""

    word_times = False
    reusable = False
    connection_is_new = True
    retired_names: Mapping[str, str] | None = None
    lifetime_s: float | None = None
    must_wait = False

    def __init__(self) -> None:
        self._dropped = DiscardedMessages()

    @property
    def usage(self) -> Usage:
        """Nothing: these servers count no usage."""
        return Usage()

    @property
    def seen_names(self) -> Mapping[str, str]:
        """Nothing: sentences have no names on these wires."""
        return {}

    @property
    def dropped(self) -> int:
        """How many finals were dropped; a notice was emitted for each."""
        return self._dropped.finals

    def url(self, base: str) -> str:
        """The address of a server, which takes any path."""
        return endpoint(base, "/")

    def pending_messages(self) -> list[Message]:
        """Nothing: no message of the server asks for an answer."""
        return []


def refusal(value: Json, task_id: str) -> ServiceRefused | None:
    """The error that a message of such a server reports, in any of its forms; None where it reports none."""
    error = value.get("error") or value.get("error_msg")
    if text(value, "event") == "error":
        error = error or value.get("message") or "it gives no reason"
    if not error:
        return None
    if not isinstance(error, dict):
        return ServiceRefused(word(value, "code") or "error", str(error), task_id)
    return ServiceRefused(word(error, "code") or "error", text(error, "message"), task_id)
