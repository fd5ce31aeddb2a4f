"""The default encryption of a bucket with an AWS KMS key: reading it, answering it, and applying it to new objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.base.faults import Refused
from carnet.entities.bucket import Bucket, DefaultKey
from carnet.gateway.checks.check import Refused as NotMapped
from carnet.gateway.checks.check import Scope
from carnet.gateway.checks.services import kms
from carnet.gateway.s3_sentences import XML_MALFORMED

Members = Mapping[str, Any]

BY_KMS = "aws:kms"
_CONFIGURATION, _DEFAULT, _BUCKET_KEY = (
    "ServerSideEncryptionConfiguration",
    "ApplyServerSideEncryptionByDefault",
    "BucketKeyEnabled",
)
_BLOCKED, _NONE_BLOCKED = "BlockedEncryptionTypes", "NONE"
_OF_S3 = frozenset(("", "AES256"))
"""Algorithms with keys of Amazon S3's own; a rule may have none."""
_ENCRYPTED, KEY = "ServerSideEncryption", "SSEKMSKeyId"
MAKES = frozenset(("CopyObject", "CreateMultipartUpload", "PutObject"))
"""Operations that encrypt an object by the default of its bucket."""


def names_key(told: Members) -> bool:
    """Whether PutBucketEncryption, or the answer of GetBucketEncryption, names keys that are not Amazon S3's own."""
    return any(_algorithm(rule) not in _OF_S3 for rule in _rules(told))


def blocks_customer_keys(told: Members) -> bool:
    """Whether PutBucketEncryption is to refuse what is written with a customer's key.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
    """
    blocked = [(rule.get(_BLOCKED) or {}).get("EncryptionType") or [] for rule in _rules(told)]
    return any(one != _NONE_BLOCKED for each in blocked for one in each)


def _rules(told: Members) -> list[Members]:
    return (told.get(_CONFIGURATION) or {}).get("Rules") or []


def _algorithm(rule: Members) -> str:
    return str((rule.get(_DEFAULT) or {}).get("SSEAlgorithm") or "")


def read_key(told: Members, scope: Scope) -> DefaultKey | None:
    """The key; None if it is Amazon S3's own. `scope` is the bucket's: its Region, and the account that owns it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html
    Raises Refused for what is not decided here.
    """
    if not names_key(told):
        return None
    rules = _rules(told)
    if len(rules) != 1 or not _algorithm(rules[0]).startswith(BY_KMS):
        raise Refused("MalformedXML", XML_MALFORMED)
    (rule,) = rules
    if _algorithm(rule) != BY_KMS or rule.keys() - {_DEFAULT, _BUCKET_KEY}:
        raise Refused(
            "NotImplemented", "Not kept here: other default encryption of a bucket by a key than with aws:kms."
        )
    given = str(rule[_DEFAULT].get("KMSMasterKeyID") or "")
    if given:
        _key_arn_or_alias(scope, given)
    return DefaultKey(key=given, bucket_key=rule.get(_BUCKET_KEY) is True)


def _key_arn_or_alias(scope: Scope, given: str) -> str:
    """The key as requests name it: by its ARN, or by an alias, which belongs to the account of the request's caller."""
    try:
        named = kms.key(scope, given)
    except NotMapped as refused:
        raise Refused("InvalidArgument", f"{refused}. It is a key of the Region of the bucket.") from None
    return named.resource if isinstance(named.resource, str) else given


def scope_of(bucket: Bucket) -> Scope:
    return Scope(partition=bucket.partition, region=bucket.region, account=bucket.account)


def shown_key(key: DefaultKey) -> Members:
    """The answer of GetBucketEncryption."""
    named = {"KMSMasterKeyID": key.key} if key.key else {}
    rule = {_DEFAULT: {"SSEAlgorithm": BY_KMS, **named}, _BUCKET_KEY: key.bucket_key}
    return {_CONFIGURATION: {"Rules": [rule]}}


def named_by_default(bucket: Bucket, given: Members) -> Members:
    """What a request of MAKES does not say of encryption and the bucket's default does, as members of the request.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-bucket-key-object.html
    """
    default, algorithm = bucket.default_key, given.get(_ENCRYPTED)
    if default is None or given.get("SSECustomerAlgorithm") or algorithm not in (None, "", BY_KMS):
        return {}
    with_bucket_key = {_BUCKET_KEY: True} if given.get(_BUCKET_KEY, default.bucket_key) is True else {}
    if algorithm:
        return with_bucket_key
    if given.get(KEY):
        raise Refused(
            "InvalidArgument",
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms",
        )
    named = {KEY: _key_arn_or_alias(scope_of(bucket), default.key)} if default.key else {}
    return {_ENCRYPTED: BY_KMS, **named, **with_bucket_key}
