"""Make a release: `make release VERSION=1.2.3`. Builds, checks, commits and tags here; uploads nothing.

The version and the date go into CHANGELOG.md and asrcli/__init__.py. Wheel and sdist are built, and each is installed
into an empty environment, where it must name its version and transcribe a clip with the embedded recognizer. What this
version leaves on a disk is kept for the tests of later ones. Only then the change is committed and tagged; where a step
fails, all is put back.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import venv
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CHANGELOG, PACKAGE = ROOT / "CHANGELOG.md", ROOT / "asrcli" / "__init__.py"
CLIP = ROOT / "tests" / "data" / "meeting-rms.wav"
VERSIONS = ROOT / "tests" / "data" / "versions"
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
UNRELEASED = "## [Unreleased]\n"
INSTALL_S = 1200


class NotReleasable(Exception):
    """Something that must be put right first, in one sentence."""


def released(changelog: str, version: str, day: date) -> str:
    """The change log with all that is unreleased moved under a version, and an empty section above it.

    Raises:
        NotReleasable: there is nothing to release, or there is such a version.
    """
    before, heading, rest = changelog.partition(UNRELEASED)
    changes = re.split(r"^## \[", rest, maxsplit=1, flags=re.MULTILINE)[0]
    if not heading or not changes.strip():
        raise NotReleasable("CHANGELOG.md has nothing under Unreleased")
    if f"## [{version}]" in rest:
        raise NotReleasable(f"CHANGELOG.md has a section {version} already")
    return f"{before}{UNRELEASED}\n## [{version}] - {day.isoformat()}\n{rest}"


def versioned(package: str, version: str) -> str:
    """The text of asrcli/__init__.py with this version."""
    return re.sub(r'^__version__ = ".*"$', f'__version__ = "{version}"', package, count=1, flags=re.MULTILINE)


def git(*arguments: str) -> str:
    """Run git in this clone; its output without the last line end."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.rstrip()


def check_clone(version: str) -> None:
    """Refuse what could not be told from its output later.

    Raises:
        NotReleasable: no version, changes that are not committed, or a tag that is there.
    """
    if not VERSION.fullmatch(version):
        raise NotReleasable(f"VERSION={version}: write it as 1.2.3, or 1.2.3rc1")
    if git("status", "--porcelain"):
        raise NotReleasable("there are changes that are not committed: git status")
    if git("tag", "--list", f"v{version}"):
        raise NotReleasable(f"there is a tag v{version} already")


def built(version: str) -> list[Path]:
    """Build wheel and sdist into dist/, and return both."""
    folder = ROOT / "dist"
    for old in folder.glob(f"asrcli-{version}*"):
        old.unlink()
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True)
    return [folder / f"asrcli-{version}-py3-none-any.whl", folder / f"asrcli-{version}.tar.gz"]


def check_installed(package: Path, version: str) -> None:
    """Install it into an empty environment and use it there.

    Raises:
        NotReleasable: it names another version, or hears nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="asr-release."))
    try:
        venv.create(folder, with_pip=True)
        programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
        pip = [str(programs / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, str(package)], check=True, timeout=INSTALL_S)
        for arguments, expected in (
            (["--version"], f"asr {version}"),
            (["file", str(CLIP), "--local", "--no-journal"], "meeting"),
        ):
            done = subprocess.run(
                [str(programs / "asr"), *arguments],
                check=False,
                capture_output=True,
                text=True,
                cwd=folder,
                timeout=300,
            )
            if done.returncode or expected not in done.stdout:
                told = f"{done.stdout}{done.stderr}".strip()
                raise NotReleasable(f"{package.name}: asr {arguments[0]} failed: {told}")
        print(f"{package.name} installs and runs")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def release(version: str) -> None:
    """Do all of it.

    Raises:
        NotReleasable, subprocess.CalledProcessError: nothing is committed or tagged, and the files are as they were.
    """
    check_clone(version)
    before = {path: path.read_text("utf-8") for path in (CHANGELOG, PACKAGE)}
    kept = VERSIONS / version
    try:
        CHANGELOG.write_text(released(before[CHANGELOG], version, date.today()), "utf-8")
        PACKAGE.write_text(versioned(before[PACKAGE], version), "utf-8")
        for package in built(version):
            check_installed(package, version)
        shutil.rmtree(kept, ignore_errors=True)  # a version whose number was not yet given out
        subprocess.run([sys.executable, "-m", "tests.support.kept_version"], cwd=ROOT, check=True)
    except BaseException:
        for path, text in before.items():
            path.write_text(text, "utf-8")
        git("restore", "--", str(VERSIONS))
        git("clean", "--force", "-d", "--quiet", "--", str(VERSIONS))
        raise
    git("add", "--", str(kept))
    git("commit", "--all", "--message", f"Release {version}")
    git("tag", "--annotate", f"v{version}", "--message", f"asrcli {version}")
    print(f"tagged v{version}; dist/ holds what can be uploaded. To publish: git push --follow-tags")


if __name__ == "__main__":
    try:
        release(sys.argv[1] if len(sys.argv) > 1 else "")
    except (NotReleasable, subprocess.CalledProcessError) as problem:
        sys.exit(f"release: {problem}")
