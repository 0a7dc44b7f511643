"""From options to microphones: which devices, what is done to their audio, and what the keys do."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.audio import Format
from asrcli.cli.build.sources import UNTREATED, AudioEnhancement
from asrcli.core.settings import RecognitionSettings
from asrcli.core.errors import UsageError
from asrcli.core.events import Notice
from asrcli.outputs.echo_detector import EchoDetector
from asrcli.runs.run import ConcurrentSources
from asrcli.sources.clip import amplified
from asrcli.sources.microphone import KeyCommand
from asrcli.sources.microphone import Microphone
from asrcli.sources.utterances import UtteranceCutter
from threading import Thread
import logging

if TYPE_CHECKING:
    from asrcli.core.interfaces import Output, Source
    from asrcli.sources.microphone import Device
    from asrcli.sources.microphone_timeline import ListeningMode

MIC, MONITOR = "mic", "monitor"
KEYS = "keys: space pause, m mute, Enter end the sentence here, q finish (as Ctrl-C), ? this"
PTT_KEYS = "keys: space talk and stop talking, q finish (as Ctrl-C), ? this"
PTT = "press space to talk, and space again to stop; q finishes"


@dataclass(frozen=True)
class MicrophoneBuilder:
    """How microphones become sources.

    Attributes:
        devices: What the user called them; none is the default one.
        save: Where to keep the audio.
        cut: Utterances are cut here and not by the server.
    """

    devices: tuple[str, ...]
    asked: RecognitionSettings
    hearing: "ListeningMode"
    retry: bool = True
    gain_db: float = 0.0
    treatment: AudioEnhancement = UNTREATED
    save: str | None = None
    cut: bool = False

    def microphones(self) -> "list[Microphone]":
        """One for each device.

        Raises:
            UsageError: a device twice.
        """

        names = self.devices or (MIC,)
        if len(set(map(str.lower, names))) < len(names):
            raise UsageError(f"--device {names[-1]} is named more than once")
        wire = Format(self.asked.rate)
        labels = names if len(names) > 1 else ("",)
        louder = partial(amplified, gain_db=self.gain_db, audio_format=wire)
        return [
            Microphone(
                _device(name),
                wire,
                self.hearing,
                speaker=label,
                process=louder,
                retry=self.retry,
                tells_silence=MONITOR not in name.lower(),
            )
            for name, label in zip(names, labels, strict=True)
        ]

    def echo(self, tell: Callable[[Notice], None]) -> "list[Output]":
        """What notices that a microphone hears what is played, where both are listened to."""
        played = [name for name in self.devices if MONITOR in name.lower()]
        return [EchoDetector(tell, played)] if 0 < len(played) < len(self.devices) else []

    def saved(self) -> list[Path]:
        """The files that the audio is kept in."""
        if self.save is None:
            return []
        path = Path(self.save)
        if len(self.devices) < 2:
            return [path]
        return [path.with_name(f"{path.stem}-{name}{path.suffix}") for name in self.devices]

    def sources(
        self, microphones: "Sequence[Microphone]", kept: "Callable[[Source], Source]"
    ) -> "list[Source | ConcurrentSources]":
        """What is sent of them: made louder, cut, kept in the journal and where the user wants it.

        Raises:
            UsageError: what cannot be done here, or to audio of this rate.
            OutputError: where the audio cannot be kept.
        """
        made = [kept(self._sent(microphone)) for microphone in microphones]
        for number, path in enumerate(self.saved()):
            from asrcli.sources.recorder import RecordedSource

            made[number] = RecordedSource(made[number], str(path))
        return [ConcurrentSources(tuple(made))] if len(made) > 1 else [*made]

    def _sent(self, source: "Source") -> "Source":
        source = self.treatment.of(source)
        if not self.cut:
            return source
        return UtteranceCutter(source, self.asked.silence_ms, at_silences=not self.hearing.push_to_talk)


def pressed(microphones: "Sequence[Microphone]", *, ptt: bool) -> Callable[[str], None]:
    """What a key does to the microphones."""
    wishes = {" ": KeyCommand.PAUSE, "q": KeyCommand.END, "Q": KeyCommand.END}
    if not ptt:
        wishes |= {"m": KeyCommand.MUTE, "M": KeyCommand.MUTE, "\n": KeyCommand.CUT, "\r": KeyCommand.CUT}

    def press(key: str) -> None:
        if key in wishes:
            for microphone in microphones:
                microphone.request(wishes[key])
        elif key == "?":
            microphones[0].emit(Notice("warning", PTT_KEYS if ptt else KEYS))

    return press


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """What C libraries write to standard error goes to the log: PortAudio, ALSA and JACK have much to say.

    Ours still goes to the terminal. To be entered once, before there are threads.
    """

    log = logging.getLogger("asrcli.portaudio")
    if sys.stderr is None:
        yield
        return
    ours, theirs = sys.stderr, sys.stderr.fileno()
    kept, (reading, writing) = os.dup(theirs), os.pipe()

    def listen() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                log.debug("%s", line.rstrip())

    thread = Thread(target=listen, name="libraries", daemon=True)
    thread.start()
    os.dup2(writing, theirs)
    os.close(writing)
    sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1, encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        sys.stderr.close()
        sys.stderr = ours
        os.dup2(kept, theirs)
        os.close(kept)


def _device(name: str) -> "Device":
    from asrcli.sources.backends.output_monitor import OutputMonitor
    from asrcli.sources.backends.portaudio import PortAudio

    return OutputMonitor() if name.lower() == MONITOR else PortAudio("" if name.lower() == MIC else name)
