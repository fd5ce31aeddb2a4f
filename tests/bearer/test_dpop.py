from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from carnet.base.http import HttpRequest
from carnet.bearer import dpop
from carnet.bearer.dpop import verify
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import ProvenKey
from tests.bearer.proofs import Prover, encoded

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PUBLIC = "https://carnet.example.com"
URL = f"{PUBLIC}/v1/token"
PROVER = Prover()


def proven(*proofs: str, public_url: str = PUBLIC, host: str = "carnet.example.com", secure: bool = True) -> ProvenKey:
    headers = (("host", host), *(("dpop", proof) for proof in proofs))
    request = HttpRequest(
        method="POST", path="/v1/token", query="", headers=headers, body=b"", peer="192.0.2.1", secure=secure
    )
    key = verify(request, service="signin", now=NOW, public_url=public_url).key
    assert key is not None
    return key


def test_a_proof_tells_the_thumbprint_of_its_key() -> None:
    one, other = PROVER.proof(URL, NOW), PROVER.proof(URL, NOW)
    jwk = PROVER.jwk
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    assert proven(one).thumbprint == proven(other).thumbprint == encoded(sha256(canonical.encode()).digest())
    assert proven(one).proof != proven(other).proof
    assert proven(Prover().proof(URL, NOW)).thumbprint != proven(one).thumbprint


def refused(*proofs: str, **request: Any) -> None:
    with pytest.raises(AuthFailure) as failure:
        proven(*proofs, **request)
    assert failure.value.code == "ValidationException"
    assert not any(proof in failure.value.message for proof in proofs if proof)


def test_it_is_given_once() -> None:
    refused()
    refused("")
    refused(PROVER.proof(URL, NOW), PROVER.proof(URL, NOW))
    refused(PROVER.proof(URL, NOW) + "A" * 4096)
    refused("\xe9")


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": None},
        {"crit": ["x"]},
        {"jwk": None},
        {"jwk": "x"},
        {"jwk": PROVER.jwk | {"d": "AA"}},
        {"jwk": PROVER.jwk | {"crv": "P-384"}},
        {"jwk": PROVER.jwk | {"kty": "oct", "k": "AA"}},
        {"jwk": PROVER.jwk | {"x": 1}},
        {"jwk": PROVER.jwk | {"x": "AA"}},
        {"jwk": PROVER.jwk | {"x": "A" * 43}},
        {"jwk": PROVER.jwk | {"x": "!" * 43}},
        {"jwk": Prover().jwk},
    ],
)
def test_its_header_is_the_one_that_is_asked_for(header: dict[str, Any]) -> None:
    refused(PROVER.proof(URL, NOW, header))


def prover_of(form: Callable[[bytes, bytes], bool]) -> Prover:
    """A key whose coordinates are of a form that one key in some hundred has."""
    keys = (Prover(key=derive_private_key(secret, SECP256R1())) for secret in count(1))
    return next(prover for prover in keys if form(*prover.coordinates))


@pytest.mark.parametrize("short", [lambda x, y: x[0] == 0 < y[0], lambda x, y: y[0] == 0 < x[0]], ids=["x", "y"])
def test_coordinates_without_their_leading_zeros(short: Callable[[bytes, bytes], bool]) -> None:
    """aws-crt, in which botocore makes its keys, writes them so; a key has one thumbprint all the same."""
    prover = prover_of(short)
    x, y = (encoded(coordinate.lstrip(b"\0")) for coordinate in prover.coordinates)
    assert {len(x), len(y)} == {42, 43}
    short_of_zero = prover.proof(URL, NOW, {"jwk": prover.jwk | {"x": x, "y": y}})
    assert proven(short_of_zero).thumbprint == proven(prover.proof(URL, NOW)).thumbprint


def test_coordinates_have_no_zeros_too_many() -> None:
    x, y = PROVER.coordinates
    refused(PROVER.proof(URL, NOW, {"jwk": PROVER.jwk | {"x": encoded(b"\0" + x)}}))
    refused(PROVER.proof(URL, NOW, {"jwk": PROVER.jwk | {"y": encoded(b"\0" + y)}}))


def unpadded_proof(zeros_of_r: int, zeros_of_s: int) -> str:
    """As AWS CLI before 2.32.7 writes it: of a signature's halves the leading zeros are missing, here so many."""
    while True:
        text = PROVER.proof(URL, NOW).rpartition(".")[0]
        r, s = (half.lstrip(b"\0") for half in PROVER.signature(text.encode()))
        if (len(r), len(s)) == (32 - zeros_of_r, 32 - zeros_of_s):
            return f"{text}.{encoded(r + s)}"


@pytest.mark.parametrize(("zeros_of_r", "zeros_of_s"), [(1, 0), (0, 1)])
def test_a_signature_without_its_leading_zero(zeros_of_r: int, zeros_of_s: int) -> None:
    assert proven(unpadded_proof(zeros_of_r, zeros_of_s)).thumbprint == proven(PROVER.proof(URL, NOW)).thumbprint


@pytest.mark.parametrize(("missing", "tried"), [(-1, None), (0, 1), (1, 2), (2, 3), (3, None)])
def test_a_signature_costs_three_tries_at_most(
    missing: int, tried: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def encode(r: int, s: int) -> bytes:
        tries.append((r, s))
        return encode_dss_signature(r, s)

    monkeypatch.setattr(dpop, "encode_dss_signature", encode)
    refused(f"{PROVER.proof(URL, NOW).rpartition('.')[0]}.{encoded(b'x' * (64 - missing))}")
    assert len(set(tries)) == len(tries) == (tried or 0)


def test_another_curve_is_refused() -> None:
    refused(Prover(SECP384R1()).proof(URL, NOW))


def test_the_longest_jti() -> None:
    proven(PROVER.proof(URL, NOW, claims={"jti": "x" * 256}))


def test_the_longest_proof() -> None:
    def of(length: int) -> str:
        claims = {"pad": "x" * (length * 3 // 4 - 450)}
        while len(made := PROVER.proof(URL, NOW, claims=claims)) < length:
            claims["pad"] += "x"
        return made

    assert len(of(4096)) == 4096
    proven(of(4096))
    refused(of(4097))


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_no_other_signature_is_taken(alg: str) -> None:
    head, claims, _ = PROVER.proof(URL, NOW, {"alg": alg}).split(".")
    text = f"{head}.{claims}"
    forged = hmac.digest(json.dumps(PROVER.jwk).encode(), text.encode(), "sha256")
    for signature in (b"", forged, forged * 2, bytes(64)):
        refused(f"{text}.{encoded(signature)}")
    good = PROVER.proof(URL, NOW).split(".")
    for signature in (b"", bytes(64), forged * 2):
        refused(f"{good[0]}.{good[1]}.{encoded(signature)}")


@pytest.mark.parametrize(
    "claims",
    [
        {"htm": "GET"},
        {"htm": "post"},
        {"htm": None},
        {"htu": f"{PUBLIC}/v1/other"},
        {"htu": "https://other.example.com/v1/token"},
        {"htu": "http://carnet.example.com/v1/token"},
        {"htu": "https://carnet.example.com.evil.example/v1/token"},
        {"htu": "https://[/v1/token"},
        {"htu": ""},
        {"htu": 1},
        {"htu": None},
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"jti": "x" * 257},
        {"iat": None},
        {"iat": "1"},
        {"iat": True},
        {"iat": 1e400},
    ],
)
def test_its_claims_are_of_this_request(claims: dict[str, Any]) -> None:
    refused(PROVER.proof(URL, NOW, claims=claims))


@pytest.mark.parametrize(("seconds", "good"), [(-300, True), (-301, False), (300, True), (301, False)])
def test_a_proof_is_taken_for_five_minutes(seconds: int, good: bool) -> None:
    proof = PROVER.proof(URL, NOW + timedelta(seconds=seconds))
    if good:
        assert proven(proof).made == int(NOW.timestamp()) + seconds
    else:
        refused(proof)


def test_the_host_header_makes_no_url_this_servers() -> None:
    refused(PROVER.proof("https://evil.example/v1/token", NOW), host="evil.example")
    refused(PROVER.proof("http://127.0.0.1:4747/v1/token", NOW), host="127.0.0.1:4747", secure=False)


@pytest.mark.parametrize("host", ["127.0.0.1:4747", "localhost:4747", "[::1]:4747"])
def test_on_loopback_a_server_has_several_names(host: str) -> None:
    local: dict[str, Any] = {"public_url": "http://127.0.0.1:1", "secure": False}
    assert proven(PROVER.proof(f"http://{host}/v1/token", NOW), host=host, **local).thumbprint
    refused(PROVER.proof(f"http://{host}/v1/token", NOW), host="evil.example", **local)
    refused(PROVER.proof("http://evil.example/v1/token", NOW), host="evil.example", **local)


def test_a_query_is_no_part_of_the_url() -> None:
    assert proven(PROVER.proof(f"{URL}?x=1", NOW)).thumbprint


@pytest.mark.parametrize("text", ["x", "a.b", "a.b.c.d", "e30.e30.", '{"typ":1}.e30.AA', "e30=.e30.AA"])
def test_what_is_no_jwt(text: str) -> None:
    refused(text)


def test_a_member_that_stands_twice_is_refused() -> None:
    _, claims, signature = PROVER.proof(URL, NOW).split(".")
    twice = encoded(b'{"typ":"x","typ":"dpop+jwt","alg":"ES256"}')
    refused(f"{twice}.{claims}.{signature}")
