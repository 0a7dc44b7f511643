"""The commands that install PyAudio and PortAudio on this machine, for error messages. Runs none of them."""

import os
import platform
import sys
from pathlib import Path


def install_command() -> str:
    """Return the commands that install PyAudio on this machine."""
    pip = (
        "pipx inject asrcli pyaudio" if "pipx" in Path(sys.prefix).parts else f"{sys.executable} -m pip install pyaudio"
    )
    if sys.platform == "win32":
        return pip
    if sys.platform == "darwin":
        return f"brew install portaudio && {pip}"
    packages = {
        "debian": "apt-get install portaudio19-dev gcc python3-dev",
        "fedora": "dnf install portaudio-devel gcc python3-devel",
        "suse": "zypper install portaudio-devel gcc python3-devel",
        "arch": "pacman -S portaudio gcc",
        "alpine": "apk add portaudio-dev gcc musl-dev python3-dev",
    }
    like = _distribution()
    command = next((command for name, command in packages.items() if name in like), "")
    root = "" if os.geteuid() == 0 else "sudo "
    return f"{root}{command} && {pip}" if command else f"install PortAudio with its headers, then {pip}"


def _distribution() -> str:
    """Return the id of this Linux distribution and of those that it is like, or an empty string."""
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{about.get('ID', '')} {about.get('ID_LIKE', '')}"
