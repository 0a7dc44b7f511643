"""The devices of Windows through PyAudio, imitated by a fake: one entry each, with its whole name."""

import sys
from typing import Any

import pytest

from asrcli.sources.backends.portaudio import PortAudio, device_name, input_devices
from tests.sources.backends.fake_portaudio import WIRE, Fake, device, rates

pytestmark = pytest.mark.usefixtures("no_probe")


@pytest.fixture
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """No child process looks at the real PortAudio first."""
    monkeypatch.setattr("asrcli.sources.backends.portaudio._probe", lambda: None)


class Windows(Fake):
    """Windows, which lists each device once for each host API; the default is the first one's."""

    def __init__(self) -> None:
        super().__init__()
        self.apis = [("MME", -1), ("Windows DirectSound", -1), ("Windows WASAPI", 4), ("Windows WDM-KS", -1)]
        whole = "Microphone Array (Intel® Smart Sound Technology)"
        self.devices = [
            device(whole[:31], api=0, rate=44100.0),
            device(whole, api=1, rate=44100.0),
            device("Kopfhörer (USB)", api=2, channels=0),
            device("麦克风 (USB)", api=2, channels=1),
            device(whole, api=2),
            device("Input (raw)", api=3),
        ]

    def get_host_api_count(self) -> int:
        """Four."""
        return len(self.apis)

    def get_host_api_info_by_index(self, index: int) -> dict[str, Any]:
        """With the default of each."""
        name, default = self.apis[index]
        return {"name": name, "defaultInputDevice": default}


def test_on_windows_each_device_is_listed_once_with_its_whole_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of WASAPI with its default; without WASAPI those of the others."""
    windows = Windows()
    monkeypatch.setitem(sys.modules, "pyaudio", windows)
    assert [(one.index, one.name, one.default) for one in input_devices()] == [
        (3, "麦克风 (USB)", False),
        (4, "Microphone Array (Intel® Smart Sound Technology)", True),
    ]
    PortAudio("array").open(WIRE, instead=False).close()
    assert windows.asked[-1]["index"] == 4
    windows.devices[2:5] = []
    assert [(one.index, one.default) for one in input_devices()] == [(0, True), (1, False), (2, False)]


def test_wasapi_that_refuses_a_rate_twice_gets_the_channels_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the format of its mixer only, and blames the rate for the channels too."""
    windows = Windows()
    monkeypatch.setitem(sys.modules, "pyaudio", windows)
    windows.refuses = [({"rate": 16000}, -9997), ({"channels": 1}, -9997)]
    PortAudio().open(WIRE, instead=False).close()
    assert rates(windows) == [(16000, 1), (48000, 1), (48000, 2)]


@pytest.mark.parametrize("encoding", ["cp1252", "cp936", "utf-8", "latin-1"])
@pytest.mark.parametrize("name", ["Mic", "Mikrofon (Gerät)", "麦克风", "Микрофон"])
def test_a_name_that_was_decoded_with_the_encoding_of_the_system_is_whole_again(name: str, encoding: str) -> None:
    """PortAudio gives UTF-8, whatever the code page of Windows; bytes come where that does not fit."""
    try:
        given: str | bytes = name.encode().decode(encoding)
    except UnicodeError:
        given = name.encode()
    assert device_name(given, encoding) == name


def test_a_name_in_the_encoding_of_the_system_stays() -> None:
    """As MME gives it."""
    assert device_name("Gerät", "cp1252") == "Gerät"
