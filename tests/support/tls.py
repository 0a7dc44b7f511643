"""A server's certificate that nobody has signed, made on the spot."""

import ssl
import subprocess
from pathlib import Path


def certified(folder: Path) -> tuple[ssl.SSLContext, Path, Path]:
    """What a server on 127.0.0.1 shows who it is with; its certificate and its key, as files."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=here -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*made.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate, key
