"""Signing keys are derived as AWS says, and remembered within bounds, with the secret they come from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import SCOPES, derive, signing_key

SCOPE = Scope("20150830", "us-east-1", "iam", "aws4_request")
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def days(count: int) -> list[Scope]:
    return [replace(SCOPE, date=f"201508{day:02d}") for day in range(count)]


def test_example_of_the_aws_documentation() -> None:
    expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    assert derive(SECRET, SCOPE).hex() == expected


def test_remembered_key_is_the_derived_one() -> None:
    known: dict[str, bytes] = {}
    for scope in (SCOPE, replace(SCOPE, region="eu-west-1"), replace(SCOPE, date="20150831"), SCOPE):
        assert signing_key(SECRET, scope, known) == derive(SECRET, scope)
    assert len(known) == 3
    assert signing_key(SECRET, SCOPE, known) is signing_key(SECRET, replace(SCOPE), known)


def test_what_is_remembered_is_bounded() -> None:
    known: dict[str, bytes] = {}
    for scope in days(3 * SCOPES):
        assert signing_key(SECRET, scope, known) == derive(SECRET, scope)
        assert len(known) <= SCOPES


def test_many_threads_get_the_same_keys() -> None:
    known: dict[str, bytes] = {}
    scopes = days(2 * SCOPES) * 50
    with ThreadPoolExecutor(8) as pool:
        derived = list(pool.map(lambda scope: signing_key(SECRET, scope, known), scopes))
    assert derived == [derive(SECRET, scope) for scope in scopes]
