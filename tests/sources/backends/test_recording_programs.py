"""The programs that record: how their lists are read, how they are started, and what they say of losses."""

import json
import sys
from pathlib import Path

import pytest

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends import program_capture, recording_programs, silence_limit
from asrcli.sources.backends.recording_programs import (
    ARECORD,
    PAREC,
    PW_RECORD,
    ProgramDevice,
    alsa_inputs,
    pipewire_inputs,
    pulse_inputs,
)
from asrcli.sources.device_reader import LostSamples

WIRE = Format(16000)
SOURCES = """Source #0
\tState: IDLE
\tName: alsa_output.pci.monitor
\tDescription: Monitor of Built-in Audio
\tSample Specification: s16le 2ch 44100Hz
\tMonitor of Sink: alsa_output.pci
\tProperties:
\t\tdevice.description = "Monitor of Built-in Audio"

Source #4
\tState: RUNNING
\tName: alsa_input.usb
\tDescription: USB Headset: Mono
\tSample Specification: s24le 1ch 48000Hz
"""
DUMP = [
    {"id": 33, "type": "PipeWire:Interface:Metadata", "metadata": [
        {"subject": 0, "key": "clock.rate", "type": "", "value": 48000},
        {"subject": 0, "key": "default.audio.source", "type": "Spa:String:JSON", "value": {"name": "usb"}},
    ]},
    {"id": 35, "info": {"props": {"media.class": "Audio/Source", "node.name": "usb", "node.description": "Headset"}}},
    {"id": 36, "info": {"props": {"media.class": "Audio/Source/Virtual", "node.name": "virtmic"}}},
    {"id": 37, "info": {"props": {"media.class": "Audio/Sink", "node.name": "speakers"}}},
    {"id": 38, "info": None},
]  # fmt: skip
NAMES = """null
    Discard all samples (playback) or generate zero samples (capture)
default
    Default Audio Device
hw:CARD=PCH,DEV=0
    HDA Intel PCH, ALC257 Analog
    Direct hardware device without any conversions
plughw:CARD=PCH,DEV=0
    HDA Intel PCH, ALC257 Analog
    Hardware device with all software conversions
pulse
"""


def test_the_list_of_pulseaudio_is_read() -> None:
    """Number, description, rate, channels and the default; what the program is to be given is the name."""
    listed = list(pulse_inputs(SOURCES, "alsa_input.usb"))
    assert [(one.index, one.name, one.rate, one.channels, one.default, key) for one, key in listed] == [
        (0, "Monitor of Built-in Audio", 44100, 2, False, "alsa_output.pci.monitor"),
        (1, "USB Headset: Mono", 48000, 1, True, "alsa_input.usb"),
    ]
    assert list(pulse_inputs("", "x")) == []


def test_the_list_of_pipewire_is_read() -> None:
    """Microphones alone, by description or else by name."""
    listed = list(pipewire_inputs(DUMP))
    assert [(one.index, one.name, one.default, key) for one, key in listed] == [
        (0, "Headset", True, "usb"),
        (1, "virtmic", False, "virtmic"),
    ]


def test_the_list_of_alsa_is_read() -> None:
    """Those that convert, so that every rate is given."""
    listed = list(alsa_inputs(NAMES))
    assert [(one.index, one.name, one.default, key) for one, key in listed] == [
        (0, "Default Audio Device (default)", True, "default"),
        (1, "HDA Intel PCH, ALC257 Analog (plughw:CARD=PCH,DEV=0)", False, "plughw:CARD=PCH,DEV=0"),
        (2, "pulse", False, "pulse"),
    ]


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="the programs are Linux's")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of programs, which is all that is found beside those of the system."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    recording_programs._pw_record_raw.cache_clear()
    script(tmp_path, "pactl", f'[ "$1" = info ] && echo "Default Source: alsa_input.usb" || printf "%s" \'{SOURCES}\'')
    script(tmp_path, "pw-dump", f"printf '%s' '{json.dumps(DUMP)}'")
    for name in ("parec", "arecord", "pw-record"):
        script(tmp_path, name, f'[ "$1" = --help ] && exit; echo "$@" >{tmp_path}/asked; exec cat /dev/zero')
    return tmp_path


def script(folder: Path, name: str, text: str) -> None:
    """A stand-in for a program."""
    folder.joinpath(name).write_text(f"#!/bin/sh\n{text}\n")
    folder.joinpath(name).chmod(0o755)


@needs_linux
@pytest.mark.parametrize(
    ("program", "wanted", "asked"),
    [
        (PAREC, "", "--format=s16le --channels=1 --rate=16000"),
        (PAREC, "headset", "--device=alsa_input.usb --format=s16le"),
        (PAREC, "0", "--device=alsa_output.pci.monitor"),
        (PW_RECORD, "", "--format s16 --channels 1 --rate 16000"),
        (PW_RECORD, "virt", "--target virtmic --format s16"),
    ],
)
def test_a_program_is_started_for_the_device_that_is_meant(
    programs: Path, program: recording_programs.RecordingProgram, wanted: str, asked: str
) -> None:
    """Mono at the rate of the wire; the default device is not named, so that the system may choose it."""
    capture = ProgramDevice(program, wanted).open(WIRE, instead=False)
    try:
        assert capture.read() == bytes(1600)
        assert asked in (programs / "asked").read_text()
        assert ("--device" in (programs / "asked").read_text()) == (program is PAREC and bool(wanted))
    finally:
        capture.close()
    with pytest.raises(SourceError, match="no microphone has this name; choose one of"):
        ProgramDevice(program, "studio").open(WIRE, instead=False)


@needs_linux
@pytest.mark.usefixtures("programs")
def test_a_default_device_that_the_system_does_not_list_again_yet_is_not_taken_for_another() -> None:
    """While a device comes back, the program may find it before the list has it: then it would have no name."""
    inputs = list(pulse_inputs(SOURCES, "alsa_input.usb"))
    listed = [inputs, inputs[:1], inputs]
    device = ProgramDevice(recording_programs.RecordingProgram("parec", lambda: listed.pop(0), PAREC.command))
    device.open(WIRE, instead=False).close()
    with pytest.raises(SourceError, match="USB Headset: Mono: is not listed"):
        device.open(WIRE, instead=True)
    device.open(WIRE, instead=True).close()
    assert device.name == "USB Headset: Mono"


@needs_linux
def test_a_header_is_refused_where_the_program_would_write_one(programs: Path) -> None:
    """Newer versions of pw-record have an option for it, and older ones do not know that."""
    assert "--raw" not in PW_RECORD.command("x", WIRE)
    recording_programs._pw_record_raw.cache_clear()
    script(programs, "pw-record", "echo '  -a, --raw   RAW mode'")
    assert "--raw" in PW_RECORD.command("x", WIRE)
    recording_programs._pw_record_raw.cache_clear()


@needs_linux
@pytest.mark.parametrize(
    ("program", "tool", "text", "said"),
    [
        (PAREC, "pactl", "echo 'Connection refused' >&2; exit 1", "pactl lists no devices: Connection refused"),
        (PW_RECORD, "pw-dump", "echo 'no JSON'", "its answer is not JSON"),
        (ARECORD, "arecord", "exit 1", "arecord lists no devices: no reason given"),
        (PAREC, "pactl", "exec sleep 5", "pactl does not answer"),
    ],
)
def test_a_sound_system_that_does_not_answer_is_reported(
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: recording_programs.RecordingProgram,
    tool: str,
    text: str,
    said: str,
) -> None:
    """With its last line, and never waited for without end."""
    monkeypatch.setattr(recording_programs, "LIST_S", 0.5)
    script(programs, tool, text)
    with pytest.raises(SourceError, match=said):
        program.input_devices()


@needs_linux
@pytest.mark.parametrize(("passed_s", "lost"), [(2.0, 8000), (0.3, 4000)])
def test_an_overrun_that_the_program_tells_is_counted_where_it_was(
    programs: Path, monkeypatch: pytest.MonkeyPatch, passed_s: float, lost: int
) -> None:
    """Never more than the clock allows: a device that goes makes arecord tell nonsense."""
    now = [0.0]
    monkeypatch.setattr(program_capture, "boot_time", lambda: now[0])
    told = "echo 'overrun!!! (at least 500.000 ms long)' >&2; exec cat /dev/zero"
    script(programs, "arecord", f'[ "$1" = -L ] && printf "%s" \'{NAMES}\' && exit; {told}')
    capture = ProgramDevice(ARECORD).open(WIRE, instead=False)
    first = capture.read()  # the message was written before the first audio
    now[0] = passed_s
    second = capture.read()
    third = capture.read()
    capture.close()
    assert (first, third) == (bytes(1600), bytes(1600))
    assert second == LostSamples(lost)


@needs_linux
def test_a_program_that_gives_nothing_is_a_device_that_is_gone(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pw-record waits for a device that is gone, forever."""
    monkeypatch.setattr(silence_limit, "LOOKS", 2)
    script(programs, "parec", "head -c 1600 /dev/zero; exec sleep 20")
    capture = ProgramDevice(PAREC).open(WIRE, instead=False)
    assert capture.read() == bytes(1600)
    with pytest.raises(SourceError, match="USB Headset: Mono: the device gives nothing any more"):
        capture.read()
    capture.close()


@needs_linux
def test_much_on_standard_error_does_not_stop_it(programs: Path) -> None:
    """It is read all the time; its last line is the reason when the program ends."""
    script(programs, "parec", "yes 'a warning' | head -c 300000 >&2; head -c 1600 /dev/zero; echo 'killed' >&2")
    capture = ProgramDevice(PAREC).open(WIRE, instead=False)
    assert capture.read() == bytes(1600)
    with pytest.raises(SourceError, match="cannot be listened to: killed"):
        capture.read()
    capture.close()
