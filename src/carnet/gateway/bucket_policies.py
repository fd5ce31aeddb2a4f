"""The policies that take part in decisions on a bucket and what is in it: its bucket policy and its ACL.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from __future__ import annotations

from carnet.access.documents import bound_policy
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import Bucket
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import Principal


def bucket_in(snapshot: Snapshot, arn: str) -> Bucket | None:
    """The bucket that the ARN of a bucket or of an object names, pending or not."""
    return snapshot.named(Bucket, arn.partition("/")[0])


def policies_of_bucket(snapshot: Snapshot, bucket: Bucket, principal: Principal) -> tuple[ResourcePolicy, ...]:
    """Those of the bucket that count for what a principal asks."""
    if bucket.policy is None:
        return ()
    policy = bound_policy(bucket.policy, Grammar.RESOURCE, bucket.arn, bucket.principal_ids)
    return (ResourcePolicy(policy=policy, account=bucket.account),)
