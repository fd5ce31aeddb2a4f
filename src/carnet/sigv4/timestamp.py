"""When a request was signed, and for how long that counts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.errors import incomplete, mismatch, shown

SKEW = timedelta(minutes=15)
"""How far the clocks of client and server may be apart, in both directions; exactly this far is still good."""

_BASIC = "%Y%m%dT%H%M%SZ"
_DATE_LIKE = re.compile(r"[0-9]{0,8}|[0-9]{2,8}[0-9TZ:+.-]{0,24}", re.ASCII)
_ISO_8601 = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:GMT|[+-]0000)",
    re.ASCII,
)


class Timestamp(NamedTuple):
    """A moment in UTC, and `text`, its ISO 8601 basic form, which is what was signed."""

    text: str
    moment: datetime


@lru_cache(maxsize=1024)
def parse_timestamp(text: str) -> Timestamp:
    """Read an X-Amz-Date, `20240101T000000Z`. Raises AuthFailure (IncompleteSignature)."""
    if not _ISO_8601.fullmatch(text):
        raise _not_basic(text)
    return Timestamp(text, _utc_datetime(text, text[:4], text[4:6], text[6:8], text[9:11], text[11:13], text[13:15]))


def parse_http_date(text: str) -> Timestamp:
    """Read a Date header, in X-Amz-Date's form or HTTP's (`Mon, 01 Jan 2024 00:00:00 GMT`)."""
    found = _HTTP_DATE.fullmatch(text)
    if not found:
        return parse_timestamp(text)
    day, month, year, hour, minute, second = found.groups()
    moment = _utc_datetime(text, year, str(1 + _MONTHS.index(month)), day, hour, minute, second)
    return Timestamp(basic(moment), moment)


def basic(moment: datetime) -> str:
    """ISO 8601 basic format, to the second."""
    return _basic(moment.replace(microsecond=0))


@lru_cache(maxsize=64)
def _basic(second: datetime) -> str:
    return second.strftime(_BASIC)


def untimely(signed: Timestamp, *, lifetime: timedelta, now: datetime) -> AuthFailure:
    """What is said (SignatureDoesNotMatch) before `signed - 15 min.` and after `signed + lifetime`."""
    latest, earliest = now + SKEW, now - lifetime
    if signed.moment > latest:
        return mismatch(
            f"Signature not yet current: {signed.text} is still later than {basic(latest)} "
            f"({basic(now)} + {_span(SKEW)})"
        )
    return mismatch(
        f"Signature expired: {signed.text} is now earlier than {basic(earliest)} ({basic(now)} - {_span(lifetime)})"
    )


def _utc_datetime(text: str, *parts: str) -> datetime:
    year, month, day, hour, minute, second = map(int, parts)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise _not_basic(text) from None


def _not_basic(text: str) -> AuthFailure:
    return incomplete(
        f"Date must be in ISO-8601 'basic format'. Got '{shown(text, _DATE_LIKE)}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


def _span(time: timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    return f"{minutes} min." if not seconds else f"{60 * minutes + seconds} sec."
