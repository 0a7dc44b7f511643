"""How a command is run without the powers of the superuser."""

import os
import shutil
import subprocess
from functools import cache

NO_POWERS = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")


@cache
def bound() -> tuple[str, ...] | None:
    """What stands before a command so that rights count for it; None where nothing does."""
    if os.name != "posix":
        return None
    if os.geteuid() != 0:
        return ()
    tried = subprocess.run([*NO_POWERS, "true"], check=False, capture_output=True) if shutil.which("setpriv") else None
    return NO_POWERS if tried is not None and tried.returncode == 0 else None
