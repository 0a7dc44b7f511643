"""Live transcription: `transcribe`, its events and its errors. Each name is loaded when it is first used.

For example:

    import asrcli

    for event in asrcli.transcribe("talk.wav", local=True):
        if isinstance(event, asrcli.Final):
            print(event.text)
"""

__version__ = "0.1.0"
__all__ = [
    "Absent",
    "AsrError",
    "AudioLost",
    "Began",
    "Billed",
    "ConnectFailed",
    "ConnectionLost",
    "Ended",
    "EngineUnavailable",
    "Event",
    "Final",
    "Finished",
    "Gap",
    "Level",
    "MicrophoneInput",
    "MissingKey",
    "MultipleErrors",
    "Notice",
    "Partial",
    "Paused",
    "PcmInput",
    "Progress",
    "ProtocolError",
    "Provisional",
    "Ready",
    "Reconnecting",
    "Resumed",
    "ServiceRefused",
    "SourceError",
    "SpeechStarted",
    "SpeechStopped",
    "Transcription",
    "TransportError",
    "Usage",
    "UsageError",
    "Word",
    "microphone",
    "pcm",
    "transcribe",
]

TYPE_CHECKING = False  # the module `typing` would cost as much as all the rest here
if TYPE_CHECKING:
    from asrcli.core.errors import (
        AsrError,
        AudioLost,
        ConnectFailed,
        ConnectionLost,
        EngineUnavailable,
        MissingKey,
        MultipleErrors,
        ProtocolError,
        ServiceRefused,
        SourceError,
        TransportError,
        UsageError,
    )
    from asrcli.core.events import (
        Absent,
        Began,
        Billed,
        Ended,
        Event,
        Final,
        Finished,
        Gap,
        Level,
        Notice,
        Partial,
        Paused,
        Progress,
        Ready,
        Reconnecting,
        Resumed,
        SpeechStarted,
        SpeechStopped,
        Usage,
        Word,
    )
    from asrcli.core.provisional_event import Provisional
    from asrcli.runs.audio_input import MicrophoneInput, PcmInput, microphone, pcm
    from asrcli.runs.transcribe import transcribe
    from asrcli.runs.transcription import Transcription
else:
    _HOMES = {
        "Provisional": "core.provisional_event",
        "transcribe": "runs.transcribe",
        "Transcription": "runs.transcription",
        "microphone": "runs.audio_input",
        "MicrophoneInput": "runs.audio_input",
        "pcm": "runs.audio_input",
        "PcmInput": "runs.audio_input",
    }

    def __getattr__(name):
        """Load a public name; what is neither function nor input is an error or an event."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        for home in (_HOMES.get(name, "core.events"), "core.errors"):
            module = import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                break
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *__all__})
