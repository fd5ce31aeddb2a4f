"""What buckets and objects can be told to be, as requests that write it, read it, and take it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

KEY = "kept"
"""The object that settings of objects are put on."""


class Setting(Struct, frozen=True, kw_only=True):
    """One setting. `of` holds the members that name what it is of, beside the bucket."""

    of: Mapping[str, Any] = {}
    put: str
    given: Mapping[str, Any]
    get: str
    shows: Mapping[str, Any]
    """What an answer to `get` holds after `put`, among other things. It holds that at no other time."""
    lists: str = ""
    """What shows the same among others of its kind; empty if there is no such operation."""
    delete: str = ""
    locked: bool = False
    """Whether it needs a bucket that was made with object lock."""


_TAGS = {"TagSet": [{"Key": "carnet", "Value": "probe"}]}
_RULE = {"ID": "probe", "Status": "Enabled", "Filter": {"Prefix": "probe/"}, "Expiration": {"Days": 7}}
_CORS = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://carnet.example"]}
_SSE = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
_ID = {"Id": "probe"}


def _by_id(kind: str, member: str, value: Mapping[str, Any]) -> Setting:
    """One of the configurations of which a bucket may have many, each with an id."""
    configuration = {member: {**_ID, **value}}
    return Setting(
        of=_ID,
        put=f"PutBucket{kind}Configuration",
        given=configuration,
        get=f"GetBucket{kind}Configuration",
        shows={member: _ID},
        lists=f"ListBucket{kind}Configurations",
        delete=f"DeleteBucket{kind}Configuration",
    )


SETTINGS = (
    Setting(
        put="PutBucketTagging",
        given={"Tagging": _TAGS},
        get="GetBucketTagging",
        shows=_TAGS,
        delete="DeleteBucketTagging",
    ),
    Setting(
        put="PutBucketCors",
        given={"CORSConfiguration": {"CORSRules": [_CORS]}},
        get="GetBucketCors",
        shows={"CORSRules": [_CORS]},
        delete="DeleteBucketCors",
    ),
    Setting(
        put="PutBucketLifecycleConfiguration",
        given={"LifecycleConfiguration": {"Rules": [_RULE]}},
        get="GetBucketLifecycleConfiguration",
        shows={"Rules": [{"ID": "probe", "Expiration": {"Days": 7}}]},
        delete="DeleteBucketLifecycle",
    ),
    Setting(
        put="PutBucketWebsite",
        given={"WebsiteConfiguration": {"IndexDocument": {"Suffix": "probe.html"}}},
        get="GetBucketWebsite",
        shows={"IndexDocument": {"Suffix": "probe.html"}},
        delete="DeleteBucketWebsite",
    ),
    Setting(
        put="PutBucketEncryption",
        given={"ServerSideEncryptionConfiguration": _SSE},
        get="GetBucketEncryption",
        shows={"ServerSideEncryptionConfiguration": _SSE},
        delete="DeleteBucketEncryption",
    ),
    Setting(
        put="PutBucketAccelerateConfiguration",
        given={"AccelerateConfiguration": {"Status": "Enabled"}},
        get="GetBucketAccelerateConfiguration",
        shows={"Status": "Enabled"},
    ),
    Setting(
        put="PutBucketRequestPayment",
        given={"RequestPaymentConfiguration": {"Payer": "Requester"}},
        get="GetBucketRequestPayment",
        shows={"Payer": "Requester"},
    ),
    Setting(
        put="PutBucketNotificationConfiguration",
        given={"NotificationConfiguration": {"EventBridgeConfiguration": {}}},
        get="GetBucketNotificationConfiguration",
        shows={"EventBridgeConfiguration": {}},
    ),
    _by_id("Analytics", "AnalyticsConfiguration", {"StorageClassAnalysis": {}}),
    _by_id("Metrics", "MetricsConfiguration", {}),
    _by_id(
        "IntelligentTiering",
        "IntelligentTieringConfiguration",
        {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]},
    ),
    _by_id(
        "Inventory",
        "InventoryConfiguration",
        {
            "IsEnabled": False,
            "IncludedObjectVersions": "Current",
            "Schedule": {"Frequency": "Weekly"},
            "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::carnet-probe", "Format": "CSV"}},
        },
    ),
    Setting(
        of={"Key": KEY},
        put="PutObjectTagging",
        given={"Tagging": _TAGS},
        get="GetObjectTagging",
        shows=_TAGS,
        delete="DeleteObjectTagging",
    ),
    Setting(
        put="PutObjectLockConfiguration",
        given={
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
            }
        },
        get="GetObjectLockConfiguration",
        shows={"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}},
        locked=True,
    ),
    Setting(
        of={"Key": KEY},
        put="PutObjectLegalHold",
        given={"LegalHold": {"Status": "ON"}},
        get="GetObjectLegalHold",
        shows={"LegalHold": {"Status": "ON"}},
        locked=True,
    ),
)
