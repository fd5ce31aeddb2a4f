"""Signing keys are derived as AWS says, and remembered within bounds, with the secret they come from."""

from __future__ import annotations

import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from carnet.base.keyed_hash import KeyedHash
from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import SCOPES, derive, signature, string_to_sign

SCOPE = Scope("20150830", "us-east-1", "iam", "aws4_request")
SIGNED = "20150830T123600Z"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def days(count: int) -> list[Scope]:
    return [replace(SCOPE, date=f"201508{day:02d}") for day in range(count)]


def test_example_of_the_aws_documentation() -> None:
    expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    assert derive(SECRET, SCOPE).hex() == expected


def expected(scope: Scope) -> str:
    return hmac.digest(derive(SECRET, scope), string_to_sign(b"text", signed=SIGNED, scope=scope), "sha256").hex()


def test_a_signature_is_the_derived_key_s_whether_or_not_that_is_remembered() -> None:
    known: dict[str, KeyedHash] = {}
    for scope in (SCOPE, replace(SCOPE, region="eu-west-1"), replace(SCOPE, date="20150831"), SCOPE, replace(SCOPE)):
        assert signature(b"text", SECRET, known, signed=SIGNED, scope=scope) == expected(scope)
    assert len(known) == 3


def test_what_is_remembered_is_bounded() -> None:
    known: dict[str, KeyedHash] = {}
    for scope in days(3 * SCOPES):
        assert signature(b"text", SECRET, known, signed=SIGNED, scope=scope) == expected(scope)
        assert len(known) <= SCOPES


def test_many_threads_get_the_same_signatures() -> None:
    known: dict[str, KeyedHash] = {}
    scopes = days(2 * SCOPES) * 50
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda scope: signature(b"text", SECRET, known, signed=SIGNED, scope=scope), scopes))
    assert signed == [expected(scope) for scope in scopes]
