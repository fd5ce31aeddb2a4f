"""For how many days a request locks an object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-retention-limits
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from carnet.gateway.checks.members import structure
from carnet.gateway.s3.call import S3Call
from carnet.policy.request import Value

REMAINING_DAYS = "s3:object-lock-remaining-retention-days"
_DAY = timedelta(days=1)


def remaining_days(call: S3Call) -> Mapping[str, Value]:
    """The condition key, if the request says until when: whole days from now on, of which the last has begun."""
    given = call.given
    until = structure(given, "Retention").get("RetainUntilDate") or given.get("ObjectLockRetainUntilDate")
    if not isinstance(until, datetime):
        return {}
    return {REMAINING_DAYS: str(-((call.arrived.time - until) // _DAY))}
