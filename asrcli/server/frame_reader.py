"""Reads the frames of one client in turns, so that nobody has more than a small part of the time. Uses no library.

Whole messages, as nearly all are, are taken in one step; large ones and those in parts are put together here. The
library behind the connection gets the handshake, control frames but pings, and wrong frames, without their payload.
"""

import asyncio

from asrcli.server.large_messages import LargeMessage, LargeMessageRoom, RoomReservation
from asrcli.server.log_filter import IN_PIECES
from asrcli.server.message_assembly import MAX_FRAGMENTS, MessageAssembly
from asrcli.server.read_connection import Phase, ReadConnection
from asrcli.server.reading_turns import ReadingTurns, SendingRate
from asrcli.transport.whole_frames import (
    BINARY,
    PING,
    PONG,
    TEXT,
    FrameHead,
    RequestEnd,
    frame_head,
    next_frame,
    unmasked,
)

MAX_FRAMES = 16  # of one client that are read in one turn of the loop


class FrameReader:
    """What one client has sent and nobody has read yet.

    Args:
        connection: The connection.
        message_bytes: The largest message.
        room: The room that large messages share.
        turns: The turns of those who send much.

    Attributes:
        key_name: The key that the client has given: all clients with one key take turns.
    """

    def __init__(
        self, connection: ReadConnection, message_bytes: int, room: LargeMessageRoom, turns: ReadingTurns
    ) -> None:
        self.key_name = ""
        self._connection = connection
        self._message_bytes = message_bytes
        self._room = room
        self._turns = turns
        self._rate = SendingRate()
        self._has_turn = False  # to come
        self._loop = asyncio.get_running_loop()
        self._is_answered = False  # the handshake
        self._request_end = RequestEnd()
        self._assembly = MessageAssembly(message_bytes)
        self._head = b""  # of a frame, or a control frame, that is not all there
        self._waiting = b""  # what has come and is read in the next turn; nothing more is received until then
        self._pongs = b""  # frames that answer pings and are sent together
        # Of the large message that is being read, or that the conversation has.
        self._reservation: RoomReservation | None = None
        self._large: LargeMessage | None = None  # a whole one that is taken next; nothing is read meanwhile
        self._is_next_large = False  # the next message is large too, and waits until the conversation is done with this

    @property
    def is_waiting(self) -> bool:
        """Whether something has come that has to be read before more is received."""
        return bool(self._waiting) or self._is_full

    @property
    def has_request(self) -> bool:
        """Whether the whole request of the handshake has come."""
        return self._request_end.is_found

    @property
    def _is_full(self) -> bool:
        """Whether a large message has to wait: for its room, or for the conversation to take it."""
        if self._large is not None or self._is_next_large:
            return True
        return self._reservation is not None and not self._reservation.is_taken

    @property
    def _is_held(self) -> bool:
        """Whether nothing may be read now: `_is_full`, or the handshake is not answered."""
        return self._is_full or (self._request_end.is_found and not self._is_answered)

    def receive(self, data: bytes) -> None:
        """Take what has come; of a client that sends much it waits for its turn."""
        if self._rate.is_high(self._loop.time()) and not self._waiting:
            self._waiting = data
            self._connection.pause_reading()
            self._wait_for_turn()
        else:
            self.take(data)

    def take(self, data: bytes) -> None:
        """Take what has come now; after `MAX_FRAMES` the rest waits for the next turn."""
        if self._waiting:
            self._waiting += data
            return
        taken = 0
        size_bytes = len(data)
        if not self._request_end.is_found:
            end = self._request_end.end_of(data)
            self._connection.hand_on(data[:end])
            data = data[end:]
        elif self._head:
            data = self._head + data
            self._head = b""
        if not self._is_held:
            if not self._assembly.is_in_message and self._connection.phase is Phase.OPEN:
                data, taken = self._take_messages(data)
            while data and taken < MAX_FRAMES and not self._is_held:
                data = self._take_frame(data)
                taken += 1
            self._send_pongs()
        self._rate.add(size_bytes - len(data), taken, self._loop.time())
        if data or self._is_full:
            self._waiting = data
            self._connection.pause_reading()
            if not self._is_held:
                self._wait_for_turn()

    def take_waiting(self) -> None:
        """Take what has waited, unless it still has to."""
        if self._is_held:
            return
        data = self._waiting
        self._waiting = b""
        if self._connection.phase is not Phase.OVER:
            self.take(data)
        if not self._waiting:
            self._connection.resume_reading()

    def handshake_answered(self) -> None:
        """Read on: until now, what a client had sent after its request had to wait."""
        self._is_answered = True
        if self._waiting:
            self._loop.call_soon(self.take_waiting)

    def take_rest(self) -> None:
        """Take all that has waited and can be read: no more will come."""
        while self._waiting and not self._is_held:
            data = self._waiting
            self._waiting = b""
            self.take(data)

    def large_message(self) -> LargeMessage | None:
        """Remove and return the large message that waits for the conversation; None if there is none."""
        message = self._large
        self._large = None
        if message is not None:
            self._loop.call_soon(self.take_waiting)
        return message

    def end_message(self) -> None:
        """Give back the room of the large message that the conversation had: it is done with it."""
        if self._reservation is not None and self._reservation.is_whole and self._large is None:
            self._leave()
            if self._is_next_large:
                self._is_next_large = False
                self._loop.call_soon(self.take_waiting)

    def discard_messages(self) -> None:
        """Read on, and keep no message: neither those that wait, nor the one that has begun, nor those that come."""
        self._assembly.discard()
        self._give_up_large()
        self._is_next_large = False
        self._loop.call_soon(self.take_waiting)

    def clear(self) -> None:
        """Forget all that has not been taken: nothing will be read any more."""
        self._waiting = self._head = b""
        self._assembly.clear()
        self._give_up_large()

    def _give_up_large(self) -> None:
        """Give back the room of a large message that the conversation has not got."""
        if self._large is not None or (self._reservation is not None and not self._reservation.is_whole):
            self._large = None
            self._leave()

    def _wait_for_turn(self) -> None:
        if not self._has_turn:
            self._has_turn = True
            self._turns.wait(self.key_name, self._take_turn)

    def _take_turn(self) -> None:
        self._has_turn = False
        self.take_waiting()

    def _take_messages(self, data: bytes) -> tuple[bytes, int]:
        """Take whole messages at the beginning of some data; returns the rest and how many they were."""
        at = taken = 0
        while taken < MAX_FRAMES and (found := next_frame(data, at, self._message_bytes, masked=True)):
            payload, end = found
            self._connection.deliver(data[at], payload)
            at = end
            taken += 1
        return data[at:], taken

    def _take_frame(self, data: bytes) -> bytes:
        """Take the next frame, or as much of it as is there; returns the rest."""
        phase = self._connection.phase
        if phase is Phase.OVER:
            self._connection.hand_on(data)
            return b""
        if self._assembly.is_between_frames:
            head = frame_head(data)
            if head is None or (head.is_control and len(data) < head.end + head.size):
                self._head = data
                return b""
            if head.is_control or not self._assembly.accepts(head):
                return self._hand_on(head, data)
            if not self._has_room(head, phase):
                return data
            self._assembly.begin(head, is_unwanted=phase is not Phase.OPEN)
            data = data[head.end :]
        data = self._assembly.add(data)
        if self._assembly.fragments > MAX_FRAGMENTS:
            self._connection.drop(IN_PIECES)
            return b""
        self._deliver()
        return data

    def _hand_on(self, head: FrameHead, data: bytes) -> bytes:
        """Answer a ping; let the library have another control frame, or find out what is wrong with a frame.

        Returns what follows the frame.
        """
        size = None
        if self._assembly.is_in_message:
            size = self._assembly.size
        end = head.end + head.size
        if head.first == PING and head.is_control and self._connection.phase is Phase.OPEN:
            self._pongs += bytes([PONG, head.size]) + unmasked(data[head.end : end], head.mask)
            return data[end:]
        self._send_pongs()
        if head.is_control:
            self._connection.hand_on(data[:end], size)
            return data[end:]
        if head.size > self._message_bytes - self._assembly.size and head.is_data:
            self._connection.hand_on(data[: head.end], size)
        else:
            self._connection.hand_on(head.without_payload(), size)
        return data[head.end :]

    def _send_pongs(self) -> None:
        if self._pongs:
            pongs, self._pongs = self._pongs, b""
            self._connection.send_frames(pongs)

    def _has_room(self, head: FrameHead, phase: Phase) -> bool:
        """Whether there is room for the message with this frame: a large one may have to wait for it."""
        size = self._assembly.room_for(head)
        if not size or phase is not Phase.OPEN:
            return True
        if self._reservation is not None and self._reservation.is_whole:
            self._is_next_large = True
            return False
        if self._reservation is None:
            self._reservation = self._room.enter(size, self._on_room, self._connection.drop)
        return self._reservation.is_taken

    def _on_room(self) -> None:
        self._loop.call_soon(self.take_waiting)

    def _deliver(self) -> None:
        """Deliver the message if it is whole now."""
        whole = self._assembly.taken()
        if whole is None:
            return
        is_text, message = whole
        first = TEXT if is_text else BINARY
        if isinstance(message, bytes):
            self._connection.deliver(first, message)
        elif not message.is_valid:
            self._leave()
            self._connection.deliver(TEXT, b"\xff")  # the library ends the connection for it
        else:
            assert self._reservation is not None  # noqa: S101  a large message has one
            self._reservation.is_whole = True
            if not self._connection.deliver_large(message):
                self._large = message

    def _leave(self) -> None:
        if self._reservation is not None:
            reservation, self._reservation = self._reservation, None
            self._room.leave(reservation)
