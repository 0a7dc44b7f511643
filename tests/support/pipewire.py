"""A microphone of software in a PipeWire of the tests: PCM is written into a pipe, and pw-record records it.

The daemon, its session manager and the device are three processes in one temporary directory. They need neither D-Bus
nor PulseAudio, and speak to nobody else.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.microphone import PATIENCE_S, SoundServer, until

PIPEWIRE_PACKAGES = "pipewire pipewire-bin wireplumber"
PIPEWIRE_PROGRAMS = ("pipewire", "wireplumber", "pw-record", "pw-dump", "setpriv")
PIPEWIRE_NAME = "microphone of PipeWire"
NODE = "asr-microphone"
MANAGER = "0.4."  # version 0.5 of WirePlumber is configured in another way

LIBRARIES = """
context.spa-libs = { audio.convert.* = audioconvert/libspa-audioconvert support.* = support/libspa-support }
"""
DAEMON = """
context.properties = { core.daemon = true core.name = pipewire-0 support.dbus = false }
context.modules = [
    { name = libpipewire-module-protocol-native } { name = libpipewire-module-metadata }
    { name = libpipewire-module-spa-node-factory } { name = libpipewire-module-client-node }
    { name = libpipewire-module-access } { name = libpipewire-module-adapter }
    { name = libpipewire-module-link-factory } { name = libpipewire-module-session-manager }
]
context.objects = [ { factory = spa-node-factory args = {
    factory.name = support.node.driver node.name = Dummy-Driver node.group = pipewire.dummy priority.driver = 20000
} } ]
"""
DEVICE = """
context.properties = { support.dbus = false }
context.modules = [
    { name = libpipewire-module-protocol-native } { name = libpipewire-module-client-node }
    { name = libpipewire-module-adapter }
    { name = libpipewire-module-pipe-tunnel args = {
        tunnel.mode = source pipe.filename = "FOLDER/pcm"
        audio.format = S16LE audio.rate = 16000 audio.channels = 1 audio.position = [ MONO ]
        stream.props = { node.name = "NODE" node.description = "DESCRIPTION" }
    } }
]
"""
SESSION = """
context.properties = { wireplumber.script-engine = lua-scripting support.dbus = false }
context.modules = [
    { name = libpipewire-module-protocol-native } { name = libpipewire-module-client-node }
    { name = libpipewire-module-client-device } { name = libpipewire-module-adapter }
    { name = libpipewire-module-metadata } { name = libpipewire-module-session-manager }
]
wireplumber.components = [
    { name = libwireplumber-module-lua-scripting, type = module } { name = main.lua, type = config/lua }
]
"""
# Only what links a program that records to the device that it wants, or to the default one.
POLICY = """
components = {}
for _, name in ipairs({ "si-node", "si-audio-adapter", "si-audio-endpoint", "si-standard-link", "default-nodes-api",
                        "metadata" }) do
  components[name] = { "libwireplumber-module-" .. name, type = "module" }
end
components["default-nodes"] = { "libwireplumber-module-default-nodes", type = "module",
                                args = { ["use-persistent-storage"] = false } }
for _, name in ipairs({ "create-item.lua", "policy-node.lua" }) do
  components[name] = { name, type = "script/lua", args = { ["move"] = true, ["follow"] = true } }
end
"""


@cache
def pipewire_missing() -> str:
    """What keeps it from working here, as a reason to skip; empty where nothing does."""
    if lacks := [program for program in PIPEWIRE_PROGRAMS if shutil.which(program) is None]:
        return f"needs {', '.join(lacks)}: apt-get install {PIPEWIRE_PACKAGES}"
    said = subprocess.run(["wireplumber", "--version"], capture_output=True, text=True, check=False).stdout
    if f"libwireplumber {MANAGER}" not in said:
        return f"needs WirePlumber {MANAGER}x: its configuration is another one in later versions"
    return ""


class PipeWireMicrophone(SoundServer):
    """The microphone, plugged in within its block; what it hears is what is written into its pipe."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="asr-pipewire."))
        self._running: list[subprocess.Popen[bytes]] = []
        self._device: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, Any] = {"PIPEWIRE_RUNTIME_DIR": str(self._folder), "PIPEWIRE_REMOTE": "pipewire-0"}
        self._folder.joinpath("main.lua.d").mkdir()
        device = DEVICE.replace("FOLDER", str(self._folder)).replace("NODE", NODE).replace("DESCRIPTION", PIPEWIRE_NAME)
        for file, text in {
            "daemon.conf": DAEMON + LIBRARIES,
            "device.conf": device + LIBRARIES,
            "wireplumber.conf": SESSION + LIBRARIES,
            "main.lua.d/policy.lua": POLICY,
        }.items():
            self._folder.joinpath(file).write_text(text)
        os.mkfifo(self._folder / "pcm")
        self._pipe = os.open(self._folder / "pcm", os.O_RDWR | os.O_NONBLOCK)

    def _start(self) -> None:
        daemon = self._started("pipewire", "-c", "daemon.conf")

        def listening() -> bool:
            assert daemon.poll() is None, self._said()
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(str(self._folder / "pipewire-0")) == 0

        until("PipeWire", listening)
        self._started("wireplumber")

    def stop(self) -> None:
        """End all processes and remove what they left."""
        for process in reversed(self._running):
            process.kill()
            process.wait()
        os.close(self._pipe)
        shutil.rmtree(self._folder, ignore_errors=True)

    def unplug(self) -> None:
        """Take the device away."""
        assert self._device is not None
        self._device.kill()
        self._device.wait()
        until("the device to be gone", lambda: NODE not in self._nodes())

    def replug(self) -> None:
        """Bring the device back, as the default one."""
        self._device = self._started("pipewire", "-c", "device.conf")
        until("the device", lambda: self._nodes().get(NODE) == "default")

    def play(self, pcm: bytes) -> None:
        """Write s16le of 16 kHz; returns when the device has taken all of it, which it does while something records."""
        rest = memoryview(pcm)

        def written() -> bool:
            nonlocal rest
            with suppress(BlockingIOError):
                rest = rest[os.write(self._pipe, rest) :]
            return not rest

        until("the audio to be written", written, pause_s=0.02)

    def wait_for_readers(self) -> None:
        """Until a program records."""
        until("a program that records", lambda: "Stream/Input/Audio running" in self._nodes().values(), pause_s=0.05)

    def _started(self, *command: str) -> subprocess.Popen[bytes]:
        env = self.environment | {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "PIPEWIRE_CONFIG_DIR": str(self._folder),
            "WIREPLUMBER_CONFIG_DIR": str(self._folder),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._folder}/none",
        }
        with self._folder.joinpath("log").open("ab") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def _said(self) -> str:
        return "PipeWire ended: " + self._folder.joinpath("log").read_text()

    def _nodes(self) -> dict[str, str]:
        """What PipeWire lists: for each audio node its class and state, or that it is the default source."""
        env = os.environ | self.environment
        dump = subprocess.run(["pw-dump"], env=env, capture_output=True, timeout=PATIENCE_S, check=False).stdout
        try:
            return dict(_nodes_in(json.loads(dump)))
        except ValueError:  # it is being written, or PipeWire is not there yet
            return {}


def _nodes_in(dump: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for thing in dump:
        info = thing.get("info") or {}
        about = info.get("props") or {}
        if "media.class" in about and "node.name" in about:
            yield about["node.name"], f"{about['media.class']} {info.get('state')}"
    for thing in dump:
        for entry in thing.get("metadata") or []:
            if entry.get("key") == "default.audio.source" and isinstance(entry.get("value"), dict):
                yield str(entry["value"].get("name")), "default"
