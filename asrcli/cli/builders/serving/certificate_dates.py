"""From when until when the certificate of a server is valid, and the warning where clients refuse it, or soon will.

The standard library loads a certificate of a server without showing its dates, so they are read from its DER form.
"""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from asrcli.core.errors import shorten

SOON_S = 14 * 86_400  # a certificate that ends sooner is reported
_PEM = re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END", re.DOTALL)
_SEQUENCE, _VERSION, _UTC_TIME, _TIME = 0x30, 0xA0, 0x17, 0x18  # tags of DER


def certificate_warning(certificate: Path, now_s: float) -> str:
    """The warning for the certificate of a server; empty if it is valid, and for long enough.

    Args:
        certificate: Its file, in PEM form. The first counts; the others lead to a root, and clients may know another.
        now_s: The time, in seconds since 1970.
    """
    try:
        begin_s, end_s = _validity(_first(certificate.read_text("latin-1")))
    except (OSError, ValueError, IndexError):  # it was loaded before: its dates are merely not known
        return ""
    name = f"--cert {shorten(str(certificate), 200)}"
    if end_s <= now_s:
        return f"{name} expired on {_day(end_s)}: clients refuse it; renew it, and start the server again"
    if begin_s > now_s:
        return f"{name} is not valid before {_day(begin_s)}: clients refuse it until then; is the clock right?"
    if end_s - now_s < SOON_S:
        return f"{name} expires on {_day(end_s)}: renew it before that day, and start the server again"
    return ""


def _day(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M} UTC"


def _first(pem: str) -> bytes:
    """The first certificate in a file, in DER form.

    Raises:
        ValueError: there is none.
    """
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("no certificate")
    return base64.b64decode(found[1])


def _validity(der: bytes) -> tuple[float, float]:
    """From when until when a certificate is valid, in seconds since 1970.

    Raises:
        ValueError, IndexError: it is no certificate.
    """
    # Before its validity stand its version, which may be left out, its serial number, its algorithm and its issuer.
    (_, certificate), *_ = _fields(der)
    (_, signed), *_ = _fields(certificate)
    fields = [(tag, value) for tag, value in _fields(signed) if tag != _VERSION]
    tag, validity = fields[3]
    if tag != _SEQUENCE:
        raise ValueError(tag)
    begin, end = (_time(*field) for field in _fields(validity))
    return begin, end


def _fields(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the value of each field that stands one after the other."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:  # the length has bytes of its own
            size = length & 0x7F
            length = int.from_bytes(der[at : at + size], "big")
            at += size
        yield tag, der[at : at + length]
        at += length


def _time(tag: int, value: bytes) -> float:
    text = value.decode("ascii")
    if tag == _UTC_TIME and text >= "50":  # with two digits of the year: these are of the last century
        text = f"19{text}"
    elif tag == _UTC_TIME:
        text = f"20{text}"
    elif tag != _TIME:
        raise ValueError(tag)
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
