"""The dates of a server's certificate are read as OpenSSL writes them; a warning comes before clients refuse it."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asrcli.cli.builders.serving.certificate_dates import certificate_warning

DAY_S = 86_400
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def made(folder: Path, days: int, *more: str) -> tuple[Path, float, float]:
    """A certificate, and from when until when it is valid by what openssl prints."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ("-subj", "/CN=here", "-keyout", str(key), "-out", str(certificate))
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), *more, *subject)
    subprocess.run(request, check=True, capture_output=True)
    printed = subprocess.run(
        ("openssl", "x509", "-noout", "-dates", "-in", certificate), check=True, capture_output=True, text=True
    )
    begin, end = (line.partition("=")[2].removesuffix(" GMT") for line in printed.stdout.splitlines())
    begin_s, end_s = (
        datetime.strptime(text, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp() for text in (begin, end)
    )
    return certificate, begin_s, end_s


@openssl
@pytest.mark.parametrize("days", [1, 20, 9000, 100_000])
@pytest.mark.parametrize("more", [(), ("-addext", "subjectAltName=IP:127.0.0.1"), ("-sha512",)])
def test_each_moment_of_a_certificate_has_its_warning(tmp_path: Path, days: int, more: tuple[str, ...]) -> None:
    """Also after 2049, where dates are written in another form."""
    certificate, begin_s, end_s = made(tmp_path, days, *more)
    assert "is not valid before " in certificate_warning(certificate, begin_s - 1)
    assert " expired on " in certificate_warning(certificate, end_s)
    assert " expired on " in certificate_warning(certificate, end_s + 900 * DAY_S)
    soon = certificate_warning(certificate, max(begin_s, end_s - 14 * DAY_S + 1))
    assert f" expires on {datetime.fromtimestamp(end_s, UTC):%Y-%m-%d %H:%M} UTC: renew it" in soon
    if days > 14:
        assert certificate_warning(certificate, begin_s) == ""
        assert certificate_warning(certificate, end_s - 14 * DAY_S) == ""


@openssl
def test_only_the_first_certificate_counts(tmp_path: Path) -> None:
    """What follows leads to its root; clients may know another way. Its private key may stand before it."""
    (tmp_path / "root").mkdir()
    first, begin_s, _ = made(tmp_path, 300)
    root, _, _ = made(tmp_path / "root", 1)
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "key.pem").read_bytes() + first.read_bytes() + root.read_bytes())
    assert certificate_warning(both, begin_s + 2 * DAY_S) == ""
    both.write_bytes(root.read_bytes() + first.read_bytes())
    assert "expired" in certificate_warning(both, begin_s + 2 * DAY_S)


@openssl
def test_what_is_no_certificate_has_no_dates(tmp_path: Path) -> None:
    """The server has loaded it, or has refused it with a reason: here is nothing to add, at whatever byte it ends."""
    certificate, begin_s, _ = made(tmp_path, 1)
    whole = certificate.read_bytes()
    broken = tmp_path / "broken.pem"
    for size in range(0, len(whole) - 30, 7):
        broken.write_bytes(whole[:size] + b"-----END")
        assert certificate_warning(broken, begin_s) in {
            "",
            certificate_warning(certificate, begin_s).replace("certificate.pem", "broken.pem"),
        }
    assert certificate_warning(tmp_path / "none", begin_s) == ""
