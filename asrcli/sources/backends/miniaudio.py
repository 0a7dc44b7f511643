"""Lists, finds, opens and reads the inputs of this machine through miniaudio. The only importer of miniaudio.

miniaudio calls back on a thread of its own. It does not report that a device is gone, and does not open it again: a
read that gets nothing for a while is the only sign. Its wrapper in Python leaves a connection to the sound system open
for each device that it closes, and says of no device that it is the default one; so this file uses the C functions.
"""

import gc
import os
import sys
from dataclasses import replace
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import SourceError
from asrcli.core.install_advice import install_package
from asrcli.sources.backends.capture_buffer import CaptureBuffer
from asrcli.sources.backends.input_device import NAME, InputDevice, choose_device
from asrcli.sources.backends.installation import program_advice
from asrcli.sources.backends.silence_limit import first_within_limit
from asrcli.sources.device_reader import LostSamples
from asrcli.sources.resampling import converter

READ_MS = 50
BUFFER_MS = 2000  # how much waits here, and how much in the sound system, if nobody reads
ANY_RATE = 48_000  # asked of a device that takes every rate
# The sound systems that are tried, in this order. JACK is not: it is seldom a microphone, and PortAudio's crashes.
SYSTEMS = ("WASAPI", "DSOUND", "COREAUDIO", "PULSEAUDIO", "ALSA")
# ALSA also lists what is no device: silence, converters, sound systems that did not answer. A device has a colon in its
# name or is one of these.
REAL = {"default", "sysdefault", "pipewire"}


def load() -> None:
    """Import miniaudio.

    Raises:
        SourceError: it is missing or does not load.
    """
    try:
        import miniaudio  # noqa: F401
    except ImportError as exc:
        absent = isinstance(exc, ModuleNotFoundError) and exc.name == "miniaudio"
        what = "miniaudio is not installed"
        if not absent:
            what = f"miniaudio does not load ({exc})"
        raise SourceError(NAME, f"{what}: {install_package('miniaudio')}") from exc


def input_devices() -> list[InputDevice]:
    """Return all input devices.

    Raises:
        SourceError: there is no sound system, or it does not answer the question.
    """
    context = _SoundSystem()
    try:
        return [device for device, _ in context.inputs()]
    finally:
        context.close()


class Miniaudio:
    """A microphone by its number or by a part of its name; an empty name is the default device."""

    def __init__(self, wanted: str = "") -> None:
        self._wanted = wanted
        self._was_listed = False
        self.name = wanted or NAME

    def open(self, audio_format: Format, *, instead: bool) -> "MiniaudioCapture":
        """Open the device at its own rate and with its own channels.

        Raises:
            SourceError: no device fits, several fit, or it cannot be opened.
        """
        system = _SoundSystem()
        try:
            inputs = system.inputs()
            device = choose_device([device for device, _ in inputs], self._wanted, instead=instead)
            if device is None and self._was_listed:  # it comes back just now: the sound system lists it in a moment
                raise SourceError(self.name, "is not listed")
            self._was_listed = device is not None
            identity = None
            if device is not None:
                self.name = device.name
                # Without an identity the system may move us to another default device, as when a headset is plugged in.
                if self._wanted or not device.default:
                    identity = dict(inputs)[device]
            return MiniaudioCapture(system, device, identity, audio_format)
        except BaseException:
            system.close()
            raise


class MiniaudioMonitor:
    """What this machine plays, where PulseAudio or PipeWire offers the monitor of an output as an input."""

    name = "monitor"

    def open(self, audio_format: Format, *, instead: bool) -> "MiniaudioCapture":
        """Open the monitor of the default output.

        Raises:
            SourceError: there is no such monitor, or it cannot be opened.
        """
        del instead
        system = _SoundSystem()
        try:
            found = system.monitor()
            if found is None:
                raise SourceError(
                    self.name, f"the sound system offers no monitor of its output; {program_advice('parec')}"
                )
            device, identity = found
            return MiniaudioCapture(system, replace(device, name=self.name), identity, audio_format)
        except BaseException:
            system.close()
            raise


class MiniaudioCapture:
    """An open device of miniaudio. A callback copies its audio into a buffer, from which it is read."""

    def __init__(self, system: "_SoundSystem", device: InputDevice | None, identity: Any, audio_format: Format) -> None:
        self.name = NAME
        if device:
            self.name = device.name
        self._system = system
        self._rate = (device and device.rate) or ANY_RATE
        self._channels = (device and device.channels) or 1
        self._frame_bytes = SAMPLE_BYTES * self._channels
        self._wire_rate = audio_format.rate
        self._buffer = CaptureBuffer(Format(self._rate).samples(BUFFER_MS) * self._frame_bytes)
        # miniaudio keeps its own converter out of this: its filter lets frequencies above the new limit fold back.
        self._convert = converter(self._rate, self._channels, audio_format)
        self._device: Any = system.ffi.new("ma_device *")
        # miniaudio finds us by it, so it lives until the device is closed.
        self._handle: Any = system.ffi.new_handle(self)
        self._start(identity)

    def read(self) -> bytes | LostSamples:
        """Return the next piece, of 50 ms as a rule; after an overflow, how much was dropped.

        Raises:
            SourceError: the device is gone.
        """
        try:
            piece = first_within_limit(self._buffer.get, self.name)
        except EOFError:
            raise SourceError(self.name, "the device is gone, or its sound system has stopped it") from None
        if isinstance(piece, int):
            return LostSamples(piece // self._frame_bytes * self._wire_rate // self._rate)
        return self._convert(piece)

    def close(self) -> None:
        """Close the device, and the connection to the sound system."""
        # Without the stop it would wait forever for its thread, which waits for the audio of a device that is gone.
        self._system.lib.ma_device_stop(self._device)
        self._system.lib.ma_device_uninit(self._device)
        self._system.close()
        # The handle holds us as we hold it, and the filter of the converter is part of a circle, too. Its threads would
        # stay until the garbage collector comes by, and a device that is gone is opened again every second.
        self._handle = None
        del self._convert
        gc.collect()

    def _start(self, identity: Any) -> None:
        ffi, lib = self._system.ffi, self._system.lib
        config = lib.ma_device_config_init(lib.ma_device_type_capture)
        config.sampleRate = self._rate
        config.capture.channels = self._channels
        config.capture.format = lib.ma_format_s16
        config.capture.pDeviceID = ffi.NULL
        if identity is not None:
            config.capture.pDeviceID = identity
        config.periodSizeInMilliseconds = READ_MS
        config.periods = BUFFER_MS // READ_MS
        config.pUserData = self._handle
        config.dataCallback = lib._internal_data_callback
        config.stopCallback = lib._internal_stop_callback
        self._checked(lib.ma_device_init(self._system.context, ffi.addressof(config), self._device))
        try:
            self._checked(lib.ma_device_start(self._device))
        except BaseException:
            lib.ma_device_uninit(self._device)
            raise

    def _checked(self, code: int) -> None:
        if code != self._system.lib.MA_SUCCESS:
            reason = f"cannot be opened: it is in use, or not allowed (miniaudio's error {code})"
            raise SourceError(self.name, reason)

    # Called by miniaudio, on its own thread

    def _data_callback(self, device: Any, output: Any, piece: Any, frames: int) -> None:
        del device, output
        self._buffer.put(bytes(self._system.ffi.buffer(piece, frames * self._frame_bytes)))

    def _stop_callback(self, device: Any) -> None:
        del device
        self._buffer.end()


class _SoundSystem:
    """A connection to the sound system of this machine. It belongs to one thread.

    Raises:
        SourceError: there is none.
    """

    def __init__(self) -> None:
        from miniaudio import Backend, ffi, lib

        self.ffi, self.lib = ffi, lib
        self.context = ffi.new("ma_context *")
        systems = ffi.new("ma_backend[]", [Backend[name].value for name in SYSTEMS])
        config = lib.ma_context_config_init()
        self._program = ffi.new("char[]", b"asr")
        config.pulse.pApplicationName = self._program
        if lib.ma_context_init(systems, len(SYSTEMS), ffi.addressof(config), self.context) != lib.MA_SUCCESS:
            raise SourceError(NAME, f"no sound system answers miniaudio{_HINT}")

    def inputs(self) -> list[tuple[InputDevice, Any]]:
        """Return all input devices, and by what miniaudio knows each.

        Raises:
            SourceError: the sound system does not list them.
        """
        infos, count = self.ffi.new("ma_device_info **"), self.ffi.new("ma_uint32 *")
        none = self.ffi.NULL
        if self.lib.ma_context_get_devices(self.context, none, none, infos, count) != self.lib.MA_SUCCESS:
            raise SourceError(NAME, "the sound system does not list its devices")
        host_api = self._host_api()
        found = []
        for index in range(count[0]):
            info = infos[0][index]
            identity = self.ffi.new("ma_device_id *", info.id)
            key = self._key(info.id)
            if host_api == "ALSA" and ":" not in key and key not in REAL:
                continue
            rate, channels = self._native(identity)
            default = _is_default(host_api, key, marked=bool(info.isDefault))
            found.append((InputDevice(index, self._text(info.name), host_api, rate, channels, default), identity))
        return found

    def monitor(self) -> tuple[InputDevice, Any] | None:
        """Return the monitor of the default output, and by what miniaudio knows it; None if there is none."""
        infos, count = self.ffi.new("ma_device_info **"), self.ffi.new("ma_uint32 *")
        none = self.ffi.NULL
        if self.lib.ma_context_get_devices(self.context, infos, count, none, none) != self.lib.MA_SUCCESS:
            return None
        outputs = [infos[0][index] for index in range(count[0]) if infos[0][index].isDefault]
        wanted = [f"{self._key(output.id)}.monitor" for output in outputs if self._key(output.id)]
        return next((found for found in self.inputs() if self._key(found[1][0]) in wanted), None)

    def close(self) -> None:
        """Close the connection."""
        self.lib.ma_context_uninit(self.context)

    def _native(self, identity: Any) -> tuple[int | None, int | None]:
        """Return the rate and the channels of a device; None for what is free or not told."""
        about = self.ffi.new("ma_device_info *")
        kind = self.lib.ma_device_type_capture
        if self.lib.ma_context_get_device_info(self.context, kind, identity, about) != self.lib.MA_SUCCESS:
            return None, None
        formats = [about.nativeDataFormats[number] for number in range(about.nativeDataFormatCount)]
        rate = next((one.sampleRate for one in formats if one.sampleRate), None)
        return rate, next((one.channels for one in formats if one.channels), None)

    def _host_api(self) -> str:
        return self._text(self.lib.ma_get_backend_name(self.context.backend))

    def _key(self, identity: Any) -> str:
        """Return how the sound system calls a device, where that is a text; else an empty string."""
        if self._host_api() not in {"PulseAudio", "ALSA"}:
            return ""
        return self._text(self.ffi.cast("char *", self.ffi.addressof(identity)))

    def _text(self, text: Any) -> str:
        # A long name is cut off after 255 bytes, which may be in the middle of a character.
        found: bytes = self.ffi.string(text)
        return found.decode("utf-8", "replace")


def _is_default(host_api: str, key: str, *, marked: bool) -> bool:
    """Whether this is the default device. For PulseAudio the environment takes precedence over the server."""
    wanted = os.environ.get("PULSE_SOURCE")
    if wanted and host_api == "PulseAudio":
        return key == wanted
    return marked


_HINT = ": is PulseAudio, PipeWire or ALSA installed and running?" if sys.platform == "linux" else ""
