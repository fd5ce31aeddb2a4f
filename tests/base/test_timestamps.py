"""Moments as AWS writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from carnet.base.timestamps import iso_seconds

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as hypothesis wants


@given(moment=MOMENTS, hours=st.integers(-12, 14))
def test_it_is_utc_to_the_second(moment: datetime, hours: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert iso_seconds(elsewhere) == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
