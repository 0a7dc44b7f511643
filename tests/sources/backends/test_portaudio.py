"""PortAudio's real behaviour, imitated by a fake: refusals, prints, overflows, lists that change."""

import sys
from collections.abc import Iterator
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest

from asrcli.core.errors import SourceError
from asrcli.sources.backends import installation, portaudio
from asrcli.sources.backends.library_lock import LibraryLock
from asrcli.sources.backends.portaudio import PortAudio, input_devices
from asrcli.sources.microphone import LostSamples
from tests.sources.backends.fake_portaudio import WIRE, Fake, rates
from tests.support.device import PATIENCE_S, Clock
from tests.support.tone import loudness, silence, tone


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """PyAudio replaced, and no probe of the real one; whatever was started has been ended."""
    made = Fake()
    monkeypatch.setitem(sys.modules, "pyaudio", made)
    monkeypatch.delenv("ALSA_CONFIG_PATH", raising=False)
    monkeypatch.setattr(portaudio, "ALSA_CONFIGURATION", SimpleNamespace(exists=lambda: True))
    yield made
    assert made.instances == 0


def test_inputs_are_listed_without_outputs_and_without_the_host_api_that_crashes(fake: Fake) -> None:
    """Number, name, host API, rate, channels, and which is the default."""
    listed = input_devices()
    assert [(one.index, one.name, one.host_api, one.rate, one.channels, one.default) for one in listed] == [
        (0, "Built-in Mic", "ALSA", 48000, 2, True),
        (2, "USB Headset", "ALSA", 48000, 2, False),
    ]
    fake.default = -1
    assert not any(one.default for one in input_devices())


@pytest.mark.parametrize(
    ("wanted", "index"), [("", 0), ("usb", 2), ("HEADSET", 2), ("built-in mic", 0), ("2", 2), ("mic", 0)]
)
def test_a_device_is_found_by_number_or_by_a_part_of_its_name(fake: Fake, wanted: str, index: int) -> None:
    """In any case; an exact name wins; empty is the default."""
    recording = PortAudio(wanted).open(WIRE, instead=False)
    assert fake.asked == [{"rate": 16000, "channels": 1, "index": index}]
    recording.close()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("t", r"t: could be several microphones: .*0: Built-in Mic \(ALSA\), 2: USB Headset \(ALSA\)"),
        ("studio", "no microphone has this name; choose one of Built-in Mic, USB Headset"),
        ("jack", "no microphone has this name"),
        ("3", "no microphone has this name"),
        ("1", "no microphone has this name"),
    ],
)
def test_a_name_that_fits_no_device_or_several_is_an_error(fake: Fake, wanted: str, said: str) -> None:
    """With what there is."""
    assert fake.devices
    with pytest.raises(SourceError, match=said):
        PortAudio(wanted).open(WIRE, instead=False)


def test_a_device_that_is_not_back_is_replaced_by_the_default(fake: Fake) -> None:
    """Only where another will do; the list is made again with each opening."""
    device_ = PortAudio("usb")
    device_.open(WIRE, instead=False).close()
    del fake.devices[2]
    with pytest.raises(SourceError, match="no microphone"):
        device_.open(WIRE, instead=False)
    recording = device_.open(WIRE, instead=True)
    assert (recording.name, device_.name) == ("Built-in Mic", "Built-in Mic")
    recording.close()


def test_no_microphone_at_all_is_named(fake: Fake) -> None:
    """Not in PortAudio's words, which speak of outputs."""
    fake.devices.clear()
    with pytest.raises(SourceError, match="this machine has no microphone"):
        PortAudio().open(WIRE, instead=False)


def test_a_refused_rate_means_the_device_s_own_and_a_resampler(fake: Fake) -> None:
    """-9997: 48 kHz in, 16 kHz out."""
    fake.refuses = [({"rate": 16000}, -9997)]
    fake.pieces = [tone(50, 48000)] * 20
    recording = PortAudio().open(WIRE, instead=False)
    assert rates(fake) == [(16000, 1), (48000, 1)]
    out = b"".join(piece for piece in (recording.read() for _ in range(20)) if isinstance(piece, bytes))
    assert 31800 <= len(out) <= 32000
    assert loudness(out[3200:]) == pytest.approx(loudness(tone(1000)), rel=0.02)
    recording.close()


def test_refused_channels_mean_the_device_s_own_number_and_a_downmix(fake: Fake) -> None:
    """-9998, alone and together with -9997: the left channel speaks, the mix is half as loud."""
    for refuses, tried in (
        ([({"channels": 1}, -9998)], [(16000, 1), (16000, 2)]),
        ([({"channels": 1}, -9998), ({"rate": 16000}, -9997)], [(16000, 1), (16000, 2), (48000, 2)]),
    ):
        fake.refuses, fake.asked = refuses, []
        recording = PortAudio().open(WIRE, instead=False)
        assert rates(fake) == tried
        left = tone(50, tried[-1][0])
        both = b"".join(left[at : at + 2] + bytes(2) for at in range(0, len(left), 2))
        fake.pieces = [both] * 4
        out = [piece for piece in (recording.read() for _ in range(4)) if isinstance(piece, bytes)]
        assert loudness(out[-1]) == pytest.approx(loudness(tone(50)) / 2, rel=0.05)
        recording.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [(-9985, "is in use by another program"), (-9996, "no such microphone"), (-9999, "is gone"), (-1, "cannot be")],
)
def test_a_device_that_does_not_open_says_why(fake: Fake, code: int, said: str) -> None:
    """One line, and PortAudio is let go."""
    fake.refuses = [({}, code)]
    with pytest.raises(SourceError, match=said):
        PortAudio().open(WIRE, instead=False)


def test_a_device_that_goes_while_it_is_read_is_an_error_and_can_be_closed(fake: Fake) -> None:
    """-9999 at once; stop_stream fails then, which means nothing."""
    fake.pieces = [silence(50), -9999]
    recording = PortAudio().open(WIRE, instead=False)
    recording.read()
    with pytest.raises(SourceError, match="is gone"):
        recording.read()
    recording.close()
    assert fake.closed == 1


def test_an_overflow_says_how_much_is_lost(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the clock says has passed, less what still waits, and at least the piece that PyAudio takes back."""
    now = [0.0]
    monkeypatch.setattr(portaudio, "boot_time", lambda: now[0])
    recording = PortAudio().open(WIRE, instead=False)
    fake.pieces = [silence(50), -9981, silence(50), -9981]
    recording.read()
    now[0], fake.waiting = 3.0, 16000
    assert recording.read() == LostSamples(32000)
    recording.read()
    now[0], fake.waiting = 3.01, 0
    assert recording.read() == LostSamples(800)
    recording.close()


def test_without_pyaudio_the_commands_that_bring_it_are_reported(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """For this system; what PyAudio prints about it does not reach the transcript."""
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    monkeypatch.setattr(installation, "_distribution", lambda: "ubuntu debian")
    with pytest.raises(SourceError, match=r"apt-get install portaudio19-dev gcc python3-dev && .* pip install pyaudio"):
        input_devices()
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SourceError, match="brew install portaudio && "):
        input_devices()
    assert capfd.readouterr().out == ""


def test_where_portaudio_aborts_a_child_finds_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """An ALSA configuration without a device kills the process that looks at it: that is not ours."""
    pytest.importorskip("pyaudio", reason="PyAudio is not installed")
    if sys.platform != "linux":
        pytest.skip("ALSA is Linux's")
    (tmp_path / "empty.conf").touch()
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "empty.conf"))
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    with pytest.raises(SourceError, match=r"PortAudio crashes on the ALSA configuration .*empty\.conf"):
        input_devices()


def test_an_open_that_hangs_does_not_block_later_ones(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor the list of devices: a thread that hangs loses the lock, and frees everything if it goes on later."""
    clock, hangs, go = Clock(), Event(), Event()
    monkeypatch.setattr(portaudio, "_lock", LibraryLock(8.0, clock))
    whole = fake.open

    def hang(**asked: int) -> Fake:
        hangs.set()
        assert go.wait(PATIENCE_S)
        return whole(**asked)

    monkeypatch.setattr(fake, "open", hang)
    thread = Thread(target=lambda: PortAudio().open(WIRE, instead=False).close(), daemon=True)
    thread.start()
    assert hangs.wait(PATIENCE_S)
    monkeypatch.setattr(fake, "open", whole)
    clock.now = 9.0
    PortAudio().open(WIRE, instead=False).close()
    assert len(input_devices()) == 2
    go.set()
    thread.join(PATIENCE_S)
    assert fake.closed == 2
