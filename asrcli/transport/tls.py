"""TLS: the certificates of the system are trusted, and those of a file as well. Checking cannot be switched off."""

import ssl

from asrcli.core.errors import SettingError, system_reason


def tls_context(ca: str | None) -> ssl.SSLContext:
    """Return the context for a connection; `ca` is a file of further certificates.

    Raises:
        UsageError: the file cannot be read or holds no certificates.
    """
    context = ssl.create_default_context()
    if ca is None:
        return context
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError:
        raise SettingError("ca", "holds no certificate", "it must be in PEM form", value=ca) from None
    except OSError as exc:
        raise SettingError("ca", system_reason(exc), value=ca) from None
    return context
