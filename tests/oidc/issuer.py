"""An OpenID Connect issuer that the tests make: keys, tokens signed by joserfc, and an HTTPS server on loopback."""

from __future__ import annotations

import ipaddress
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

HOST = "idp.example.com"
URL = f"https://{HOST}"
_LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
ALGORITHMS = ("RS256", "RS384", "RS512", *CURVES)


@cache
def private_key(algorithm: str, kid: str = "first") -> RSAKey | ECKey:
    """A key of that name, the same for all tests."""
    parameters: Any = {"kid": kid, "use": "sig"}
    if algorithm in CURVES:
        return ECKey.generate_key(CURVES[algorithm], parameters)
    return RSAKey.generate_key(2048, parameters)


def public(key: RSAKey | ECKey, **more: Any) -> dict[str, Any]:
    """A key as a key set has it."""
    return {**key.as_dict(private=False), **more}


def key_set(*keys: RSAKey | ECKey) -> dict[str, Any]:
    return {"keys": [public(key) for key in keys or (private_key("RS256"),)]}


def claims(now: float, **changed: Any) -> dict[str, Any]:
    """What a token says; a claim that is changed to None is left out."""
    told = {"iss": URL, "aud": "app", "sub": "user-ann", "iat": int(now), "exp": int(now) + 600} | changed
    return {name: value for name, value in told.items() if value is not None}


def signed(told: Mapping[str, Any], algorithm: str = "RS256", kid: str | None = "first", **header: Any) -> str:
    """A token, signed by the first key of that algorithm."""
    named = {} if kid is None else {"kid": kid}
    return jwt.encode({"alg": algorithm, **named, **header}, dict(told), private_key(algorithm), algorithms=[algorithm])


@dataclass
class Answered:
    """What the server answers at a path."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0


@dataclass
class IssuerServer:
    """A server that answers as it is told."""

    port: int
    ca_file: Path
    thumbprints: Mapping[str, str]
    """Of the `server`'s own certificate, and of the `authority` that certifies it."""
    answers: dict[str, Answered] = field(default_factory=dict[str, Answered])
    asked: list[str] = field(default_factory=list[str])

    def offer(self, keys: Mapping[str, Any], *, url: str = URL) -> None:
        """Be the issuer at that URL, with those keys."""
        base = next(one for one in (URL, self.url) if url.startswith(one))
        path = url.removeprefix(base)
        discovery = {"issuer": url, "jwks_uri": f"{base}{path}/keys"}
        self.answers[f"{path.removesuffix('/')}/.well-known/openid-configuration"] = Answered(
            json.dumps(discovery).encode()
        )
        self.answers[f"{path}/keys"] = Answered(json.dumps(keys).encode())

    @property
    def url(self) -> str:
        """Where it is, without any resolving of names."""
        return f"https://127.0.0.1:{self.port}"

    async def resolve(self, host: str, port: int) -> list[tuple[str, int]]:
        """Every host is this server."""
        return [("127.0.0.1", self.port)]


@contextmanager
def issuer_server(directory: Path) -> Iterator[IssuerServer]:
    """Listen until the block ends."""
    ca_file, chain, key, thumbprints = _certificates(directory)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    made = IssuerServer(port=server.server_address[1], ca_file=ca_file, thumbprints=thumbprints)
    server.issuer = made  # type: ignore[attr-defined]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer: IssuerServer = self.server.issuer  # type: ignore[attr-defined]
        issuer.asked.append(self.path)
        answer = issuer.answers.get(self.path, Answered(b"", status=404))
        time.sleep(answer.delay)
        try:
            self.send_response(answer.status)
            for name, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
        except OSError:
            pass  # who asked has gone

    def log_message(self, *args: Any) -> None:
        pass


def _certificates(directory: Path) -> tuple[Path, Path, Path, dict[str, str]]:
    """The authority's certificate; the server's and the authority's in one file; the server's key; thumbprints."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("The test's authority", "The test's authority", authority_key, authority_key, ca=True)
    own = _certificate(HOST, "The test's authority", key, authority_key, ca=False)
    ca_file, chain, key_file = directory / "ca.pem", directory / "chain.pem", directory / "issuer-key.pem"
    ca_file.write_bytes(authority.public_bytes(Encoding.PEM))
    chain.write_bytes(own.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    thumbprints = {"server": own.fingerprint(SHA1()).hex(), "authority": authority.fingerprint(SHA1()).hex()}
    return ca_file, chain, key_file, thumbprints


def _certificate(name: str, by: str, key: Any, signer: Any, *, ca: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, by))
    built = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not ca:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST), _LOOPBACK]), critical=False)
    return built.sign(signer, SHA256())
