"""One-time codes against the vectors of RFC 6238 and RFC 4226."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from carnet.identity.totp import code_of, find_step, step_at

SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    """Their last six digits. https://www.rfc-editor.org/rfc/rfc6238#appendix-B"""
    assert code_of(SEED, step_at(datetime.fromtimestamp(seconds, UTC))) == code


def test_a_step_lasts_for_30_seconds() -> None:
    assert [step_at(datetime.fromtimestamp(seconds, UTC)) for seconds in (59, 60, 89.999, 90)] == [1, 2, 2, 3]


def test_codes_are_found_by_their_steps() -> None:
    """https://www.rfc-editor.org/rfc/rfc4226#appendix-D"""
    steps = range(10)
    assert find_step(SEED, ("969429",), steps) == 3
    assert find_step(SEED, ("969429", "338314"), steps) == 4
    assert find_step(SEED, ("338314", "969429"), steps) is None
    assert find_step(SEED, ("969429",), range(4, 10)) is None


@pytest.mark.parametrize("code", ["", "96942", "9694290", "９６９４２９", "969429\n"])
def test_what_only_looks_like_a_code_is_none(code: str) -> None:
    assert find_step(SEED, (code,), range(10)) is None
