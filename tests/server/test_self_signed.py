"""The certificate for development: what it is good for, when it is kept, and when it is made anew."""

from __future__ import annotations

import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.x509 import SubjectAlternativeName

from carnet.server.listening.self_signed import SelfSigned, self_signed

NOW = datetime.now(UTC).replace(microsecond=0)
LOCAL = {"localhost", "127.0.0.1", "::1"}


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names(files: SelfSigned) -> set[str]:
    found = certificate(files.server).extensions.get_extension_for_class(SubjectAlternativeName).value
    return {str(each.value) for each in found}


def contents(files: SelfSigned) -> tuple[bytes, bytes]:
    return files.authority.read_bytes(), files.server.read_bytes()


@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("127.0.0.1", set()),
        ("localhost", set()),
        ("carnet.test", {"carnet.test"}),
        ("192.0.2.7", {"192.0.2.7"}),
        ("fe80::1%eth0", {"fe80::1"}),
        ("bücher.test", {"xn--bcher-kva.test"}),
        ("0.0.0.0", {"the-machine"}),
        ("::", {"the-machine"}),
    ],
)
def test_it_is_good_for_the_host_and_for_this_machine(
    host: str, more: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "the-machine")
    assert names(self_signed(tmp_path / "tls", host, NOW)) == LOCAL | more


def test_the_authority_can_make_no_other_one(tmp_path: Path) -> None:
    """Of https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9, should its key not be gone after all."""
    authority = certificate(self_signed(tmp_path / "tls", "127.0.0.1", NOW).authority)
    told = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (told.critical, told.value) == (True, x509.BasicConstraints(ca=True, path_length=0))


def test_its_files_are_their_owners_alone(tmp_path: Path) -> None:
    files = self_signed(tmp_path / "tls", "127.0.0.1", NOW)
    assert {path.name for path in (tmp_path / "tls").iterdir()} == {"ca.pem", "server.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700


def test_nobody_holds_the_key_of_the_authority(tmp_path: Path) -> None:
    files = self_signed(tmp_path / "tls", "127.0.0.1", NOW)
    held = b"".join(contents(files))
    assert held.count(b"PRIVATE KEY-----") == 2, "one key, between BEGIN and END"
    assert files.server.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    # What loads as the key of the server's certificate is not the key of the authority's.
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.server)
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.authority, files.server)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_strict_client_that_trusts_the_authority_trusts_the_server(name: str, tmp_path: Path) -> None:
    files = self_signed(tmp_path / "tls", "127.0.0.1", NOW)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(files.server)
    trusting = ssl.create_default_context(cafile=str(files.authority))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    ours, theirs = socket.socketpair()
    answering = Thread(target=lambda: served.wrap_socket(theirs, server_side=True).close())
    answering.start()
    with trusting.wrap_socket(ours, server_hostname=name) as connection:
        assert connection.version() == "TLSv1.3"
    answering.join()


def test_it_is_kept_until_thirty_days_before_its_end(tmp_path: Path) -> None:
    first = contents(self_signed(tmp_path / "tls", "127.0.0.1", NOW))
    last_day = NOW + timedelta(days=335)
    assert contents(self_signed(tmp_path / "tls", "localhost", last_day - timedelta(seconds=1))) == first
    renewed = self_signed(tmp_path / "tls", "127.0.0.1", last_day)
    assert contents(renewed) != first
    assert certificate(renewed.server).not_valid_after_utc == last_day + timedelta(days=365)


def test_one_of_the_future_is_made_anew(tmp_path: Path) -> None:
    """A clock that was wrong when it was made."""
    first = contents(self_signed(tmp_path / "tls", "127.0.0.1", NOW))
    assert contents(self_signed(tmp_path / "tls", "127.0.0.1", NOW - timedelta(hours=1))) == first
    assert contents(self_signed(tmp_path / "tls", "127.0.0.1", NOW - timedelta(hours=1, seconds=1))) != first


def test_another_host_gets_another_one(tmp_path: Path) -> None:
    first = contents(self_signed(tmp_path / "tls", "127.0.0.1", NOW))
    second = self_signed(tmp_path / "tls", "carnet.test", NOW)
    assert contents(second) != first
    assert contents(self_signed(tmp_path / "tls", "127.0.0.1", NOW)) == contents(second), "it is good for both"


def test_files_that_are_damaged_or_do_not_belong_together_are_made_anew(tmp_path: Path) -> None:
    other = self_signed(tmp_path / "other", "127.0.0.1", NOW)
    files = self_signed(tmp_path / "tls", "127.0.0.1", NOW)
    for damage in (
        lambda: files.server.write_bytes(b""),
        lambda: files.server.write_bytes(files.authority.read_bytes()),
        lambda: files.authority.unlink(),
        lambda: files.authority.write_bytes(other.authority.read_bytes()),
        lambda: files.server.write_bytes(_key(other.server) + _certificate(files.server)),
    ):
        damage()
        damaged = files.server.read_bytes()
        assert files == self_signed(tmp_path / "tls", "127.0.0.1", NOW)
        assert files.server.read_bytes() != damaged
        certificate(files.server).verify_directly_issued_by(certificate(files.authority))
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.server)


def _key(path: Path) -> bytes:
    return path.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0]


def _certificate(path: Path) -> bytes:
    return b"".join(path.read_bytes().partition(b"-----BEGIN CERTIFICATE")[1:])
