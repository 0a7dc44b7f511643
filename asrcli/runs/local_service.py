"""The recognizer on this machine behind its own server, as a service to connect to while a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from asrcli.core.errors import UsageError
from asrcli.core.settings import ConnectionSettings, RecognitionSettings


def check_local(recognition: RecognitionSettings) -> None:
    """Refuse what the embedded recognizer cannot hear.

    Raises:
        UsageError: a language, or a hot word, that is not US English.
    """
    from asrcli.recognizers.pocketsphinx_hotwords import parts
    from asrcli.recognizers.pool import Pocketsphinx

    if foreign := set(recognition.languages) - (Pocketsphinx.languages or set()):
        raise UsageError(f"--language {min(foreign)} with --local: the embedded recognizer knows US English (en) only")
    for word, _ in recognition.hotwords:
        if not parts(word):
            raise UsageError(f"--hotwords {word} with --local: the embedded recognizer knows US English only")


@contextmanager
def local_service(recognition: RecognitionSettings) -> Iterator[ConnectionSettings]:
    """The connection to a server that is started now, on a free loopback port, and ends with the block.

    Raises:
        UsageError: as `check_local`.
        EngineUnavailable: the recognizer is not installed.
    """
    from asrcli.recognizers.pool import Pocketsphinx
    from asrcli.server.serving import in_background

    check_local(recognition)
    with in_background(Pocketsphinx()) as url:
        yield ConnectionSettings(url)
