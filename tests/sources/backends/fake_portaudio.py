"""A fake of PyAudio with the behaviour of PortAudio."""

from typing import Any

from asrcli.core.audio import Format

WIRE = Format(16000)
JACK, ALSA = 0, 1


def device(name: str, *, api: int = ALSA, rate: float = 48000.0, channels: int = 2) -> dict[str, Any]:
    """A device as PortAudio describes it."""
    return {"name": name, "hostApi": api, "defaultSampleRate": rate, "maxInputChannels": channels}


class Fake:
    """The module `pyaudio`: devices, what they refuse, and what their reads give."""

    paInt16 = 8  # noqa: N815  the name is PyAudio's

    def __init__(self) -> None:
        self.devices = [device("Built-in Mic"), device("jack mic", api=JACK), device("USB Headset"), device("Line Out")]
        self.devices[3]["maxInputChannels"] = 0
        self.default = 0
        self.refuses: list[tuple[dict[str, int], int]] = []  # (what is asked for, with which code it is refused)
        self.asked: list[dict[str, int]] = []
        self.pieces: list[bytes | int] = []
        self.instances = 0
        self.closed = 0
        self.waiting = 0

    def PyAudio(self) -> "Fake":  # noqa: N802  the name is PyAudio's
        """One more instance."""
        self.instances += 1
        return self

    def terminate(self) -> None:
        """Let go."""
        self.instances -= 1

    def get_default_input_device_info(self) -> dict[str, int]:
        """Or the error of a machine without one."""
        if self.default < 0:
            raise OSError("No Default Input Device Available")
        return {"index": self.default}

    def get_host_api_count(self) -> int:
        """Two."""
        return 2

    def get_host_api_info_by_index(self, index: int) -> dict[str, str]:
        """By number."""
        return {"name": ["JACK Audio Connection Kit", "ALSA"][index]}

    def get_device_count(self) -> int:
        """All."""
        return len(self.devices)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        """By number."""
        return self.devices[index]

    def open(self, **asked: int) -> "Fake":
        """A stream, unless it is refused."""
        self.asked.append({"rate": asked["rate"], "channels": asked["channels"], "index": asked["input_device_index"]})
        for what, code in self.refuses:
            if all(asked[name] == value for name, value in what.items()):
                raise OSError(code, "Invalid something")
        return self

    def read(self, samples: int, *, exception_on_overflow: bool) -> bytes:
        """What was put in."""
        assert exception_on_overflow
        piece = self.pieces.pop(0)
        if isinstance(piece, int):
            raise OSError(piece, "Input overflowed")
        assert len(piece) == samples * 2 * self.asked[-1]["channels"]
        return piece

    def get_read_available(self) -> int:
        """How much waits."""
        return self.waiting

    def stop_stream(self) -> None:
        """Fails, as on a device that is gone."""
        raise OSError("Stream not open")

    def close(self) -> None:
        """Counted."""
        self.closed += 1


def rates(fake: Fake) -> list[tuple[int, int]]:
    """What was tried."""
    return [(asked["rate"], asked["channels"]) for asked in fake.asked]
