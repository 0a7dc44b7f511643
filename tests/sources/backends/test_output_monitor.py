"""Recording what this machine plays: with `parec`, or an error that says how to do it on this system."""

import sys
from pathlib import Path

import pytest

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends.output_monitor import OutputMonitor

WIRE = Format(16000)


@pytest.mark.parametrize(("platform", "said"), [("darwin", "BlackHole"), ("win32", "Stereo Mix")])
def test_other_systems_get_the_advice_for_their_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, said: str
) -> None:
    """One line, with the name of the thing."""
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(SourceError, match=said):
        OutputMonitor().open(WIRE, instead=False)


@pytest.mark.skipif(sys.platform != "linux", reason="the command is Linux's")
class TestOnLinux:
    """With a stand-in for the command."""

    def test_without_the_command_its_package_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The exact one, where miniaudio is missing too."""
        monkeypatch.setitem(sys.modules, "miniaudio", None)
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(SourceError, match="apt-get install pulseaudio-utils"):
            OutputMonitor().open(WIRE, instead=False)

    def test_its_samples_come_in_pieces_and_its_last_words_are_the_error(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """A sound server that goes takes the command with it."""
        parec = tmp_path / "parec"
        parec.write_text("#!/bin/sh\nhead -c 3200 /dev/zero\necho 'Connection terminated' >&2\nexit 1\n")
        parec.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        played = OutputMonitor().open(WIRE, instead=False)
        assert [played.read(), played.read()] == [bytes(1600), bytes(1600)]
        with pytest.raises(SourceError, match="Connection terminated"):
            played.read()
        played.close()
