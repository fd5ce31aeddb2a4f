"""Objects of Amazon S3 that another service reads in the name of its caller: the code of a function.

https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
"""

from __future__ import annotations

from carnet.base.faults import Refused
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import ObjectOwnership
from carnet.gateway.answers import NOT_SENT
from carnet.gateway.buckets.bucket_tags import tagged
from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.call import Call
from carnet.gateway.checks.check import Check
from carnet.gateway.deciding import Resolved
from carnet.protocols.errors import WireError

S3 = "s3:"
_NO_BUCKET = (
    "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"
)


def object_read(snapshot: Snapshot, call: Call, check: Check) -> Resolved:
    """The check with the account that owns the bucket.

    Raises WireError for a bucket that nobody owns here, and for one with ACLs: only HeadObject would show who owns an
    object in it.
    """
    assert isinstance(check.resource, str), "what is in S3 is named by its ARN"
    try:
        bucket = owned_bucket(snapshot, check.resource)
    except Refused:
        raise WireError("InvalidParameterValueException", _NO_BUCKET, call.operation) from None
    if bucket.ownership is not ObjectOwnership.ENFORCED:
        raise WireError("NotImplemented", f"{NOT_SENT}: the bucket {bucket.name} has ACLs.", call.operation)
    return tagged(snapshot, Resolved(check, check.resource, bucket.account))
