from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1

from carnet.base.http import HttpRequest
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
