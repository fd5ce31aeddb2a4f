"""The three forms of a timestamp: ISO 8601, seconds since the epoch, and HTTP's date.

https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from carnet.base.timestamps import UNIX_EPOCH

ISO8601, EPOCH, HTTP_DATE = "iso8601", "unixTimestamp", "rfc822"

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)
_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT", re.ASCII)
_SECONDS_LENGTH = len("2024-01-02T03:04:05")
_JOB_DATES = ("JobCreationDate", "JobCompletionDate")
WITH_MILLISECONDS = frozenset(
    {
        *(("GetOrganizationsAccessReportResponse", name) for name in _JOB_DATES),
        *(("GetServiceLastAccessedDetailsResponse", name) for name in _JOB_DATES),
        *(("GetServiceLastAccessedDetailsWithEntitiesResponse", name) for name in _JOB_DATES),
        ("GetOpenIDConnectProviderResponse", "CreateDate"),
        ("GetWebIdentityTokenResponse", "Expiration"),
    }
)
"""What IAM and STS tell to the millisecond, as structure and member: every other moment of theirs has whole seconds.

No model says so: this is what AWS was recorded to answer.
"""


def read_iso8601(text: str) -> datetime:
    """`2024-01-02T03:04:05Z`, with a fraction or an offset if given; ValueError for anything else."""
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def read_epoch(seconds: float) -> datetime:
    """Seconds since 1970, to the microsecond; ValueError outside the years 1 to 9999."""
    try:
        return UNIX_EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError:
        raise ValueError(str(seconds)) from None


def read_http_date(text: str) -> datetime:
    """`Tue, 02 Jan 2024 03:04:05 GMT`; ValueError for anything else."""
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return parsedate_to_datetime(text)


def _read_epoch_text(text: str) -> datetime:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return read_epoch(float(text))


READERS: Mapping[str, Callable[[str], datetime]] = {
    ISO8601: read_iso8601,
    EPOCH: _read_epoch_text,
    HTTP_DATE: read_http_date,
}
"""From text to an aware datetime in UTC, by the model's name of the format; each raises ValueError."""


@lru_cache(maxsize=4096)
def write_iso8601(moment: datetime) -> str:
    """`2024-01-02T03:04:05Z`: whole seconds, as AWS writes them."""
    return _aware(moment).astimezone(UTC).isoformat()[:_SECONDS_LENGTH] + "Z"


def write_milliseconds(moment: datetime) -> str:
    """`2024-01-02T03:04:05.678Z`: always three decimals."""
    return _aware(moment).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def write_epoch_second(moment: datetime) -> int:
    """Whole seconds since 1970, as the query protocol answers in JSON."""
    return (_aware(moment) - UNIX_EPOCH) // timedelta(seconds=1)


def write_epoch(moment: datetime) -> float:
    """Seconds since 1970 with three decimals; an int if there are none."""
    milliseconds = (_aware(moment) - UNIX_EPOCH) // timedelta(milliseconds=1)
    return milliseconds / 1000 if milliseconds % 1000 else milliseconds // 1000


def write_http_date(moment: datetime) -> str:
    """`Tue, 02 Jan 2024 03:04:05 GMT`."""
    return format_datetime(_aware(moment).astimezone(UTC), usegmt=True)


WRITERS: Mapping[str, Callable[[datetime], str | float]] = {
    ISO8601: write_iso8601,
    EPOCH: write_epoch,
    HTTP_DATE: write_http_date,
}
"""From an aware datetime; each raises ValueError for one without a time zone and TypeError for what is none."""

TEXT_WRITERS: Mapping[str, Callable[[datetime], str]] = {
    ISO8601: write_iso8601,
    EPOCH: lambda moment: str(write_epoch(moment)),
    HTTP_DATE: write_http_date,
}


def _aware(moment: datetime) -> datetime:
    if not isinstance(moment, datetime):
        raise TypeError(f"a datetime is wanted, not {moment!r}")
    if moment.tzinfo is None:
        raise ValueError(f"a timestamp needs a time zone: {moment}")
    return moment
