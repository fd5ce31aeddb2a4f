"""The buckets of an account, as ListBuckets answers them.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from itertools import islice
from typing import Any

from carnet.base.canonical_users import canonical_user_id
from carnet.base.faults import Refused
from carnet.directory.account_view import AccountView
from carnet.entities.bucket import Bucket, BucketState

MOST = 10_000
"""Buckets of one answer."""
_ASKS_FOR_MORE = ("MaxBuckets", "ContinuationToken", "Prefix", "BucketRegion")


def listed(view: AccountView, members: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's members: the account's own buckets, by name; those that are not made yet are none.

    Raises Refused for a token that no such answer had, and for an invalid number of buckets.
    """
    most = members.get("MaxBuckets", MOST)
    if not 1 <= most <= MOST:
        raise Refused("InvalidArgument", f"Argument max-buckets must be an integer between 1 and {MOST}")
    after, prefix, region = _read_token(members), members.get("Prefix") or "", members.get("BucketRegion")
    fitting = (
        bucket
        for bucket in view.of(Bucket).sorted()
        if bucket.state is BucketState.OWNED
        and bucket.name > after
        and bucket.name.startswith(prefix)
        and (region is None or bucket.region == region)
    )
    page = list(islice(fitting, most))
    answer: dict[str, Any] = {"Owner": {"ID": canonical_user_id(view.account.id)}}
    shows_region = any(members.get(name) is not None for name in _ASKS_FOR_MORE)
    answer["Buckets"] = [_bucket_members(bucket, shows_region=shows_region) for bucket in page]
    if prefix:
        answer["Prefix"] = prefix
    if next(fitting, None) is not None:
        answer["ContinuationToken"] = base64.urlsafe_b64encode(page[-1].name.encode()).decode()
    return answer


def _bucket_members(bucket: Bucket, *, shows_region: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"Name": bucket.name, "CreationDate": bucket.created}
    return shown | {"BucketRegion": bucket.region} if shows_region else shown


def _read_token(members: Mapping[str, Any]) -> str:
    token = members.get("ContinuationToken")
    if token is None:
        return ""
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise Refused("InvalidArgument", "The continuation token provided is incorrect") from None
