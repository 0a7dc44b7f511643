"""The commands that install what reads microphones on this machine, for error messages. Runs none of them."""

import os
import platform
import shutil
import sys

from asrcli.core.install_advice import install_package

# The package of each program, by the distribution that names it so.
_PACKAGES = {
    "parec": {"debian": "pulseaudio-utils", "fedora": "pulseaudio-utils", "suse": "pulseaudio-utils",
              "arch": "libpulse", "alpine": "pulseaudio-utils"},
    "pw-record": {"debian": "pipewire-bin", "fedora": "pipewire-utils", "suse": "pipewire-tools",
                  "arch": "pipewire", "alpine": "pipewire-tools"},
    "arecord": {"debian": "alsa-utils", "fedora": "alsa-utils", "suse": "alsa-utils",
                "arch": "alsa-utils", "alpine": "alsa-utils"},
    # What PyAudio is built with.
    "pyaudio": {"debian": "portaudio19-dev gcc python3-dev", "fedora": "portaudio-devel gcc python3-devel",
                "suse": "portaudio-devel gcc python3-devel", "arch": "portaudio gcc",
                "alpine": "portaudio-dev gcc musl-dev python3-dev"},
}  # fmt: skip
_MANAGERS = {
    "debian": "apt-get install",
    "fedora": "dnf install",
    "suse": "zypper install",
    "arch": "pacman -S",
    "alpine": "apk add",
}


def install_command() -> str:
    """Return the commands that install PyAudio on this machine."""
    pip = install_package("pyaudio")
    if sys.platform == "win32":
        return pip
    if sys.platform == "darwin":
        return f"brew install portaudio && {pip}"
    command = _system_install("pyaudio")
    if command:
        return f"{command} && {pip}"
    return f"install PortAudio with its headers, then {pip}"


def program_advice(program: str) -> str:
    """Return how to get a program that records; an empty string where it is there.

    Args:
        program: `parec`, `pw-record` or `arecord`; they are Linux programs.
    """
    if sys.platform != "linux":
        return f"{program} is a program of Linux"
    if shutil.which(program):
        return ""
    package = _PACKAGES[program]["debian"]
    return f"{program} is not installed: {_system_install(program) or f'install it (Debian: {package})'}"


def _system_install(what: str) -> str:
    """Return the command of this distribution, or an empty string if we do not know it."""
    like = _distribution()
    name = next((name for name in _MANAGERS if name in like), "")
    root = "sudo "
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        root = ""
    if name:
        return f"{root}{_MANAGERS[name]} {_PACKAGES[what][name]}"
    return ""


def _distribution() -> str:
    """Return the id of this Linux distribution and of those that it is like, or an empty string."""
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{about.get('ID', '')} {about.get('ID_LIKE', '')}"
