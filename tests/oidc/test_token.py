"""Tokens, good and forged."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from carnet.base.faults import Refused
from carnet.oidc import refusals
from carnet.oidc.keys import KeySet, key_set
from carnet.oidc.token import LEEWAY_SECONDS, Unverified, check_claims, read_token, verify
from tests.oidc import issuer

NOW = 1_800_000_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def keys(*algorithms: str) -> KeySet:
    return key_set(issuer.key_set(*(issuer.private_key(one) for one in algorithms or ("RS256",))))


def take(text: str, known: KeySet, **more: Any) -> Unverified:
    token = read_token(text)
    check_claims(token, client_ids=("app", "other"), now=NOW, **more)
    verify(token, known)
    return token


def refused(text: str, known: KeySet | None = None) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        take(text, known or keys())
    return caught.value.code, caught.value.message


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def key_with_a_zero(algorithm: str, coordinate: str) -> ECKey:
    """A key of which that coordinate begins with a zero byte."""
    curve = issuer.CURVES[algorithm]
    found = (ECKey.generate_key(curve, {"kid": "first"}) for _ in count())
    return next(key for key in found if decoded(str(key.as_dict(private=False)[coordinate]))[0] == 0)


@pytest.mark.parametrize("algorithm", issuer.ALGORITHMS)
def test_a_token_of_each_algorithm_is_taken(algorithm: str) -> None:
    token = take(issuer.signed(issuer.claims(NOW), algorithm), keys(algorithm))
    assert (token.issuer, token.kid) == (issuer.URL, "first")


def test_every_character_is_signed() -> None:
    text = issuer.signed(issuer.claims(NOW), "ES256")
    known, tried = keys("ES256"), 0
    for place, sign in enumerate(text):
        if sign != "." and place % 7 == 0:
            with pytest.raises(Refused):
                take(text[:place] + ("A" if sign != "A" else "B") + text[place + 1 :], known)
            tried += 1
    assert tried > 20


def test_a_signature_is_written_one_way_only() -> None:
    text = issuer.signed(issuer.claims(NOW))
    last = ALPHABET.index(text[-1])
    for other in range(last + 1, last + 16):  # the last four bits of a signature of 256 bytes mean nothing
        assert refused(text[:-1] + ALPHABET[other]) == ("InvalidIdentityToken", refusals.NOT_A_JWT)


class TestForged:
    def test_the_key_of_another_by_the_same_name(self) -> None:
        other = key_set({"keys": [issuer.public(issuer.private_key("RS256", "another"), kid="first")]})
        told = refused(issuer.signed(issuer.claims(NOW)), other)
        assert told == ("InvalidIdentityToken", refusals.WRONG_SIGNATURE)

    @pytest.mark.parametrize(
        "algorithm", ["none", "None", "NONE", "nOnE", "", "HS256", "PS256", "EdDSA", "RS1", None, 1, ["RS256"]]
    )
    def test_an_algorithm_that_is_not_taken(self, algorithm: object) -> None:
        head = encoded({"alg": algorithm, "kid": "first"})
        for signature in ("", encoded(b"signed")):
            assert refused(f"{head}.{encoded(issuer.claims(NOW))}.{signature}")[0] == "InvalidIdentityToken"

    @pytest.mark.parametrize("form", ["pem", "jwk"])
    def test_the_public_key_taken_for_a_secret(self, form: str) -> None:
        key = issuer.private_key("RS256")
        secret = key.as_pem(private=False) if form == "pem" else json.dumps(key.as_dict(private=False)).encode()
        signed = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(issuer.claims(NOW))}"
        text = f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"
        assert refused(text)[0] == "InvalidIdentityToken"

    def test_a_key_of_an_algorithm_verifies_no_other(self) -> None:
        text = issuer.signed(issuer.claims(NOW), "RS512")
        assert refused(text, key_set({"keys": [issuer.public(issuer.private_key("RS512"), alg="RS256")]})) == (
            "InvalidIdentityToken",
            refusals.NO_KEY,
        )

    @pytest.mark.parametrize("kid", ["../../first", "/dev/null", "first'--", "first\x00", "FIRST", "", "first "])
    def test_a_kid_is_compared_and_nothing_else(self, kid: str) -> None:
        assert refused(issuer.signed(issuer.claims(NOW), kid=kid))[1] == refusals.NO_KEY

    @pytest.mark.parametrize("header", [{"jku": "https://evil.example.org/keys"}, {"x5u": "https://evil.example.org"}])
    def test_keys_that_the_token_points_to_are_not_looked_at(self, header: dict[str, str]) -> None:
        registry = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
        text = jwt.encode(
            {"alg": "RS256", "kid": "other", **header},
            issuer.claims(NOW),
            issuer.private_key("RS256", "other"),
            registry=registry,
        )
        assert refused(text)[1] == refusals.NO_KEY

    def test_a_key_in_the_token_is_not_looked_at(self) -> None:
        other = issuer.private_key("RS256", "another")
        text = jwt.encode(
            {"alg": "RS256", "kid": "first", "jwk": other.as_dict(private=False)}, issuer.claims(NOW), other
        )
        assert refused(text)[1] == refusals.WRONG_SIGNATURE


class TestMalformed:
    @pytest.mark.parametrize(
        "text",
        ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", "é.e30.e30", "e30.e30.e30=", "e30.W10.e30", "bnVsbA.e30.e30"],
    )
    def test_what_is_no_jwt(self, text: str) -> None:
        assert refused(text)[0] == "InvalidIdentityToken"

    @pytest.mark.parametrize("text", ["e30.e30.e30.e30", issuer.signed(issuer.claims(NOW)) + ".e30"])
    def test_it_has_three_parts(self, text: str) -> None:
        assert refused(text) == ("InvalidIdentityToken", refusals.NOT_A_JWT)

    @pytest.mark.parametrize(
        "payload",
        [
            b'{"sub":"a","sub":"b"}',
            b'{"exp":NaN}',
            b'{"exp":Infinity}',
            b'{"sub":"\\ud800"}',
            b'{"sub":"\xff"}',
            "{}".encode("utf-16"),
            b"[" * 5000,
            b'{"a":' * 3000 + b"1" + b"}" * 3000,
            b'{"exp":' + b"9" * 5000 + b"}",
        ],
    )
    def test_what_is_no_json_object(self, payload: bytes) -> None:
        head = encoded({"alg": "RS256", "kid": "first"})
        assert refused(f"{head}.{encoded(payload)}.{encoded(b's')}") == ("InvalidIdentityToken", refusals.NOT_A_JWT)

    def test_an_extension_that_must_be_understood(self) -> None:
        head = encoded({"alg": "RS256", "kid": "first", "crit": ["b64"], "b64": False})
        assert refused(f"{head}.{encoded(issuer.claims(NOW))}.{encoded(b's')}")[1] == refusals.NOT_A_JWT

    @pytest.mark.parametrize("kid", [1, None, ["first"], {"a": 1}, "k" * 1025])
    def test_a_kid_is_text(self, kid: object) -> None:
        head = encoded({"alg": "RS256", "kid": kid} if kid is not None else {"alg": "RS256", "kid": 0})
        assert refused(f"{head}.{encoded(issuer.claims(NOW))}.{encoded(b's')}")[1] == refusals.NOT_A_JWT


class TestClaims:
    def test_it_ends_at_the_second(self) -> None:
        take(issuer.signed(issuer.claims(NOW, exp=NOW + 1)), keys())
        told = refused(issuer.signed(issuer.claims(NOW, exp=NOW)))
        assert told == (
            "ExpiredTokenException",
            f"Token expired: current date/time {NOW} must be before the expiration date/time {NOW}",
        )

    @pytest.mark.parametrize("claim", ["nbf", "iat"])
    def test_it_begins_with_some_leeway(self, claim: str) -> None:
        take(issuer.signed(issuer.claims(NOW, **{claim: NOW + LEEWAY_SECONDS})), keys())
        text = issuer.signed(issuer.claims(NOW, **{claim: NOW + LEEWAY_SECONDS + 1}))
        assert refused(text) == ("InvalidIdentityToken", refusals.NOT_YET_VALID)

    @pytest.mark.parametrize("value", ["1800000600", 1_800_000_600.5, True, [], {}])
    def test_times_are_whole_numbers(self, value: object) -> None:
        head, payload = encoded({"alg": "RS256", "kid": "first"}), encoded(issuer.claims(NOW, exp=value))
        assert "exp" in refused(f"{head}.{payload}.{encoded(b's')}")[1]

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"exp": None}, "Missing a required claim: exp"),
            ({"sub": None}, "Missing a required claim: sub"),
            ({"sub": ""}, "Missing a required claim: sub"),
            ({"sub": "s" * 256}, "Missing a required claim: sub"),
            ({"aud": None}, "Missing a required claim: aud"),
            ({"aud": []}, "Missing a required claim: aud"),
            ({"aud": "APP"}, refusals.WRONG_AUDIENCE),
            ({"aud": ["another"]}, refusals.WRONG_AUDIENCE),
            ({"azp": "another"}, refusals.WRONG_AUDIENCE),
        ],
    )
    def test_what_every_token_must_say(self, changed: dict[str, Any], message: str) -> None:
        assert refused(issuer.signed(issuer.claims(NOW, **changed))) == ("InvalidIdentityToken", message)

    @pytest.mark.parametrize(
        "changed", [{"sub": 1}, {"aud": 1}, {"aud": [1]}, {"aud": {"a": 1}}, {"azp": 1}, {"iss": 1}]
    )
    def test_of_its_type(self, changed: dict[str, Any]) -> None:
        head, payload = encoded({"alg": "RS256", "kid": "first"}), encoded(issuer.claims(NOW, **changed))
        token = read_token(f"{head}.{payload}.{encoded(b's')}")
        with pytest.raises(Refused, match="Missing a required claim"):
            check_claims(token, client_ids=("app",) if token.issuer else (), now=NOW)

    @pytest.mark.parametrize(
        ("changed", "audience"),
        [
            ({"aud": ["app"]}, "app"),
            ({"aud": ["app", "more"]}, None),
            ({"aud": "https://api.example.com", "azp": "other"}, "other"),
        ],
    )
    def test_the_authorized_party_is_the_audience(self, changed: dict[str, Any], audience: str | None) -> None:
        token = read_token(issuer.signed(issuer.claims(NOW, **changed)))
        assert check_claims(token, client_ids=("app", "other"), now=NOW).audience == audience

    def test_the_longest_subject_is_taken(self) -> None:
        take(issuer.signed(issuer.claims(NOW, sub="s" * 255)), keys())


class TestKeys:
    def test_a_token_without_a_kid_is_of_the_only_key(self) -> None:
        text = issuer.signed(issuer.claims(NOW), kid=None)
        take(text, keys("RS256"))
        assert refused(text, keys("RS256", "ES256"))[1] == refusals.NO_KEY

    @pytest.mark.parametrize(
        "changed",
        [
            {"use": "enc"},
            {"key_ops": ["sign"]},
            {"key_ops": "verify"},
            {"alg": "PS256"},
            {"kid": 1},
            {"kty": "oct", "k": "AAAA"},
            {"kty": "EC"},
            {"n": "AQAB"},
            {"n": None},
            {"n": "!"},
            {"e": "A" * 2048 + "AQAB"},  # 65537, too, but in as many words as nobody needs
            {"kty": ["RSA"]},
        ],
    )
    def test_a_key_that_is_not_for_this_is_passed_over(self, changed: dict[str, Any]) -> None:
        odd = issuer.public(issuer.private_key("RS256"), **changed)
        assert key_set({"keys": [odd]}).keys == ()
        assert len(key_set({"keys": [odd, issuer.public(issuer.private_key("ES256"))]}).keys) == 1

    @pytest.mark.parametrize("algorithm", issuer.CURVES)
    @pytest.mark.parametrize("coordinate", ["x", "y"])
    @pytest.mark.parametrize(
        "form", [lambda whole: whole.lstrip(b"\0"), lambda whole: b"\0" + whole], ids=["short", "long"]
    )
    def test_a_coordinate_may_be_written_as_a_number(
        self, algorithm: str, coordinate: str, form: Callable[[bytes], bytes]
    ) -> None:
        """One key in some 140 has a coordinate that begins with a zero byte; of P-521 every other has one."""
        key = key_with_a_zero(algorithm, coordinate)
        public = issuer.public(key)
        written = form(decoded(public[coordinate]))
        assert len(written) != len(decoded(public[coordinate]))
        text = jwt.encode({"alg": algorithm, "kid": "first"}, issuer.claims(NOW), key, algorithms=[algorithm])
        take(text, key_set({"keys": [{**public, coordinate: encoded(written)}]}))

    @pytest.mark.parametrize("changed", [{"crv": "secp256k1"}, {"x": "AQ"}, {"y": "!"}, {"x": encoded(b"\xff" * 32)}])
    def test_what_is_no_point_of_a_curve_is_passed_over(self, changed: dict[str, str]) -> None:
        odd = issuer.public(issuer.private_key("ES256"), **changed)
        assert key_set({"keys": [odd]}).keys == ()

    @pytest.mark.parametrize(
        "member",
        [{"use": None}, {"key_ops": None}, {"key_ops": []}, {"alg": None}, {"crv": None, "x": None, "y": None}],
    )
    def test_a_member_without_a_value_is_none(self, member: dict[str, Any]) -> None:
        written = issuer.public(issuer.private_key("RS256"), **member)
        take(issuer.signed(issuer.claims(NOW)), key_set({"keys": [written]}))

    def test_a_weak_key_is_passed_over(self) -> None:
        numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
        modulus = encoded(numbers.n.to_bytes(128))
        weak = {"kty": "RSA", "n": modulus, "e": "AQAB"}
        assert key_set({"keys": [weak]}).keys == ()

    def test_two_keys_of_one_name_are_none(self) -> None:
        twice = [issuer.public(issuer.private_key("RS256")), issuer.public(issuer.private_key("RS256"))]
        assert refused(issuer.signed(issuer.claims(NOW)), key_set({"keys": twice}))[1] == refusals.NO_KEY

    @pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": [1]}, {"keys": None}])
    def test_what_is_no_key_set(self, document: dict[str, Any]) -> None:
        with pytest.raises(Refused, match="verification key"):
            key_set(document)

    def test_an_issuer_has_a_hundred_keys_of_a_type_at_most(self) -> None:
        one = issuer.public(issuer.private_key("ES256"))
        many = [{**one, "kid": str(number)} for number in range(100)]
        assert len(key_set({"keys": many}).keys) == 100
        with pytest.raises(Refused, match="more than 100 keys"):
            key_set({"keys": [*many, one]})
        with pytest.raises(Refused, match="more than 100 keys"):
            key_set({"keys": [{"kty": "odd"}] * 301})
