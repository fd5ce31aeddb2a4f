"""RSA private keys of others: whether their numbers fit each other, found out without a search for primes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from carnet.base.rsa_numbers import numbers_fit
from tests.base.made_rsa_keys import Numbers, of_no_primes, own
from tests.saml import idp


def test_numbers_that_fit() -> None:
    assert numbers_fit(own().key())
    assert numbers_fit(idp.rsa_key("own"))


def test_nobody_looks_for_primes() -> None:
    assert numbers_fit(of_no_primes().key())


LARGE = 1 << 12_000
"""With a number of so many bits one use of a key takes long."""


@pytest.mark.parametrize(
    "change",
    [
        lambda good: {"n": good.n + 2},
        lambda good: {"p": good.q},
        lambda good: {"p": good.n, "q": 1},
        lambda good: {"p": good.p * LARGE},
        lambda good: {"d": good.d + 2},
        lambda good: {"d": good.d + (good.p - 1) * (good.q - 1) * LARGE},
        lambda good: {"e": 65539},
        lambda good: {"dmp1": good.dmp1 + (good.p - 1) * LARGE},
        lambda good: {"dmq1": good.dmq1 + (good.q - 1) * LARGE},
        lambda good: {"iqmp": good.iqmp + good.p * LARGE},
        lambda good: {"iqmp": good.iqmp + 1},
    ],
)
def test_numbers_that_do_not_fit(change: Callable[[Numbers], dict[str, int]]) -> None:
    good = own()
    assert not numbers_fit(replace(good, **change(good)).key())


def test_an_even_factor_is_none() -> None:
    q = own().q
    d = pow(65537, -1, 7 * (q - 1))
    even = Numbers(n=8 * q, e=65537, d=d, p=8, q=q, dmp1=d % 7, dmq1=d % (q - 1), iqmp=pow(q, -1, 8))
    assert not numbers_fit(even.key())
