"""Faults that keep a connection, or end it in a way of their own, as a client meets them with raw messages."""

import socket
import time
from contextlib import suppress
from select import select
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.fault_messages import AUDIO, SESSION, WHOLE, append, faulty, told, whole
from tests.support.command import asr, serving
from tests.support.wire import Wire, finish_task, run_task, status, wait_until, wire


def silent(client: Wire) -> bool:
    """Whether nothing comes, and no end either."""
    try:
        client.socket.recv(0.3)
    except TimeoutError:
        return True
    return False


def test_a_server_that_stops_reading_says_what_it_has_heard_and_takes_no_more() -> None:
    """TCP stays up, no ping is answered, and soon no byte of the client leaves."""
    with faulty({"do": "stop-reading", "after_bytes": 32_000}) as address, wire(address) as client:
        client.say(run_task(), AUDIO[:16_000])
        assert [told(client.hear_next()) for _ in range(7)] == WHOLE[:7]
        client.say(AUDIO[16_000:])
        wait_until(lambda: not client.socket.ping().wait(0.3))
        assert silent(client)
        client.socket.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.socket.sendall(bytes(64 << 20))
        client.socket.socket.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("do", ["stop-reading", "half-open", "half-close"])
def test_what_hangs_lasts_as_long_as_it_was_written_to(do: str) -> None:
    """Then it is cut; and a client that leaves before is noticed where something is still read."""
    with faulty({"do": do, "at": "run-task", "seconds": 0.5}) as address, wire(address) as client:
        client.say(run_task())
        began = time.monotonic()
        assert client.closed() == 1006
        assert time.monotonic() - began < 20


def test_half_a_close_ends_what_the_server_says_and_not_what_it_hears() -> None:
    """FIN comes, and what is sent after it is neither answered nor refused."""
    with faulty({"do": "half-close", "after_events": 3}) as address:
        host, port = address.removeprefix("ws://").split(":")
        with socket.create_connection((host, int(port))) as line, wire(address) as client:
            client.say(run_task(), AUDIO)
            assert client.closed() == 1006
            line.settimeout(60)
            asked = f"GET /api-ws/v1/realtime HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            line.sendall(
                f"{asked}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
            )
            heard = b""
            line.sendall(frame(b'{"type":"session.update","session":{}}') + frame(b'{"type":"session.finish"}'))
            while piece := line.recv(1 << 16):
                heard += piece
            assert b"session.updated" in heard
            for _ in range(20):  # a connection that is gone would be reset by now
                line.sendall(frame(bytes(1000), opcode=2))
                time.sleep(0.01)


def frame(data: bytes, opcode: int = 1) -> bytes:
    """A masked frame."""
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + data


@pytest.mark.parametrize("path", ["/api-ws/v1/inference", SESSION])
def test_a_connection_ends_in_the_middle_of_a_frame(path: str) -> None:
    """No close frame, and the last message is not whole."""
    with faulty({"do": "torn-frame", "after_bytes": 3200}) as address, wire(address, path) as client:
        client.say(*([run_task(), AUDIO] if path != SESSION else [append(AUDIO)]))
        assert client.closed() == 1006


def test_finish_is_never_answered_although_all_results_come() -> None:
    """On both wires; the connection stays."""
    with faulty({"do": "never-finish"}) as address:
        with wire(address) as client:
            client.say(run_task(), AUDIO, finish_task())
            assert [told(client.hear_next()) for _ in WHOLE[:-1]] == WHOLE[:-1]
            assert silent(client)
            assert client.socket.ping().wait(60)
        with wire(address, SESSION) as client:
            client.say(append(AUDIO), {"type": "session.finish"})
            for _ in range(2):
                client.handle("conversation.item.input_audio_transcription.completed")
            assert silent(client)


def test_a_service_that_lives_for_a_while_and_drops_does_so_each_time() -> None:
    """All is well until then."""
    with faulty({"do": "drop-after", "seconds": 1}) as address:
        for _ in range(2):
            began = time.monotonic()
            heard = []
            with wire(address) as client:
                with suppress(ConnectionClosed):
                    client.say(run_task(), AUDIO, finish_task())
                    while True:
                        heard.append(told(client.hear_next()))
                assert client.closed() == 1006
            assert heard == WHOLE[: len(heard)]  # a busy machine may not get to its end
            assert 0.9 < time.monotonic() - began < 20


def test_quiet_leaves_out_what_was_in_the_making() -> None:
    """Then the finals come, all of them, in order."""
    with faulty({"do": "quiet", "seconds": 0.5, "at": "run-task"}) as address, wire(address) as client:
        began = time.monotonic()
        client.say(run_task(), AUDIO[: 16_000 + 3200])
        events = [told(client.hear_next())]
        assert time.monotonic() - began >= 0.5
        client.say(AUDIO[16_000 + 3200 :], finish_task())
        events += [told(message) for message in client.hear_all("task-finished")]
        assert [event for event in events if event != "..."] == [event for event in WHOLE if event != "..."]
    with faulty({"do": "quiet", "seconds": 0.5, "after_events": 1}) as address, wire(address) as client:
        client.say(run_task(), AUDIO[:16_000])  # together, or a busy machine may send the audio after the quiet
        client.handle("task-started")
        assert told(client.hear_next()) == "0 1 2 3 4"  # no partial before it


def test_a_slow_reader_takes_audio_at_its_own_speed() -> None:
    """A second of audio at four times real time; and a rate of 8000 makes two of it."""
    for rate, least_s in ((16_000, 0.2), (8_000, 0.45)):
        with faulty({"do": "slow-reader", "speed": 4}) as address, wire(address) as client:
            began = time.monotonic()
            client.say(run_task(sample_rate=rate), *(AUDIO[at : at + 3200] for at in range(0, 32_000, 3200)))
            client.say(finish_task())
            client.handle("task-finished")
            assert least_s < time.monotonic() - began < 20


def test_audio_that_was_of_no_use_is_reported_at_the_end() -> None:
    """In the words of either wire, in place of the end."""
    with faulty({"do": "empty-audio", "message": "nothing"}) as address:
        with wire(address) as client:
            client.say(run_task(), AUDIO, finish_task())
            header = client.handle("task-failed")["header"]
            assert (header["error_code"], header["error_message"]) == ("EmptyAudio", "nothing")
            assert client.closed() == 1000
        with wire(address, SESSION) as client:
            client.say(append(AUDIO), {"type": "session.finish"})
            assert client.handle("error")["error"]["code"] == "NO_VALID_AUDIO_ERROR"
            assert client.closed() == 1011


def test_a_service_that_has_had_enough_tasks_refuses_the_next() -> None:
    """On the open connection, and at the handshake of another."""
    with faulty({"do": "refuse", "status": 429, "after_tasks": 2}) as address:
        with wire(address) as client:
            for task_id in ("a", "b"):
                assert whole(client, task_id) == WHOLE
            client.say(run_task("c"))
            assert client.handle("task-failed")["header"]["error_code"] == "Throttling"
            assert client.closed() == 1000
        assert status(address, SESSION)[0] == 429


@pytest.mark.parametrize("wait", [10**30, "Wed, 21 Oct 2099 07:28:00 GMT", "soon", 0])
def test_a_service_may_ask_for_a_wait_of_any_size(wait: Any) -> None:
    """The header is what was written."""
    with faulty({"do": "refuse", "status": 503, "retry_after": wait}) as address:
        with pytest.raises(InvalidStatus) as caught, wire(address):
            pass
        assert caught.value.response.headers["Retry-After"] == str(wait)


def test_the_faults_that_wait_are_drawn_on_demand() -> None:
    """By the real command; without a seed there is nothing to draw."""
    waits = {"stall", "quiet", "half-open", "stop-reading", "never-finish"}
    with serving("--engine", "counting", "--chaos", 3, "--chaos-waits") as (address, server):
        assert "--chaos 3" in server.stderr.readline()
        struck = set[str]()
        for number in range(40):
            with wire(address) as client, suppress(ConnectionClosed, TimeoutError):
                client.say(run_task(str(number)), AUDIO, finish_task(str(number)))
                client.socket.recv(0.05)
            if struck & waits:
                break
            if select([server.stderr], [], [], 0.2)[0]:
                struck |= set(server.stderr.readline().split(": ")[-1].split()[:1])
        assert struck & waits
    done = asr("serve", "--chaos-waits")
    assert (done.returncode, "--chaos-waits without --chaos" in done.stderr) == (2, True)
