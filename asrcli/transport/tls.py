"""Whose certificates are trusted: those of the system, and those of a file beside them. Nothing switches that off."""

import ssl

from asrcli.core.errors import UsageError


def tls_context(ca: str | None) -> ssl.SSLContext:
    """What TLS is checked with.

    Raises:
        UsageError: a file without certificates.
    """
    context = ssl.create_default_context()
    if ca is None:
        return context
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError:
        raise UsageError(f"--ca {ca}: holds no certificate", "it must be in PEM form") from None
    except OSError as exc:
        raise UsageError(f"--ca {ca}: {exc.strerror or exc}") from None
    return context
