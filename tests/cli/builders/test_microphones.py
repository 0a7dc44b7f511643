"""What `--device` says: which device, and what its speaker is called in every output."""

from dataclasses import replace

import pytest

from asrcli.cli.builders.microphones import MicrophoneBuilder
from asrcli.cli.options.values import parse_device
from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.sources.microphone_timeline import ListeningMode

BUILDER = MicrophoneBuilder((), RecognitionSettings("fun-asr-realtime", 16_000), ListeningMode(), save="talk.wav")


@pytest.mark.parametrize(
    ("text", "device", "label"),
    [
        ("mic", "mic", ""),
        ("mic=Anna", "mic", "Anna"),
        ("Built-in Audio = Anna Weiß", "Built-in Audio", "Anna Weiß"),
        ("a=b=张三", "a=b", "张三"),
        ("hw:CARD=PCH,DEV=0", "hw:CARD=PCH,DEV=0", ""),
        ("hw:CARD=PCH,DEV=0=Anna", "hw:CARD=PCH,DEV=0", "Anna"),
        ("3=Call", "3", "Call"),
    ],
)
def test_a_label_stands_after_the_last_sign_of_equality(text: str, device: str, label: str) -> None:
    """But arguments of ALSA are part of the name."""
    assert parse_device(text) == (device, label)


@pytest.mark.parametrize("text", ["", " ", "mic=", "=Anna", "=", "mic= "])
def test_half_a_device_is_an_error(text: str) -> None:
    """In one line that shows how it is written."""
    with pytest.raises(UsageError, match=r"not NAME or NAME=LABEL; as in --device mic=Anna"):
        parse_device(text)


@pytest.mark.parametrize(
    ("devices", "labels", "files"),
    [
        ((), [""], ["talk.wav"]),
        (("mic",), [""], ["talk.wav"]),
        (("mic=Anna",), ["Anna"], ["talk.wav"]),
        (("mic", "monitor"), ["mic", "monitor"], ["talk-mic.wav", "talk-monitor.wav"]),
        (("mic=Anna", "monitor=../Call"), ["Anna", "../Call"], ["talk-Anna.wav", "talk-.._Call.wav"]),
    ],
)
def test_labels_name_speakers_and_files(devices: tuple[str, ...], labels: list[str], files: list[str]) -> None:
    """A single device needs none; no label leads out of the folder."""
    builder = replace(BUILDER, devices=devices)
    assert builder.labels == labels
    assert [str(path) for path in builder.saved()] == files


@pytest.mark.parametrize("devices", [("mic=A", "usb=A"), ("mic=monitor", "monitor"), ("mic=A", "MIC=B")])
def test_two_devices_need_two_names(devices: tuple[str, ...]) -> None:
    """Otherwise nobody could tell them apart."""
    with pytest.raises(UsageError, match=r"two devices are called|named more than once"):
        replace(BUILDER, devices=devices).microphones()


def test_the_detector_of_echoes_knows_what_is_played_by_its_label() -> None:
    """It compares levels by speaker."""
    (detector,) = replace(BUILDER, devices=("mic=Anna", "monitor=Call")).echo(lambda _notice: None)
    assert vars(detector)["_played"] == {"Call"}
    assert replace(BUILDER, devices=("mic=Anna", "usb=Call")).echo(lambda _notice: None) == []
