"""The condition keys that a request brings."""

from __future__ import annotations

import pytest

from carnet.access.request_context import HEADER_TEXT, request_keys, source_ip
from carnet.base.http import HttpRequest
from tests.services.world import START


def keys_of(*headers: tuple[str, str], region: str = "us-east-1") -> dict[str, object]:
    http = HttpRequest(method="GET", path="/", query="", headers=headers, body=b"", peer="192.0.2.1", secure=True)
    return dict(request_keys(http, region, START))


@pytest.mark.parametrize(("header", "key"), [("user-agent", "aws:UserAgent"), ("referer", "aws:Referer")])
@pytest.mark.parametrize("length", [0, 1, HEADER_TEXT - 1, HEADER_TEXT, HEADER_TEXT + 1, 60_000])
def test_conditions_see_the_beginning_of_a_long_header(header: str, key: str, length: int) -> None:
    text = ("ab" * 30_000)[:length]
    assert keys_of((header, text))[key] == text[: min(length, HEADER_TEXT)]


def test_a_header_that_is_absent_gives_no_key() -> None:
    assert keys_of().keys().isdisjoint(("aws:UserAgent", "aws:Referer"))


def test_a_region_that_is_not_known_gives_no_key() -> None:
    assert keys_of()["aws:RequestedRegion"] == "us-east-1"
    assert "aws:RequestedRegion" not in keys_of(region="")


@pytest.mark.parametrize(
    ("peer", "shown"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("/run/carnet.sock", "/run/carnet.sock"),
        ("", ""),
    ],
)
def test_the_address_of_the_caller_has_one_form(peer: str, shown: str) -> None:
    assert source_ip(peer) == shown
