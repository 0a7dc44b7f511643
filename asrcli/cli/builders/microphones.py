"""From options to microphones: the devices, the processing of their audio, and the keys."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from asrcli.cli.builders.device_labels import saved_files, speaker_labels
from asrcli.cli.builders.sources import NO_ENHANCEMENT, AudioEnhancement
from asrcli.cli.options.values import parse_device
from asrcli.core.audio import Format
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError, OutputError, UsageError
from asrcli.core.events import Notice
from asrcli.core.settings import RecognitionSettings
from asrcli.outputs.echo_detector import EchoDetector
from asrcli.outputs.output_paths import check
from asrcli.runs.run import ConcurrentSources, flatten_sources
from asrcli.sources.backends.device_names import MIC, MONITOR, find_device
from asrcli.sources.backends.registry import capture_backend, input_devices
from asrcli.sources.excerpt import amplified
from asrcli.sources.microphone import KeyCommand, Microphone
from asrcli.sources.recorder import RecordedSource
from asrcli.sources.utterances import UtteranceCutter

if TYPE_CHECKING:
    from asrcli.core.interfaces import Output, Source
    from asrcli.sources.microphone_timeline import ListeningMode

KEYS = "keys: space pause, m mute, Enter end the sentence here, q finish (as Ctrl-C), ? this"
PTT_KEYS = "keys: space talk and stop talking, q finish (as Ctrl-C), ? this"
PTT = "press space to talk, and space again to stop; q finishes"


@dataclass(frozen=True)
class MicrophoneBuilder:
    """Makes microphones, and the sources that read them.

    Attributes:
        devices: What the user gave, each as NAME or NAME=LABEL; without any it is the default device.
        save: The file that the audio is saved to.
        cut: Utterances are cut here and not by the server.
        backend: What reads the microphones; without a name the first that works here.
    """

    devices: tuple[str, ...]
    recognition: RecognitionSettings
    listening: "ListeningMode"
    retry: bool = True
    gain_db: float = 0.0
    enhancement: AudioEnhancement = NO_ENHANCEMENT
    save: str | None = None
    cut: bool = False
    backend: str = ""

    def microphones(self) -> "list[Microphone]":
        """A microphone for each device.

        Raises:
            UsageError: a device or a label is named twice, or a back end without a microphone that it could read.
            SourceError: the back end is not installed.
        """
        named = [parse_device(text) for text in self.devices or (MIC,)]
        names = [device for device, _ in named]
        if self.backend and all(name.lower() == MONITOR for name in names):
            raise UsageError(f"--backend {self.backend} with --device {MONITOR} alone: it is for microphones")
        if len(set(map(str.lower, names))) < len(names):
            raise UsageError(f"--device {names[-1]} is named more than once")
        labels = self.labels
        if len(set(labels)) < len(labels):
            raise UsageError(f"two devices are called {labels[-1]}", "give them different names: --device mic=Anna")
        wire = Format(self.recognition.rate)
        louder = partial(amplified, gain_db=self.gain_db, audio_format=wire)
        return [
            Microphone(
                find_device(name, self.backend),
                wire,
                self.listening,
                speaker=label,
                process=louder,
                retry=self.retry,
                warns_of_silence=MONITOR not in name.lower(),
            )
            for name, label in zip(names, labels, strict=True)
        ]

    @property
    def labels(self) -> list[str]:
        """What the speaker of each device is called: its label, or its name; a single device needs no name."""
        return speaker_labels(self.devices)

    def echo(self, notify: Callable[[Notice], None]) -> "list[Output]":
        """A detector of playback that reaches a microphone, if both are transcribed."""
        devices = [parse_device(text)[0] for text in self.devices]
        played = [label for device, label in zip(devices, self.labels, strict=False) if MONITOR in device.lower()]
        if not 0 < len(played) < len(self.devices):
            return []
        return [EchoDetector(notify, played)]

    def saved(self) -> list[Path]:
        """The files that the audio is saved to: one for each device."""
        if self.save is None:
            return []
        return saved_files(self.save, self.devices)

    def sources(
        self, microphones: "Sequence[Microphone]", kept: "Callable[[Source], Source]"
    ) -> "list[Source | ConcurrentSources]":
        """The sources that are sent: enhanced, cut into utterances, recorded in the journal and in the user's file.

        Raises:
            UsageError: an enhancement is not available here, or not for this rate.
            OutputError: the audio cannot be saved.
        """
        made = [kept(self._sent(microphone)) for microphone in microphones]
        for number, path in enumerate(self.saved()):
            made[number] = RecordedSource(made[number], str(path))
            check(path, has_part=False)
        if len(made) > 1:
            return [ConcurrentSources(tuple(made))]
        return [*made]

    def _sent(self, source: "Source") -> "Source":
        source = self.enhancement.of(source)
        if not self.cut:
            return source
        return UtteranceCutter(source, self.recognition.silence_ms, at_silences=not self.listening.push_to_talk)


def failed_recordings(sources: "Sequence[Source | ConcurrentSources]") -> list[OutputError]:
    """Why files of --save-audio lack audio; empty if they have all of it."""
    saved = [source for source in flatten_sources(sources) if isinstance(source, RecordedSource)]
    return [failure for source in saved for failure in source.failures]


def key_handler(microphones: "Sequence[Microphone]", *, ptt: bool) -> Callable[[str], None]:
    """The function that handles a key by controlling the microphones."""
    commands = {" ": KeyCommand.PAUSE, "q": KeyCommand.END, "Q": KeyCommand.END}
    listed = PTT_KEYS
    if not ptt:
        listed = KEYS
        commands |= {"m": KeyCommand.MUTE, "M": KeyCommand.MUTE, "\n": KeyCommand.CUT, "\r": KeyCommand.CUT}

    def press(key: str) -> None:
        if key in commands:
            for microphone in microphones:
                microphone.request(commands[key])
        elif key == "?":
            microphones[0].emit(Notice("warning", listed))

    return press


def known_names(within_s: float) -> list[str]:
    """The names that a device can have here; those of devices only if the sound system answers within this time."""
    names = [MIC, MONITOR]
    with suppress(AsrError, OSError), quiet_libraries():
        names += [device.name for device in input_devices(capture_backend(), within_s)]
    return names


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Send what C libraries write to standard error to the log: PortAudio, ALSA and JACK write a lot.

    Our own messages still go to the terminal. Enter this once, before any thread starts.
    """
    log = logging.getLogger("asrcli.portaudio")
    if sys.stderr is None:
        yield
        return
    ours = sys.stderr
    theirs = sys.stderr.fileno()
    kept = os.dup(theirs)
    (reading, writing) = os.pipe()

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
