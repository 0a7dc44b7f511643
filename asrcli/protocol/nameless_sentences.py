"""The common part of client codecs for wires without names of sentences and with one task per connection. Pure."""

from collections.abc import Mapping

from asrcli.protocol.discarded_messages import DiscardedMessages, EmitsAtOnce


class NamelessSentences(EmitsAtOnce):
    """The part of a client codec that follows from a wire without names of sentences."""

    word_times = False
    reusable = False
    connection_is_new = True
    retired_names: Mapping[str, str] | None = None
    lifetime_s: float | None = None
    one_sentence = False

    def __init__(self) -> None:
        self._dropped = DiscardedMessages()

    @property
    def seen_names(self) -> Mapping[str, str]:
        """Nothing: sentences have no names, and each connection has its own."""
        return {}

    @property
    def dropped(self) -> int:
        """How many finals were dropped; a notice was emitted for each."""
        return self._dropped.finals

    @property
    def unread(self) -> int:
        """How many messages may have had a text that could not be read."""
        return self._dropped.unread
