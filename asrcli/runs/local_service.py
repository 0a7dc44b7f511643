"""The recognizer on this machine behind its own server, as a service to connect to while a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from asrcli.core.errors import UsageError
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.recognizers import registry
from asrcli.recognizers.registry import RecognizerInfo


def check_local(recognition: RecognitionSettings, info: RecognizerInfo) -> None:
    """Refuse what the embedded recognizer cannot recognize, or would ignore.

    Raises:
        UsageError: a language that it does not know, or a hot word that it cannot pronounce or takes no notice of.
    """
    known = info.languages
    if known is not None and (foreign := set(recognition.languages) - set(known)):
        names = ", ".join(f"{name} ({code})" for code, name in known.items())
        raise UsageError(f"--language {min(foreign)} with --local: the embedded recognizer knows {names} only")
    if recognition.hotwords and not info.hotwords:
        takers = " or ".join(f"--engine {row.name}" for row in registry.PREFERRED if row.hotwords)
        raise UsageError(f"--hotwords has no effect on the embedded recognizer {info.name} (--local)", f"add {takers}")
    for word, _ in recognition.hotwords:
        if not info.can_pronounce(word):
            names = ", ".join((known or {}).values())
            raise UsageError(f"--hotwords {word} with --local: the embedded recognizer knows {names} only")


@contextmanager
def local_service(recognition: RecognitionSettings, info: RecognizerInfo) -> Iterator[ConnectionSettings]:
    """The connection to a server that is started now, on a free loopback port, and ends with the block.

    Raises:
        UsageError: as `check_local`.
        EngineUnavailable: the recognizer is not installed.
    """
    from asrcli.server.serving import in_background

    check_local(recognition, info)
    with in_background(registry.make(info)) as url:
        yield ConnectionSettings(url)
