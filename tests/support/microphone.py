"""A software microphone: a PulseAudio server of the tests, into which files are played and from which programs record.

It lives in one temporary directory and speaks to nobody else: neither the sound server of a desktop nor a second
microphone can be hit by mistake. Real time, real drivers, no hardware; root and ordinary users alike.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Self

from tests.support.requirements import skip_or_fail

PACKAGES = "pulseaudio pulseaudio-utils libasound2-plugins alsa-utils portaudio19-dev gcc python3-dev"
PROGRAMS = ("pulseaudio", "pactl", "paplay", "parec", "setpriv")
PLUGIN = "alsa-lib/libasound_module_pcm_pulse.so"
PATIENCE_S = 60  # a hung test fails; a passing one never waits for it
NAME = "microphone"

# Whoever uses a device that is gone must be told, and not be moved to another one: hence no rescue, and a default
# source that stays the same, because streams follow the default. The microphone is chosen by PULSE_SOURCE.
NOTHING = "module-null-source source_name=nothing"
SERVER = """
daemonize = no
use-pid-file = no
load-default-script-file = no
exit-idle-time = -1
high-priority = no
realtime-scheduling = no
enable-shm = no
rescue-streams = no
resample-method = speex-float-5
log-target = file:{folder}/log
log-level = info
"""
CLIENT = "autospawn = no\nenable-shm = no\n"
# All of ALSA that PortAudio sees. A file without any device would make it abort the whole process.
ALSA = """
pcm.!default {{ type pulse server "{server}" hint {{ show on description "microphone made of software" }} }}
ctl.!default {{ type pulse server "{server}" }}
pcm.pulse {{ type pulse server "{server}" hint {{ show on description "microphone made of software" }} }}
"""


def missing() -> str:
    """Return why the microphone cannot work here, as a reason to skip; empty if it can."""
    lacks = [program for program in PROGRAMS if shutil.which(program) is None]
    if not any(list(Path("/").glob(f"usr/{folder}/{PLUGIN}")) for folder in ("lib", "lib64", "lib/*")):
        lacks.append("the PulseAudio plug-in of ALSA")
    if not lacks and not _imports_pyaudio():
        lacks.append("PyAudio")
    return f"needs {', '.join(lacks)}: apt-get install {PACKAGES}, then make test" if lacks else ""


@cache
def _imports_pyaudio() -> bool:
    """Asked of a child: where its library is broken PyAudio writes to standard output as it fails."""
    return subprocess.run([sys.executable, "-c", "import pyaudio"], capture_output=True, check=False).returncode == 0


class Player(subprocess.Popen[bytes]):
    """A file being played, which does not outlive its block."""

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait()


class SoundServer:
    """A server of sounds with a device that can be plugged in. All of it ends with the block, or at a failed start."""

    def __enter__(self) -> Self:
        try:
            self._start()
            self.replug()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        """Start the server, and wait until it listens."""
        raise NotImplementedError

    def replug(self) -> None:
        """Let the device appear."""
        raise NotImplementedError

    def stop(self) -> None:
        """End all processes and remove what they left."""
        raise NotImplementedError


class Microphone(SoundServer):
    """The microphone, plugged in within its block; what it hears is what is played."""

    def __init__(self, rate: int = 48000, channels: int = 1) -> None:
        self._form = [f"rate={rate}", f"channels={channels}", "format=s16le"]
        self._folder = Path(tempfile.mkdtemp(prefix="asr-microphone."))
        self._server: subprocess.Popen[bytes] | None = None
        self._module = ""
        address = f"unix:{self._folder}/native"
        self.environment: dict[str, Any] = {  # of text: to be given as keyword arguments beside others
            "PULSE_SERVER": address,
            "PULSE_SINK": NAME,
            "PULSE_SOURCE": f"{NAME}.monitor",
            "ALSA_CONFIG_PATH": f"{self._folder}/asound.conf",
            "JACK_NO_START_SERVER": "1",
            # What the library would otherwise look for, and make, in the home of the user.
            "PULSE_COOKIE": f"{self._folder}/cookie",
            "PULSE_CLIENTCONFIG": f"{self._folder}/client.conf",
            "PULSE_RUNTIME_PATH": f"{self._folder}/run",
            "PULSE_STATE_PATH": f"{self._folder}/state",
        }
        for file, text in {"daemon.conf": SERVER, "client.conf": CLIENT, "asound.conf": ALSA}.items():
            self._folder.joinpath(file).write_text(text.format(folder=self._folder, server=address))

    def _start(self) -> None:
        """Start the server, and wait until it listens. Ctrl-C does not reach it; it always ends with this process."""
        if reason := missing():
            skip_or_fail(f"the microphone {reason}")
        address = str(self._folder / "native")
        listen = f"module-native-protocol-unix socket={address} auth-anonymous=1 auth-cookie-enabled=0"
        env = self.environment | {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "PULSE_CONFIG": f"{self._folder}/daemon.conf",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._folder}/none",
        }
        with self._folder.joinpath("out").open("wb") as out:
            self._server = server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "pulseaudio", "-n", "-L", NOTHING, "-L", listen],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

        def listening() -> bool:
            assert server.poll() is None, self._said()
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(address) == 0

        until("the sound server", listening)

    def _said(self) -> str:
        return "the sound server ended: " + " ".join(
            self._folder.joinpath(file).read_text() for file in ("out", "log") if self._folder.joinpath(file).exists()
        )

    def _tool(self, *command: str) -> str:
        """Run a client of the sound server to its end."""
        done = subprocess.run(
            command,
            env=os.environ | self.environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    def _load_sink(self, name: str) -> str:
        # Without norewinds a reader gets its first sound 1 to 2 s late, and only while something is played.
        sink = ["module-null-sink", f"sink_name={name}", "norewinds=1", *self._form]
        return self._tool("pactl", "load-module", *sink, f"sink_properties=device.description={name}")

    def stop(self) -> None:
        """End the server and remove all it left; twice is harmless."""
        if self._server is not None:
            self._server.kill()  # all it has is in the folder
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def unplug(self) -> None:
        """Take the device away: whoever records or plays meets an error at once."""
        self._tool("pactl", "unload-module", self._module)

    def replug(self) -> None:
        """Bring the device back."""
        self._module = self._load_sink(NAME)

    def add_sink(self, name: str) -> str:
        """Add loudspeakers, and make them what `@DEFAULT_MONITOR@` listens to; the microphone does not hear them."""
        self._load_sink(name)
        self._tool("pactl", "set-default-sink", name)
        return name

    def playing(self, path: Path, sink: str = NAME) -> Player:
        """Play a file in the background, in real time; use it in a with block."""
        return Player(
            ["paplay", f"--device={sink}", str(path)],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def play(self, path: Path, sink: str = NAME) -> None:
        """Play a file in real time, to its last sample."""
        with self.playing(path, sink) as player:
            assert player.wait(60) == 0, "not played"

    def wait_for_players(self, count: int = 1) -> None:
        """Until this many files are being played: a program that plays may take its time to begin."""
        command = ("pactl", "list", "short", "sink-inputs")
        until(f"{count} programs that play", lambda: len(self._tool(*command).splitlines()) >= count, pause_s=0.05)

    def wait_for_readers(self, count: int = 1) -> None:
        """Until this many programs record; 0 waits for the last to let go."""
        before = [""]

        def settled() -> bool:
            # PortAudio opens a stream to try it and at once another to use it: one that stays has been seen twice.
            last, before[:] = before[:], self.readers()
            return len(before) == count and before == last

        until(f"{count} programs that record", settled, pause_s=0.05)

    def readers(self) -> list[str]:
        """The numbers of the streams that record, from any device."""
        streams = self._tool("pactl", "list", "short", "source-outputs").splitlines()
        return [stream.split("\t")[0] for stream in streams]


def until(what: str, done: Callable[[], bool], pause_s: float = 0.005) -> None:
    """Look again and again: the sound server tells nobody that it is there."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S} s"
        time.sleep(pause_s)
