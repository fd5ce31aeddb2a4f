"""When a signature counts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.timestamp import parse_http_date, parse_timestamp
from carnet.sigv4.verify import verify
from tests.sigv4.signing import NOW, USER, failure, find, presign, sign

SKEW = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("offset", [-SKEW, SKEW])
def test_clock_skew_at_the_bound_is_good(offset: timedelta) -> None:
    assert verify(sign(), service="iam", now=NOW + offset, find=find).credential is USER


def test_clock_skew_past_the_bound() -> None:
    assert failure(sign(), now=NOW + SKEW + SECOND) == (
        "SignatureDoesNotMatch",
        "Signature expired: 20240101T120000Z is now earlier than 20240101T120001Z (20240101T121501Z - 15 min.)",
    )
    assert failure(sign(), now=NOW - SKEW - SECOND) == (
        "SignatureDoesNotMatch",
        "Signature not yet current: 20240101T120000Z is still later than 20240101T115959Z (20240101T114459Z + 15 min.)",
    )


@pytest.mark.parametrize("expires", [1, 604_800])
def test_presigned_request_is_good_until_it_expires(expires: int) -> None:
    request, end = presign(expires=expires, service="iam"), NOW + timedelta(seconds=expires)
    assert verify(request, service="iam", now=end, find=find).presigned
    code, message = failure(request, service="iam", now=end + SECOND)
    assert (code, message[:18]) == ("SignatureDoesNotMatch", "Signature expired:")


@pytest.mark.parametrize("expires", ["1", "60", "604800", "0", "-1", "604801", "forever", ""])
def test_presigned_sts_is_good_for_15_minutes_whatever_it_says(expires: str) -> None:
    """Kubernetes' tokens say 60 seconds, and live as long as AWS lets them."""
    request = presign(expires=expires)
    assert f"X-Amz-Expires={expires}&" in request.query
    assert verify(request, service="sts", now=NOW + SKEW, find=find).presigned
    code, message = failure(request, service="sts", now=NOW + SKEW + SECOND)
    assert (code, message[:18]) == ("SignatureDoesNotMatch", "Signature expired:")


def test_presigned_request_of_the_future() -> None:
    assert verify(presign(), service="sts", now=NOW - SKEW, find=find).presigned
    assert failure(presign(), service="sts", now=NOW - SKEW - SECOND)[0] == "SignatureDoesNotMatch"


def test_http_date_and_iso_date_are_one_moment() -> None:
    signed = parse_timestamp("20240229T235959Z")
    assert parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT") == signed
    assert parse_http_date("Thu, 29 Feb 2024 23:59:59 -0000") == signed
    assert parse_http_date("20240229T235959Z") == signed
    assert signed.moment == datetime.fromisoformat("2024-02-29T23:59:59+00:00")


@pytest.mark.parametrize("date", ["Thu, 30 Feb 2024 23:59:59 GMT", "29 Feb 2024", "Thu, 29 Feb 2024 23:59:59 +0100"])
def test_dates_that_are_none(date: str) -> None:
    with pytest.raises(AuthFailure, match="Date must be in ISO-8601"):
        parse_http_date(date)
