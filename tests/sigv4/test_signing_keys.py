"""Signing keys are derived as AWS says, remembered within bounds, and leave no secret behind."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import SigningKeys, derive

SCOPE = Scope("20150830", "us-east-1", "iam", "aws4_request")
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def test_example_of_the_aws_documentation() -> None:
    expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    assert derive(SECRET, SCOPE).hex() == expected


def test_remembered_key_is_the_derived_one() -> None:
    keys = SigningKeys()
    for scope in (SCOPE, SCOPE._replace(region="eu-west-1"), SCOPE._replace(date="20150831"), SCOPE):
        assert keys.signing_key(SECRET, scope) == derive(SECRET, scope)
    assert len(keys) == 3


def test_least_recently_used_is_forgotten() -> None:
    keys = SigningKeys(limit=2)
    first, second, third = (keys.signing_key(secret, SCOPE) for secret in ("a", "b", "c"))
    assert len(keys) == 2
    assert keys.signing_key("c", SCOPE) is third
    assert keys.signing_key("b", SCOPE) is second
    assert keys.signing_key("a", SCOPE) is not first


def test_no_secret_is_kept() -> None:
    keys, secret = SigningKeys(), "".join(["un", "mistakable"])
    references = sys.getrefcount(secret)
    keys.signing_key(secret, SCOPE)
    assert sys.getrefcount(secret) == references
    assert secret not in repr(vars(keys))


def test_many_threads_get_the_same_keys() -> None:
    keys = SigningKeys(limit=3)
    secrets = [str(number % 7) for number in range(2_000)]
    with ThreadPoolExecutor(8) as pool:
        derived = list(pool.map(lambda secret: keys.signing_key(secret, SCOPE), secrets))
    assert derived == [derive(secret, SCOPE) for secret in secrets]
    assert len(keys) <= 3
