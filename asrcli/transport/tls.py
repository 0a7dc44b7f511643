"""TLS: the certificates of the system are trusted, and those of a file as well. One server may be left unchecked."""

import ssl

from asrcli.core.errors import SettingError, system_reason


def tls_context(ca: str | None, *, insecure: bool = False) -> ssl.SSLContext:
    """Return the context for a connection; `ca` is a file of further certificates.

    With `insecure` any certificate is taken: the connection is encrypted, and nobody knows to whom.

    Raises:
        UsageError: the file cannot be read or holds no certificates.
    """
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if ca is None:
        return context
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError:
        raise SettingError("ca", "holds no certificate", "it must be in PEM form", value=ca) from None
    except OSError as exc:
        raise SettingError("ca", system_reason(exc), value=ca) from None
    return context
