"""The recognizer on this machine behind its own server, as a service to connect to while a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from asrcli.core.causes import Cause
from asrcli.core.errors import SettingError
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.recognizers import factory, registry
from asrcli.recognizers.registry import RecognizerInfo

# A model may take long to load: from a slow disk, on a busy machine. A worker that hangs is given up before (HUNG_S).
READY_WITHIN_S = 70.0


def check_local(recognition: RecognitionSettings, info: RecognizerInfo) -> None:
    """Refuse what the embedded recognizer cannot recognize, or would ignore.

    Raises:
        SettingError: a language that it does not know, or a hot word that it cannot pronounce or ignores.
    """
    known = info.languages
    if known is not None and (foreign := set(recognition.languages) - set(known)):
        names = ", ".join(f"{name} ({code})" for code, name in known.items())
        problem = f"the embedded recognizer knows {names} only"
        raise SettingError("language", problem, value=min(foreign), cause=Cause.OTHER_LANGUAGE)
    if recognition.hotwords and not info.hotwords:
        takers = " or ".join(row.name for row in registry.PREFERRED if row.hotwords)
        why = f": {info.no_hotwords}" if info.no_hotwords else ""
        problem = f"no effect on the embedded recognizer {info.name}{why}; {takers} takes them"
        raise SettingError("hotwords", problem, cause=Cause.OTHER_ENGINE)
    for word, _ in recognition.hotwords:
        if not info.can_pronounce(word):
            names = ", ".join((known or {}).values())
            problem = (
                f"the embedded recognizer {info.name} cannot write it"
                if info.can_write
                else f"the embedded recognizer knows {names} only"
            )
            raise SettingError("hotwords", problem, value=word)


@contextmanager
def local_service(recognition: RecognitionSettings, info: RecognizerInfo) -> Iterator[ConnectionSettings]:
    """The connection to a server that is started now, on a free loopback port, and ends with the block.

    Raises:
        SettingError: as `check_local`.
        EngineUnavailable: the recognizer is not installed.
    """
    from asrcli.server.local_server import in_background

    check_local(recognition, info)
    with in_background(factory.make(info)) as url:
        yield ConnectionSettings(url, connect_timeout_s=READY_WITHIN_S)
