"""The versions that a report of a problem needs: of the program, of Python, of libraries and of the system."""

import platform
import re
from importlib import metadata

from asrcli import __version__
from asrcli.recognizers import registry
from asrcli.runs.doctor.finding import Finding, harmless_text, note, ok, wrong
from asrcli.sources.backends.registry import installed_backends
from asrcli.sources.media_library import library_versions, missing_decoders

SHOWN = {"asr", "Python", "system", "libraries", "back ends"}  # the others belong to codecs and engines
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def versions() -> dict[str, str]:
    """Return what is here, by name, in the order in which it is shown. Loads PyAV, and no other library."""
    found = {
        "asr": __version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()}, {platform.machine()})",
        "system": platform.platform(),
        **_media(),
        "libraries": ", ".join(_libraries()),
        "back ends": ", ".join(installed_backends()) or "none for a microphone",
        "engines": ", ".join(info.heard_by for info in registry.PREFERRED if not registry.missing(info)) or "none",
    }
    return {name: harmless_text(text) for name, text in found.items()}


def check_versions() -> list[Finding]:
    """Findings about versions and codecs."""
    found = versions()
    findings = [ok(name, text) for name, text in found.items() if name in SHOWN]
    media = ", ".join(f"{name} {text}" for name, text in found.items() if name in {"FFmpeg", "libavcodec"})
    try:
        missing = missing_decoders()
    except (ImportError, OSError) as exc:
        advice = "reinstall the package av"
        return [*findings, wrong("codecs", f"the library that decodes audio does not load: {exc}", advice)]
    if missing:
        advice = "other files work; WAV works always"
        return [*findings, note("codecs", f"{media} without {', '.join(missing)}", advice)]
    return [*findings, ok("codecs", f"{media}: decodes all usual formats")]


def _media() -> dict[str, str]:
    try:
        return library_versions()
    except (ImportError, OSError) as exc:
        return {"FFmpeg": f"does not load: {exc}"}


def _libraries() -> list[str]:
    """The libraries that the program names, each with its version; those that are not installed are left out."""
    try:
        named = metadata.requires("asrcli") or []
    except metadata.PackageNotFoundError:
        named = []
    found = {}
    for requirement in named:
        name = _NAME.match(requirement)
        if name is None or name[0] == "asrcli":
            continue
        try:
            found[name[0]] = metadata.version(name[0])
        except metadata.PackageNotFoundError:
            continue
    return [f"{name} {version}" for name, version in sorted(found.items())]
